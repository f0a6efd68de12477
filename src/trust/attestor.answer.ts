import { z } from 'zod';
import { KINDS } from '../intoto/predicate-kind.js';
import { SIGNATURE_SCHEMES } from '../intoto/signature-scheme.js';
import { REVOCATION_REASONS, type Attestor, type AttestorKey, type KeyRevocation } from './attestor.js';
import { KEY_STATES, keyState } from './key-state.js';
import { revocationsBinding, type TrustSnapshot } from './trust-snapshot.js';

const time = z.iso.datetime().describe('RFC 3339, UTC');
const thumbprint = z.string().describe('sha256 of the DER SubjectPublicKeyInfo');

const revocationAnswer = z.object({
  attestor: z.string().describe('Under which it was revoked; as compromised it binds under every attestor'),
  keyId: z.string(),
  reason: z.enum(REVOCATION_REASONS),
  effectiveFrom: time.nullable().describe('From when on evidence stops helping; null: ever'),
  at: time.describe('When it was recorded'),
  trustRevision: z.number().int(),
});

const keyAnswer = z
  .object({
    id: z.string(),
    thumbprint,
    publicKey: z.string().describe('PEM'),
    schemes: z.array(z.enum(SIGNATURE_SCHEMES)).describe('Every way in which a signature by this key may be made'),
    validFrom: time.nullable(),
    validUntil: time.nullable().describe('First moment at which evidence no longer counts'),
    person: z.string().nullable(),
    state: z.enum(KEY_STATES).describe('For what would be signed at this moment'),
    retiredAt: time.nullable().describe('When a later document left the key out'),
    revocations: z.array(revocationAnswer).describe('All that bind the key here, in the order in which they were made'),
  })
  .meta({ id: 'AttestorKey' });

export const attestorAnswer = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    kinds: z.array(z.enum(KINDS)).nullable().describe('What it may sign; null where predicateTypes says so'),
    predicateTypes: z.array(z.string()).nullable(),
    keys: z.array(keyAnswer),
    repositories: z.array(z.string()).nullable().describe('null: not limited'),
    builders: z.array(z.object({ id: z.string(), slsaLevel: z.number().int() })),
    mayNameApprovers: z.boolean(),
    changedAt: time,
    trustRevision: z.number().int().describe('At which the attestor became what it is'),
  })
  .meta({ id: 'Attestor' });
export type AttestorAnswer = z.infer<typeof attestorAnswer>;

export const attestorPage = z.object({ items: z.array(attestorAnswer), nextCursor: z.string().nullable() });

export const revokedAnswer = revocationAnswer
  .extend({
    thumbprint,
    images: z.object({
      count: z
        .number()
        .int()
        .nullable()
        .describe('Images with evidence signed by this key; null where counting them took too long'),
    }),
    links: z.object({ attestations: z.string().describe('The evidence signed by keys of the attestor') }),
  })
  .meta({ id: 'KeyRevocation' });
export type RevokedAnswer = z.infer<typeof revokedAnswer>;

/** The attestor as clients see it at a moment, in milliseconds since the epoch. */
export function toAttestorAnswer(trust: TrustSnapshot, attestor: Attestor, moment: number): AttestorAnswer {
  const state = trust.attestors.get(attestor.name)?.at(-1);
  return {
    name: attestor.name,
    description: attestor.description,
    kinds: attestor.kinds === null ? null : [...attestor.kinds],
    predicateTypes: attestor.predicateTypes === null ? null : [...attestor.predicateTypes],
    keys: attestor.keys.map((key) => toKeyAnswer(trust, attestor.name, key, moment)),
    repositories: attestor.repositories === null ? null : [...attestor.repositories],
    builders: attestor.builders.map(({ id, slsaLevel }) => ({ id, slsaLevel })),
    mayNameApprovers: attestor.mayNameApprovers,
    changedAt: new Date(state?.at ?? 0).toISOString(),
    trustRevision: state?.trustRevision ?? 0,
  };
}

/** A revocation as it is answered to whoever made it. */
export function toRevokedAnswer(revocation: KeyRevocation, images: number | null): RevokedAnswer {
  return {
    ...toRevocationAnswer(revocation),
    thumbprint: revocation.thumbprint,
    images: { count: images },
    links: { attestations: `/v1/attestations?attestor=${encodeURIComponent(revocation.attestor)}` },
  };
}

function toKeyAnswer(
  trust: TrustSnapshot,
  attestor: string,
  key: AttestorKey,
  moment: number,
): AttestorAnswer['keys'][number] {
  return {
    id: key.id,
    thumbprint: key.thumbprint,
    publicKey: key.publicKey,
    schemes: [...key.schemes],
    validFrom: key.validFrom,
    validUntil: key.validUntil,
    person: key.person,
    state: keyState(trust, attestor, key, moment),
    retiredAt: key.retiredAt,
    revocations: revocationsBinding(trust, attestor, key.thumbprint).map(({ revocation }) =>
      toRevocationAnswer(revocation),
    ),
  };
}

function toRevocationAnswer({
  attestor,
  keyId,
  reason,
  effectiveFrom,
  at,
  trustRevision,
}: KeyRevocation): z.infer<typeof revocationAnswer> {
  return { attestor, keyId, reason, effectiveFrom, at, trustRevision };
}
