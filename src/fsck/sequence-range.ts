/** Places of the account from the first to the last, in words. */
export function sequenceRange(first: number, last: number): string {
  return first === last ? `sequence ${first}` : `sequences ${first} to ${last}`;
}
