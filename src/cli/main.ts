import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { EXIT } from './exit-code.js';
import { paintFor } from './paint.js';
import { run } from './program.js';
import { endWith, thisProcess } from './this-process.js';

await endWith(async () => {
  try {
    return await run(process.argv.slice(2), thisProcess, paintFor(process.stdout), versionOf());
  } catch (error) {
    // Commander has said what was wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.yes : EXIT.unknown;
    throw error;
  }
});

function versionOf(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}
