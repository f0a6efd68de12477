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
