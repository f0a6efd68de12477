import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, type ExitCode } from './exit-code.js';
import { orUnknown } from './failure.js';
import type { Surroundings } from './surroundings.js';

/** The process itself. */
export const thisProcess: Surroundings = {
  env: process.env,
  stdin: process.stdin,
  print: (line) => process.stdout.write(`${line}\n`),
  write: (bytes) => process.stdout.write(bytes),
  warn: (line) => process.stderr.write(`${line}\n`),
  now: Date.now,
  sleep,
};

/**
 * Ends the process with the exit status that the command comes to. Whatever else ends it does so with the one for
 * unknown: 1 says no here, and would be what Node ends with on a fault.
 */
export async function endWith(command: () => Promise<ExitCode>): Promise<void> {
  process.exitCode = EXIT.unknown;
  process.on('uncaughtException', (error) => {
    console.error(error);
    process.exit(EXIT.unknown);
  });
  // A reader that has seen enough, such as head, is no fault; but what it did not take was not answered either.
  process.stdout.on('error', () => process.exit(EXIT.unknown));
  process.exitCode = await orUnknown(command, thisProcess.warn);
}
