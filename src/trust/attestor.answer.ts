import { z } from 'zod';
import { KINDS } from '../intoto/predicate-kind.js';
import { SIGNATURE_SCHEMES } from '../intoto/signature-scheme.js';
import type { Attestor, AttestorIdentity, AttestorKey } from './attestor.js';
import { KEY_STATES, identityState, keyState } from './key-state.js';
import {
  identityRevocationAnswer,
  keyRevocationAnswer,
  toIdentityRevocation,
  toKeyRevocation,
} from './revocation.answer.js';
import { revocationsBinding, revocationsOfIdentity } from './revocations-binding.js';
import { findRoot, type TrustSnapshot } from './trust-snapshot.js';

const time = z.iso.datetime().describe('RFC 3339, UTC');
const thumbprint = z.string().describe('sha256 of the DER SubjectPublicKeyInfo');

const keyAnswer = z
  .object({
    id: z.string(),
    thumbprint,
    publicKey: z.string().describe('PEM'),
    schemes: z.array(z.enum(SIGNATURE_SCHEMES)).describe('Every way in which a signature by this key may be made'),
    trustRoot: z.string().describe('Whose timestamps and logs prove when it signed'),
    validFrom: time.nullable(),
    validUntil: time.nullable().describe('First moment at which evidence no longer counts'),
    person: z.string().nullable(),
    state: z.enum(KEY_STATES).describe('For what would be signed at this moment'),
    retiredAt: time.nullable().describe('When a later document left the key out'),
    revocations: z
      .array(keyRevocationAnswer)
      .describe('All that bind the key here, in the order in which they were made'),
  })
  .meta({ id: 'AttestorKey' });

const identityAnswer = z
  .object({
    id: z.string(),
    issuer: z.string().nullable().describe('null: certificates without an OIDC issuer'),
    subject: z.string().nullable(),
    subjectGlob: z.string().nullable(),
    claims: z.record(z.string(), z.string()).describe('By claim of the certificate, a glob of its value'),
    trustRoot: z.string().describe('Under which the certificate must stand'),
    validFrom: time.nullable(),
    validUntil: time.nullable().describe('First moment at which what is signed no longer counts'),
    person: z.string().nullable(),
    state: z.enum(KEY_STATES).describe('For what would be signed at this moment'),
    retiredAt: time.nullable().describe('When a later document left the identity out'),
    revocations: z
      .array(identityRevocationAnswer)
      .describe('All after which nothing is left of the identity, in the order in which they were made'),
  })
  .meta({ id: 'AttestorIdentity' });

export const attestorAnswer = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    kinds: z.array(z.enum(KINDS)).nullable().describe('What it may sign; null where predicateTypes says so'),
    predicateTypes: z.array(z.string()).nullable(),
    keys: z.array(keyAnswer),
    identities: z.array(identityAnswer),
    repositories: z.array(z.string()).nullable().describe('null: not limited'),
    builders: z.array(z.object({ id: z.string(), slsaLevel: z.number().int() })),
    mayNameApprovers: z.boolean(),
    changedAt: time,
    trustRevision: z.number().int().describe('At which the attestor became what it is'),
    warnings: z.array(z.string()).describe('What is accepted and yet may not be what is meant'),
  })
  .meta({ id: 'Attestor' });
export type AttestorAnswer = z.infer<typeof attestorAnswer>;

export const attestorPage = z.object({ items: z.array(attestorAnswer), nextCursor: z.string().nullable() });

/** The attestor as clients see it at a moment, in milliseconds since the epoch. */
export function toAttestorAnswer(trust: TrustSnapshot, attestor: Attestor, moment: number): AttestorAnswer {
  const state = trust.attestors.get(attestor.name)?.at(-1);
  return {
    name: attestor.name,
    description: attestor.description,
    kinds: attestor.kinds === null ? null : [...attestor.kinds],
    predicateTypes: attestor.predicateTypes === null ? null : [...attestor.predicateTypes],
    keys: attestor.keys.map((key) => toKeyAnswer(trust, attestor.name, key, moment)),
    identities: attestor.identities.map((identity) => toIdentityAnswer(trust, attestor.name, identity, moment)),
    repositories: attestor.repositories === null ? null : [...attestor.repositories],
    builders: attestor.builders.map(({ id, slsaLevel }) => ({ id, slsaLevel })),
    mayNameApprovers: attestor.mayNameApprovers,
    changedAt: new Date(state?.at ?? 0).toISOString(),
    trustRevision: state?.trustRevision ?? 0,
    warnings: warningsOf(trust, attestor),
  };
}

/** A trust root that does not exist proves nothing, and may be meant to be put later. */
function warningsOf(trust: TrustSnapshot, { keys, identities }: Attestor): string[] {
  const isMissing = ({ trustRoot, retiredAt }: AttestorKey | AttestorIdentity): boolean =>
    retiredAt === null && findRoot(trust, trustRoot) === null;
  return [
    ...keys
      .filter(isMissing)
      .map(
        ({ id, trustRoot }) =>
          `no trust root is named ${trustRoot}: as it stands, nothing proves when key ${id} signed`,
      ),
    ...identities
      .filter(isMissing)
      .map(
        ({ id, trustRoot }) =>
          `no trust root is named ${trustRoot}: as it stands, no certificate counts as identity ${id}`,
      ),
  ];
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
    trustRoot: key.trustRoot,
    validFrom: key.validFrom,
    validUntil: key.validUntil,
    person: key.person,
    state: keyState(trust, attestor, key, moment),
    retiredAt: key.retiredAt,
    revocations: revocationsBinding(trust, attestor, key.thumbprint).map(({ revocation }) =>
      toKeyRevocation(revocation),
    ),
  };
}

function toIdentityAnswer(
  trust: TrustSnapshot,
  attestor: string,
  identity: AttestorIdentity,
  moment: number,
): AttestorAnswer['identities'][number] {
  const { id, issuer, subject, subjectGlob, claims, trustRoot, validFrom, validUntil, person, retiredAt } = identity;
  return {
    id,
    issuer,
    subject,
    subjectGlob,
    claims: { ...claims },
    trustRoot,
    validFrom,
    validUntil,
    person,
    state: identityState(trust, attestor, identity, moment),
    retiredAt,
    revocations: revocationsOfIdentity(trust, attestor, identity).map(({ revocation }) =>
      toIdentityRevocation(revocation),
    ),
  };
}
