const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
/** PKIStatusInfo: granted (RFC 3161, 2.4.2). Nobody signs it, so that whoever has the token may write it. */
const GRANTED = Buffer.from([SEQUENCE, 3, 2, 1, 0]);

/**
 * An RFC 3161 timestamp as the TimeStampResp (2.4.2) that an authority answers with: as it is, or with the status added where
 * it is the token alone, a ContentInfo (RFC 5652, 3), which begins with an object identifier. What is neither is left as
 * it is. What the token says and who signed it is not looked at.
 */
export function timestampResponse(der: Buffer): Buffer {
  const sizeOfLength = (der[1] ?? 0) < 0x80 ? 0 : (der[1] ?? 0) - 0x80;
  const isToken = der[0] === SEQUENCE && der[2 + sizeOfLength] === OBJECT_IDENTIFIER;
  return isToken ? Buffer.concat([sequenceHeader(GRANTED.length + der.length), GRANTED, der]) : der;
}

function sequenceHeader(length: number): Buffer {
  if (length < 0x80) return Buffer.from([SEQUENCE, length]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  const significant = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([SEQUENCE, 0x80 + significant.length]), significant]);
}
