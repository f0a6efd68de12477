/**
 * Milliseconds since the epoch of an RFC 3339 time, or what stands for an absent one.
 *
 * @throws RangeError where the text is not a time.
 */
export function epochOf(time: string): number;
export function epochOf(time: string | null, absent: number): number;
export function epochOf(time: string | null, absent = NaN): number {
  if (time === null) return absent;
  const epoch = Date.parse(time);
  if (Number.isNaN(epoch)) throw new RangeError(`not a time: ${JSON.stringify(time)}`);
  return epoch;
}
