import type { AuthorityId, ProvedSigner } from '../intoto/proved-signer.js';
import { SIGNATURE_SCHEMES, type SignatureScheme } from '../intoto/signature-scheme.js';
import type { Thumbprint } from './signer.js';

declare const brand: unique symbol;

/**
 * What a change of trust adds, and what evidence that does not count waits for. A change says its causes, an examination
 * keeps those it waits for, and where they meet the evidence is examined again:
 *
 * | cause | said by a change that | waited for by |
 * | --- | --- | --- |
 * | `key:<scheme>` | brings in a key for a scheme in which nobody has held it | a signature nobody was matched to, by its shape |
 * | `signer:<thumbprint>` | gives anything to a key that was held before | a matched key that does not count |
 * | `identity:<issuer>` | adds an identity or gives one anything; without an issuer `identity:` | a certificate that does not count |
 * | `root` | lets a root list an authority, or for longer | a certificate of no known root |
 * | `root:<authority>` | changes whether, or for how long, a root lists the authority | what is proved by it and does not count |
 */
export type GainCause = string & { readonly [brand]: 'GainCause' };

/** A root lists an authority that it did not, or for longer. */
export const ROOT_CAUSE = 'root' as GainCause;

export function keyCause(scheme: SignatureScheme): GainCause {
  return `key:${scheme}` as GainCause;
}

export function signerCause(thumbprint: Thumbprint): GainCause {
  return `signer:${thumbprint}` as GainCause;
}

export function identityCause(issuer: string | null): GainCause {
  return `identity:${issuer ?? ''}` as GainCause;
}

export function rootCause(authority: AuthorityId): GainCause {
  return `root:${authority}` as GainCause;
}

/** Something in evidence that does not count as it might. */
export type Waiting =
  /** A signature that no known key made, as it stands in the envelope or JWS. */
  | { readonly type: 'signature'; readonly signature: Uint8Array }
  /** A certificate that is proved under none of the known roots. */
  | { readonly type: 'certificate' }
  /** A signer that is matched and does not count for every kind of the evidence. */
  | { readonly type: 'signer'; readonly signer: ProvedSigner };

/** The causes by which any of these could come to count, sorted, each once; empty where nothing waits. */
export function waitsFor(waiting: readonly Waiting[]): readonly GainCause[] {
  return [...new Set(waiting.flatMap(causesOf))].sort();
}

function causesOf(waiting: Waiting): readonly GainCause[] {
  switch (waiting.type) {
    case 'signature':
      return causesOfSignature(waiting.signature);
    case 'certificate':
      return [ROOT_CAUSE];
    case 'signer':
      return causesOfSigner(waiting.signer);
  }
}

/** A time that is vouched for decides like the rest: whoever is trusted with it decides by when a signer is judged. */
function causesOfSigner(signer: ProvedSigner): readonly GainCause[] {
  const vouching = signer.times.map(({ authority }) => rootCause(authority));
  if (signer.type === 'key') return [signerCause(signer.thumbprint), ...vouching];
  const authorities = [signer.chain, ...signer.tlogs, ...signer.ctlogs.map(({ authority }) => authority)];
  return [identityCause(signer.identity.issuer), ...vouching, ...authorities.map(rootCause)];
}

/** The schemes in which a signature could have been made, by its length and whether it is DER; empty where in none. */
export function causesOfSignature(signature: Uint8Array): readonly GainCause[] {
  return SIGNATURE_SCHEMES.filter((scheme) => MAY_BE[scheme](signature)).map(keyCause);
}

type MayBe = (signature: Uint8Array) => boolean;

const MAY_BE: Readonly<Record<SignatureScheme, MayBe>> = {
  'ES256/der': ecdsaDer(32),
  'ES256/ieee-p1363': ofLength(64),
  'ES384/der': ecdsaDer(48),
  'ES384/ieee-p1363': ofLength(96),
  'ES512/der': ecdsaDer(66),
  'ES512/ieee-p1363': ofLength(132),
  EdDSA: ofLength(64),
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
};

function ofLength(length: number): MayBe {
  return (signature) => signature.length === length;
}

/** A sequence of two integers of up to `half` bytes, each with a tag, a length and perhaps a leading zero. */
function ecdsaDer(half: number): MayBe {
  return (signature) => signature[0] === 0x30 && signature.length <= 2 * (half + 3) + 3;
}

/** As long as the modulus, of which keys from 2048 to 16384 bits are taken. */
function rsa(signature: Uint8Array): boolean {
  return signature.length >= 256 && signature.length <= 2048;
}
