import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT, type ExitCode } from './exit-code.js';
import { Failure } from './failure.js';

/** Runs a part of this package that needs no service, with a command line that was read already. */
export type StartComposition = (
  name: 'policy-test' | 'policy-explain' | 'audit-verify',
  words: readonly string[],
) => Promise<ExitCode>;

/**
 * Starts it as a process of its own, beside the built command and on the same terminal: the command itself knows nothing of
 * how policies are evaluated. Rejects with Failure where it cannot be started.
 */
export const startComposition: StartComposition = (name, words) =>
  new Promise((resolve, reject) => {
    const main = fileURLToPath(new URL(`../${name}.js`, import.meta.url));
    const child = spawn(process.execPath, ['--enable-source-maps', main, ...words], { stdio: 'inherit' });
    child.on('error', (cause) => {
      reject(new Failure(`assay ${name.replace('-', ' ')} cannot be started: ${cause.message}`, [], { cause }));
    });
    child.on('exit', (code) => {
      resolve(code === EXIT.yes || code === EXIT.no ? code : EXIT.unknown);
    });
  });
