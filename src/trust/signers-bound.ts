import type { ProvedSigner } from '../intoto/proved-signer.js';
import { signerNames, type SignerId } from './signer.js';

/**
 * Whom an act on an attestation binds: everybody whom any of its examinations proved to have signed, by all their names; null,
 * whoever signed, where nobody was proved or a signature is left that nobody known has made.
 *
 * @param gains of the last examination that found out what was signed; null where none did.
 */
export function signersBound(
  proved: readonly ProvedSigner[],
  gains: readonly string[] | null,
): readonly SignerId[] | null {
  const signers = [...new Set(proved.flatMap(signerNames))];
  const strangers = gains?.some((cause) => cause.startsWith('key:')) === true;
  return signers.length === 0 || strangers ? null : signers;
}
