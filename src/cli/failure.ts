import { EXIT, type ExitCode } from './exit-code.js';
import { printable } from './printable.js';

/** Why there is no answer, in words for the person at the terminal. Ends a command with the exit status for unknown. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    message: string,
    /** Further lines, each one thing that is wrong. */
    readonly details: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Runs the command; a Failure of it is told, line by line, and comes to the exit status for unknown. */
export async function orUnknown(command: () => Promise<ExitCode>, tell: (line: string) => void): Promise<ExitCode> {
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    [`assay: ${error.message}`, ...error.details].map(printable).forEach(tell);
    return EXIT.unknown;
  }
}
