/** Characters of an id, a package or a version: whatever a scanner writes, a message stays short. */
const LONGEST = 80;

/** Text of unknown origin and length, as a message holds it: no longer than this many characters. */
export function cut(text: string, longest = LONGEST): string {
  return text.length <= longest ? text : `${text.slice(0, longest).toWellFormed()}…`;
}
