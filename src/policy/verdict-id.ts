const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text could be the id under which a verdict stands on record. */
export function isVerdictId(text: string): boolean {
  return UUID.test(text);
}

/**
 * The id of a verdict given at a moment: a UUID of version 7 (RFC 9562, section 5.7), so that ids of a time stand together.
 *
 * @param random ten bytes, which make it unlike all others of its millisecond.
 */
export function verdictIdAt(moment: Date, random: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(moment.getTime(), 0, 6);
  bytes.set(random.subarray(0, 10), 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
