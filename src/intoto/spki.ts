/** What a SubjectPublicKeyInfo (RFC 5280, 4.1) says around the key: as bytes, uninterpreted. */
export interface SubjectPublicKeyInfo {
  /** Tag of the algorithm's parameters, or null where there are none: 0x06 is an object identifier, 0x30 a sequence. */
  readonly parametersTag: number | null;
  /** The key's own structure: for RSA an RSAPublicKey (RFC 8017, A.1.1). */
  readonly publicKey: Buffer;
}

/** Reads the outer structure of DER that OpenSSL has already accepted as a SubjectPublicKeyInfo. Throws where it is none. */
export function readSubjectPublicKeyInfo(der: Buffer): SubjectPublicKeyInfo {
  const [info] = elements(der);
  const [algorithm, bits] = elements(info?.content);
  const [, parameters] = elements(algorithm?.content);
  // The first byte of a bit string counts its unused bits, of which a key has none.
  if (bits === undefined) throw new Error('not a SubjectPublicKeyInfo');
  return { parametersTag: parameters?.tag ?? null, publicKey: bits.content.subarray(1) };
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

function elements(der: Buffer | undefined): Element[] {
  const found: Element[] = [];
  for (let at = 0; der !== undefined && at < der.length;) {
    const tag = der.readUInt8(at);
    const short = der.readUInt8(at + 1);
    // Up to 127 the length is this byte; beyond, this byte says how many hold it.
    const sizeOfLength = short < 0x80 ? 0 : short - 0x80;
    const length = sizeOfLength === 0 ? short : der.readUIntBE(at + 2, sizeOfLength);
    const start = at + 2 + sizeOfLength;
    found.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
