import { z } from 'zod';
import { REVOCATION_REASONS, type IdentityRevocation, type KeyRevocation } from './attestor.js';

const time = z.iso.datetime().describe('RFC 3339, UTC');

const revocation = z.object({
  attestor: z.string().describe('Under which it was revoked; as compromised it binds under every attestor'),
  reason: z.enum(REVOCATION_REASONS),
  effectiveFrom: time.nullable().describe('From when on evidence stops helping; null: ever'),
  at: time.describe('When it was recorded'),
  trustRevision: z.number().int(),
});

export const keyRevocationAnswer = revocation.extend({ keyId: z.string() });
export const identityRevocationAnswer = revocation.extend({ identityId: z.string() });

const touched = {
  images: z.object({
    count: z
      .number()
      .int()
      .nullable()
      .describe('Images with evidence signed so, whether or not it counts; null where counting them took too long'),
  }),
  links: z.object({
    attestations: z.string().describe('The evidence signed for the attestor'),
    images: z.string().describe('Those images'),
    verdicts: z.string().describe('The verdicts that come out otherwise'),
  }),
};

export const revokedKeyAnswer = keyRevocationAnswer
  .extend({ thumbprint: z.string().describe('sha256 of the DER SubjectPublicKeyInfo'), ...touched })
  .meta({ id: 'KeyRevocation' });
export type RevokedKeyAnswer = z.infer<typeof revokedKeyAnswer>;

export const revokedIdentityAnswer = identityRevocationAnswer.extend(touched).meta({ id: 'IdentityRevocation' });
export type RevokedIdentityAnswer = z.infer<typeof revokedIdentityAnswer>;

export function toKeyRevocation(revocation: KeyRevocation): z.infer<typeof keyRevocationAnswer> {
  const { attestor, keyId, reason, effectiveFrom, at, trustRevision } = revocation;
  return { attestor, keyId, reason, effectiveFrom, at, trustRevision };
}

export function toIdentityRevocation(revocation: IdentityRevocation): z.infer<typeof identityRevocationAnswer> {
  const { attestor, identityId, reason, effectiveFrom, at, trustRevision } = revocation;
  return { attestor, identityId, reason, effectiveFrom, at, trustRevision };
}

/**
 * The revocation of a key as it is answered to whoever made it.
 *
 * @param images how many carry evidence signed by the key, null where that is not known.
 */
export function toRevokedKey(revocation: KeyRevocation, images: number | null): RevokedKeyAnswer {
  return {
    ...toKeyRevocation(revocation),
    thumbprint: revocation.thumbprint,
    images: { count: images },
    links: linksOf(revocation.attestor, 'keys', revocation.keyId),
  };
}

/** The revocation of an identity, in the same way. */
export function toRevokedIdentity(revoked: IdentityRevocation, images: number | null): RevokedIdentityAnswer {
  return {
    ...toIdentityRevocation(revoked),
    images: { count: images },
    links: linksOf(revoked.attestor, 'identities', revoked.identityId),
  };
}

function linksOf(attestor: string, list: 'keys' | 'identities', id: string): RevokedKeyAnswer['links'] {
  const credential = `/v1/attestors/${encodeURIComponent(attestor)}/${list}/${encodeURIComponent(id)}`;
  return {
    attestations: `/v1/attestations?attestor=${encodeURIComponent(attestor)}`,
    images: `${credential}/images`,
    verdicts: `${credential}/flips`,
  };
}
