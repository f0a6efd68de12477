/** What the command's exit status says. No other status is given, so that a script can rely on each of them. */
export const EXIT = {
  /** Verified, allowed, stored: the answer is yes. */
  yes: 0,
  /** Rejected, denied: the answer is no. */
  no: 1,
  /** There is no answer: the service was not reached, failed, or did not understand the request. */
  unknown: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit status over several answers: one no makes the whole a no, and without one, one unknown leaves it unknown. */
export function overall(codes: readonly ExitCode[]): ExitCode {
  if (codes.includes(EXIT.no)) return EXIT.no;
  return codes.includes(EXIT.unknown) ? EXIT.unknown : EXIT.yes;
}
