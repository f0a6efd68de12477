import { z } from 'zod';
import { KINDS } from '../intoto/predicate-kind.js';
import { earliestVouched, type ProvedSigner } from '../intoto/proved-signer.js';
import type { AttestationRow, FactRow, Preview, VerificationRow } from './attestation.store.js';
import type { Submission } from './submission.js';

const digest = z.string().describe('`algorithm:value`, lower-case hex; images are named by sha256');
const time = z.iso.datetime().describe('RFC 3339, UTC');

const identityAnswer = z.object({
  id: z.string().nullable().describe('The id of the identity within the attestor; null where it belongs to none'),
  issuer: z
    .string()
    .nullable()
    .describe('The OIDC issuer that knew the holder; null where no Fulcio issued the certificate'),
  subjects: z.array(z.string()).describe('The subject alternative names of the certificate'),
  claims: z
    .record(z.string(), z.string())
    .describe('What the certificate says further, by the names identities ask by'),
});

export const signerAnswer = z.object({
  attestor: z.string().nullable().describe('null where the signer belongs to no attestor'),
  keyId: z.string().nullable().describe('The id of the key within the attestor; null where a certificate signed'),
  identity: identityAnswer.nullable().describe('Whom the certificate names; null where a bare key signed'),
  signedAt: time.nullable().describe('A signing time proved by somebody other than the signer'),
  counts: z
    .boolean()
    .describe('Whether it could count when it was verified; whether it does is for each verdict to say'),
});
type SignerAnswer = z.infer<typeof signerAnswer>;

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
  dropped: z
    .object({ at: time, rule: z.string().describe('By which rule, such as `scan:400d`') })
    .nullable()
    .describe('Since when retention no longer keeps the bytes as received; null while they are stored'),
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
  history: attestationAnswer.shape.history.extend({
    proof: z
      .string()
      .nullable()
      .describe(
        'That the entry is in the log (C2SP tlog-proof), with its leaf as the extra line; null until it is sealed',
      ),
  }),
  facts: z.array(z.object({ kind: z.enum(KINDS), ownTime: time.nullable(), content: z.unknown() })),
});
export type AttestationWithFactsAnswer = z.infer<typeof attestationWithFactsAnswer>;

export const previewAnswer = attestationWithFactsAnswer
  .pick({ id: true, status: true, predicateType: true, kind: true, subjects: true, verification: true, facts: true })
  .extend({ dryRun: z.literal(true).describe('Nothing was stored') });
export type PreviewAnswer = z.infer<typeof previewAnswer>;

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
    verification: row.verification === null ? null : toVerificationAnswer(row.verification),
    dropped: row.dropped === null ? null : { at: row.dropped.at.toISOString(), rule: row.dropped.rule },
    history: { entry: row.entry, sequence: row.sequence },
  };
}

/** Pending is the absence of a verification; an examination that could not find out is no better than a rejection. */
export function statusOf(verification: VerificationRow | null): 'pending' | 'verified' | 'rejected' {
  if (verification === null) return 'pending';
  return verification.outcome === 'verified' ? 'verified' : 'rejected';
}

/** What evidence would come to, as clients see it. */
export function toPreviewAnswer(submission: Submission, { verification, facts }: Preview): PreviewAnswer {
  return {
    id: submission.id,
    dryRun: true,
    status: statusOf(verification),
    predicateType: submission.claimedPredicateType,
    kind: submission.claimedKind,
    subjects: submission.claimedSubjects.map(({ name, digest: value }) => ({ name, digest: value })),
    verification: toVerificationAnswer(verification),
    facts: facts.map(toFactAnswer),
  };
}

/** A fact as clients see it. */
export function toFactAnswer({ kind, ownTime, content }: FactRow): AttestationWithFactsAnswer['facts'][number] {
  return { kind, ownTime: ownTime?.toISOString() ?? null, content };
}

function toVerificationAnswer(found: VerificationRow): NonNullable<AttestationAnswer['verification']> {
  const { outcome, code, detail, at } = found;
  return {
    outcome,
    code,
    detail,
    at: at.toISOString(),
    signers: found.proved.flatMap((signer) => toSigners(signer, found)),
  };
}

/** One signer for each attestor it belongs to, or by itself where it belongs to none. */
function toSigners(signer: ProvedSigner, { signers }: VerificationRow): readonly SignerAnswer[] {
  const signedAt = earliestVouched(signer);
  const known = signers.filter(
    ({ thumbprint, scheme }) => thumbprint === signer.thumbprint && scheme === signer.scheme,
  );
  if (known.length === 0) {
    return [{ attestor: null, keyId: null, identity: toIdentity(signer, null), signedAt, counts: false }];
  }
  return known.map(({ attestor, keyId, identity, counts }) => ({
    attestor,
    keyId,
    identity: toIdentity(signer, identity),
    signedAt,
    counts,
  }));
}

function toIdentity(signer: ProvedSigner, id: string | null): SignerAnswer['identity'] {
  if (signer.type === 'key') return null;
  const { issuer, subjects, claims } = signer.identity;
  return { id, issuer, subjects: [...subjects], claims: Object.fromEntries(Object.entries(claims)) };
}
