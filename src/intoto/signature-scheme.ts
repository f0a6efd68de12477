/**
 * How a signature over the PAE was made: algorithm by its JOSE name, and for ECDSA the encoding of the signature.
 * The scheme belongs to the registered key, never to the envelope.
 */
export const SIGNATURE_SCHEMES = [
  'ES256/der',
  'ES256/ieee-p1363',
  'ES384/der',
  'ES384/ieee-p1363',
  'ES512/der',
  'ES512/ieee-p1363',
  'EdDSA',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const;
export type SignatureScheme = (typeof SIGNATURE_SCHEMES)[number];
