/**
 * What stands before the body in DSSE's pre-authentication encoding (DSSE v1.0.2):
 * `DSSEv1 <length of type> <type> <length of body> `, lengths in bytes of UTF-8, decimal.
 *
 * Hash this and then the body where only a digest is wanted; a large body need not be copied for it.
 */
export function paeHeader(payloadType: string, bodyLength: number): Buffer {
  return Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${bodyLength} `);
}

/** The pre-authentication encoding in one piece: the bytes that are signed. */
export function pae(payloadType: string, body: Uint8Array): Buffer {
  return Buffer.concat([paeHeader(payloadType, body.length), body]);
}
