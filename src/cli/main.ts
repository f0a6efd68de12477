import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit-code.js';
import { Failure } from './failure.js';
import { paintFor } from './paint.js';
import { printable } from './printable.js';
import { run } from './program.js';

// Whatever ends this process without an answer must not look like one: 1 says no, and is what Node ends with on a fault.
process.exitCode = EXIT.unknown;
process.on('uncaughtException', (error) => {
  console.error(error);
  process.exit(EXIT.unknown);
});
// A reader that has seen enough, such as head, is no fault; but what it has not seen was not answered either.
process.stdout.on('error', () => process.exit(EXIT.unknown));

process.exitCode = await codeOf(process.argv.slice(2));

async function codeOf(words: readonly string[]): Promise<ExitCode> {
  const surroundings = {
    env: process.env,
    stdin: process.stdin,
    print: (line: string) => process.stdout.write(`${line}\n`),
    write: (bytes: Uint8Array) => process.stdout.write(bytes),
    warn: (line: string) => process.stderr.write(`${line}\n`),
    now: Date.now,
    sleep,
  };
  try {
    return await run(words, surroundings, paintFor(process.stdout), versionOf());
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.yes : EXIT.unknown;
    if (!(error instanceof Failure)) throw error;
    [`assay: ${error.message}`, ...error.details].map(printable).forEach(surroundings.warn);
    return EXIT.unknown;
  }
}

function versionOf(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}
