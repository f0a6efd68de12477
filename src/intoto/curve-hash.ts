import type { SignatureScheme } from './signature-scheme.js';

/** The curves whose keys are often used with another hash than the one that belongs to them. */
const HASHES = [
  ['ES384', 'P-384', 'SHA-384'],
  ['ES512', 'P-521', 'SHA-512'],
] as const;

/**
 * What to say to people about a signature that does not verify by a key of these schemes: by which hash it was tried, where
 * signers are known to take SHA-256 whatever the curve. ECDSA belongs to the hash of its curve (RFC 7518, 3.4), and trying
 * another would let a signer choose a weaker one. Empty where there is nothing to say.
 */
export function curveHashNote(schemes: readonly SignatureScheme[]): string {
  const notes = HASHES.filter(([algorithm]) => schemes.some((scheme) => scheme.startsWith(algorithm))).map(
    ([, curve, hash]) => `ECDSA on ${curve} is verified with ${hash} (RFC 7518, 3.4), not with SHA-256`,
  );
  return notes.map((note) => `; ${note}`).join('');
}
