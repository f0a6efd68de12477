/**
 * The text with every character made visible that could move a cursor, change colours or reverse the direction of what
 * follows. Names and messages come from evidence that anybody may have written, and end in a terminal or a build log.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/** The first twelve digits of a digest: enough to recognise it beside a list that holds the whole. */
export function shortDigest(digest: string): string {
  const [algorithm = '', value] = digest.split(':', 2);
  return printable(value === undefined ? digest : `${algorithm}:${value.slice(0, 12)}`);
}
