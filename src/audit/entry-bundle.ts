/**
 * The leaves of an entry bundle, each behind its length in two bytes, big-endian (C2SP tlog-tiles); where it does not hold exactly
 * `width` of them and nothing else, what it is instead.
 */
export function readEntryBundle(bytes: Buffer, width: number): readonly Buffer[] | { readonly fault: string } {
  const leaves: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const begin = at + 2;
    const end = begin > bytes.length ? Infinity : begin + bytes.readUInt16BE(at);
    if (end > bytes.length) return { fault: 'ends within an entry' };
    leaves.push(bytes.subarray(begin, end));
    at = end;
  }
  return leaves.length === width ? leaves : { fault: `holds ${leaves.length} entries, not ${width}` };
}
