import type { ProvedSigner } from '../intoto/proved-signer.js';
import { identitiesOf, type AttestorState } from './attestor-state.js';
import type { IdentityRevocation, KeyRevocation } from './attestor.js';
import { signerNames } from './signer.js';
import { ascending, authoritiesOf, rootStatesListing, type TrustedThings } from './touching-revisions.js';
import { attestorsOf, type TrustSnapshot } from './trust-snapshot.js';

/** Whom a policy believes. */
export interface Believed {
  /** By name: whose evidence may count, or object. */
  readonly attestors: ReadonlySet<string>;
}

/**
 * Those of `touchingRevisions` that could make a difference to whoever believes these attestors alone: changes of them, of the roots
 * by which they judge who signed for them, revocations that bind such signers, and acts on what these signed. What others say
 * of who is one person is not among them.
 */
export function weighedRevisions(
  trust: TrustSnapshot,
  { signers, signedDigests }: TrustedThings,
  { attestors }: Believed,
): readonly number[] {
  const own = believedAmong(trust, signers, attestors);
  const named = namesOf(trust, own).filter((name) => attestors.has(name));
  const binds = ({ reason, attestor }: KeyRevocation | IdentityRevocation): boolean =>
    reason === 'compromised' || attestors.has(attestor);
  const fitting = trust.identityRevocations.filter(({ fits }) => identitiesAmong(own).some(fits));
  const names = new Set(own.flatMap(signerNames));
  const acts = signedDigests.flatMap((digest) => trust.statements.get(digest) ?? []);
  const roots = new Set([
    ...named.flatMap((name) => rootsUsed(trust.attestors.get(name) ?? [], own)),
    // Where a revoked pattern names no issuer, its root says whom it binds.
    ...fitting.map(({ revocation }) => revocation.pattern.trustRoot),
  ]);
  return ascending([
    ...named.flatMap((name) => trust.attestors.get(name) ?? []),
    ...[...new Set(own.map(({ thumbprint }) => thumbprint))]
      .flatMap((key) => (trust.revocations.get(key) ?? []).map(({ revocation }) => revocation))
      .filter(binds),
    ...fitting.map(({ revocation }) => revocation).filter(binds),
    ...rootStatesListing(trust, new Set(own.flatMap(authoritiesOf)), (root) => roots.has(root)),
    // Who is bound by an act on what strangers signed as well is not known.
    ...acts.filter((act) => act.signers === null || act.signers.some((signer) => names.has(signer))),
  ]);
}

/** The signers that belong or belonged to one of these attestors. */
export function believedAmong(
  trust: TrustSnapshot,
  signers: readonly ProvedSigner[],
  attestors: ReadonlySet<string>,
): readonly ProvedSigner[] {
  return signers.filter((signer) => attestorsOf(trust, signer).some((name) => attestors.has(name)));
}

function namesOf(trust: TrustSnapshot, signers: readonly ProvedSigner[]): readonly string[] {
  return [...new Set(signers.flatMap((signer) => attestorsOf(trust, signer)))];
}

type CertificateIdentity = Extract<ProvedSigner, { readonly type: 'certificate' }>['identity'];

function identitiesAmong(signers: readonly ProvedSigner[]): readonly CertificateIdentity[] {
  return signers.flatMap((signer) => (signer.type === 'certificate' ? [signer.identity] : []));
}

/** The roots by which an attestor, in any of its states, judges these signers. */
function rootsUsed(states: readonly AttestorState[], signers: readonly ProvedSigner[]): readonly string[] {
  return signers.flatMap((signer) =>
    signer.type === 'key'
      ? states.flatMap(({ keys }) => keys.get(signer.thumbprint)?.key.trustRoot ?? [])
      : identitiesOf(states)
          .filter(({ compare }) => compare(signer.identity).fits)
          .map(({ identity }) => identity.trustRoot),
  );
}
