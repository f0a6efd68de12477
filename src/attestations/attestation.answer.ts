import { z } from 'zod';
import { KINDS } from '../intoto/predicate-kind.js';
import type { AttestationRow, VerificationRow } from './attestation.store.js';

const digest = z.string().describe('`algorithm:value`, lower-case hex; images are named by sha256');
const time = z.iso.datetime().describe('RFC 3339, UTC');

export const signerAnswer = z.object({
  attestor: z.string().nullable().describe('null where the key belongs to no attestor'),
  keyId: z.string().nullable(),
  identity: z.string().nullable(),
  signedAt: time.nullable().describe('A signing time proved by somebody other than the signer'),
});

export const verificationAnswer = z.object({
  outcome: z.enum(['verified', 'rejected', 'error']),
  code: z.string().nullable().describe('Why it was rejected; null where it is verified'),
  detail: z.string().nullable(),
  at: time,
  signers: z.array(signerAnswer),
});

export const attestationAnswer = z.object({
  id: z.string().describe('sha256 of the bytes as received'),
  status: z.enum(['pending', 'verified', 'rejected']),
  receivedAt: time,
  receivedBy: z.string(),
  predicateType: z.string().nullable(),
  kind: z.enum(KINDS),
  subjects: z.array(z.object({ name: z.string().nullable(), digest })),
  verification: verificationAnswer.nullable(),
  history: z.object({
    entry: z.string(),
    sequence: z
      .number()
      .int()
      .nullable()
      .describe('null until the sequencer has placed the entry, within a second or so'),
  }),
});
export type AttestationAnswer = z.infer<typeof attestationAnswer>;

export const attestationWithFactsAnswer = attestationAnswer.extend({
  facts: z.array(z.object({ kind: z.enum(KINDS), ownTime: time.nullable(), content: z.unknown() })),
});
export type AttestationWithFactsAnswer = z.infer<typeof attestationWithFactsAnswer>;

/** The attestation as clients see it. */
export function toAnswer(row: AttestationRow): AttestationAnswer {
  return {
    id: row.id,
    status: statusOf(row.verification),
    receivedAt: row.receivedAt.toISOString(),
    receivedBy: row.receivedBy,
    predicateType: row.predicateType,
    kind: row.kind,
    subjects: row.subjects.map(({ name, digest: value }) => ({ name, digest: value })),
    verification:
      row.verification === null
        ? null
        : {
            outcome: row.verification.outcome,
            code: row.verification.code,
            detail: row.verification.detail,
            at: row.verification.at.toISOString(),
            signers: row.verification.signers.map(({ attestor, keyId, identity, signedAt }) => ({
              attestor,
              keyId,
              identity,
              signedAt,
            })),
          },
    history: { entry: row.entry, sequence: row.sequence },
  };
}

/** Pending is the absence of a verification; an examination that could not find out is no better than a rejection. */
export function statusOf(verification: VerificationRow | null): 'pending' | 'verified' | 'rejected' {
  if (verification === null) return 'pending';
  return verification.outcome === 'verified' ? 'verified' : 'rejected';
}
