import type { AttestationId } from '../intoto/digest.js';
import type { ProvedCertificate, ProvedKey, ProvedSigner } from '../intoto/proved-signer.js';
import type { Thumbprint } from '../intoto/thumbprint.js';

export type { Thumbprint } from '../intoto/thumbprint.js';

declare const brand: unique symbol;

/** Names a signer, whichever signature is looked at: a key by its thumbprint, a certificate by whom it names. */
export type SignerId = string & { readonly [brand]: 'SignerId' };

/** When a signature was received and made, as far as anybody but the signer shows it. */
interface Dated {
  /** When this service received the first evidence that carries this signature; RFC 3339. */
  readonly receivedAt: string;
  /** When it received the last such evidence, where it came more than once; RFC 3339. */
  readonly lastReceivedAt?: string | undefined;
  /** The first evidence received that carries this signature, where it was read from what is on record. */
  readonly attestation?: AttestationId | undefined;
  /**
   * The earliest of `times`, whether or not whoever vouches for it is trusted today; null where there is none. Evidence
   * ages by it, so that trust which goes away makes nothing younger. Whether a signer counts is judged by
   * `Authority.provenAt` instead.
   */
  readonly provenAt: string | null;
}

/** By how much the clock of whoever vouches for a time may be ahead of this service's, in milliseconds. */
export const CLOCK_SKEW = 5 * 60_000;

/** A signature by a known key. */
export interface KeySigner extends ProvedKey, Dated {}

/** A signature by the key of a certificate. */
export interface CertificateSigner extends ProvedCertificate, Dated {}

/**
 * Who made one signature, as mathematics shows it and nothing more. It is recorded with the verification and never
 * changes; whether it counts is resolved by trust each time facts are read.
 */
export type Signer = KeySigner | CertificateSigner;

/** What evidence carries a signature, and when it was received; RFC 3339. */
export type Receipt = Pick<Dated, 'receivedAt' | 'lastReceivedAt' | 'attestation'>;

/** What mathematics shows of a signature, with its receipt. */
export function signerOf(proved: ProvedSigner, receipt: Receipt): Signer {
  const provenAt = earliest(proved.times.map(({ at }) => at));
  const { receivedAt, lastReceivedAt, attestation } = receipt;
  return { ...proved, receivedAt, lastReceivedAt, attestation, provenAt };
}

const SUBJECT_PREFIX = 'subject:';

/**
 * Who signed: a key's thumbprint, or for a certificate whom it names, since its key may be made for one signature alone.
 * Two certificates for one holder are one signer; a certificate is never the same signer as a key.
 */
export function signerIdOf(signer: ProvedSigner): SignerId {
  if (signer.type === 'key') return keySignerId(signer.thumbprint);
  const { issuer, subjects } = signer.identity;
  return identitySignerId(issuer, subjects[0] ?? '');
}

/** The signer that a key is. */
export function keySignerId(thumbprint: Thumbprint): SignerId {
  return thumbprint as string as SignerId;
}

/**
 * Everything by which a signer may be known: a key by its thumbprint; a certificate by each of its subjects, and by the thumbprint
 * of its key, which may have signed without it. Whoever shares one of them is the same signer.
 */
export function signerNames(signer: ProvedSigner): readonly SignerId[] {
  const ofKey = keySignerId(signer.thumbprint);
  if (signer.type === 'key') return [ofKey];
  const { issuer, subjects } = signer.identity;
  return [...subjects.map((subject) => identitySignerId(issuer, subject)), ofKey];
}

/** The signer that certificates for this subject of this issuer are; the issuer is null where there is none. */
export function identitySignerId(issuer: string | null, subject: string): SignerId {
  // JSON keeps the two apart; the prefix keeps them apart from thumbprints.
  return `${SUBJECT_PREFIX}${JSON.stringify([issuer, subject])}` as SignerId;
}

/** Whether a text names a signer, beside names of attestors and people. */
export function isSignerId(text: string): text is SignerId {
  return text.startsWith('sha256:') || text.startsWith(SUBJECT_PREFIX);
}

function earliest(times: readonly string[]): string | null {
  return times.reduce<string | null>(
    (first, time) => (first === null || Date.parse(time) < Date.parse(first) ? time : first),
    null,
  );
}
