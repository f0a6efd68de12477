/**
 * The value as JSON with the members of every object in the order of their names, without white space: the same text for the
 * same value, whatever order it was read or built in. Like RFC 8785 for values without numbers beyond integers.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
