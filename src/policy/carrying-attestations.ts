import type { Fact } from '../facts/fact.js';
import type { AttestationId } from '../intoto/digest.js';
import type { Signer } from '../trust/signer.js';

/**
 * The attestation that a verdict names for a fact: of those that carry a signature of one of `signers` the one received first.
 * One statement may have come in several, and the first of them may bear the signature of somebody who does not count.
 */
export function attestationBy(fact: Fact, signers: readonly Signer[]): AttestationId {
  const [first] = signers
    .flatMap(({ attestation, receivedAt }) => (attestation === undefined ? [] : [{ attestation, receivedAt }]))
    .sort((a, b) => ordered(a.receivedAt, b.receivedAt) || ordered(a.attestation, b.attestation));
  return first?.attestation ?? fact.attestation;
}

/** Every attestation by which a verdict may name a fact: each holds one statement, so that none is another fact's. */
export function attestationsOf(fact: Fact): readonly AttestationId[] {
  const signed = fact.signers.flatMap(({ attestation }) => attestation ?? []);
  return [...new Set([fact.attestation, ...signed])].sort();
}

function ordered(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
