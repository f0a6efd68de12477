import type { Sha256Digest } from '../intoto/digest.js';
import type { AuthorityId, ProvedSigner } from '../intoto/proved-signer.js';
import type { RootState } from './trust-root-state.js';
import { attestorsOf, type TrustSnapshot } from './trust-snapshot.js';

/** What evidence rests on, as far as trust is concerned. */
export interface TrustedThings {
  readonly signers: readonly ProvedSigner[];
  /** What was signed. */
  readonly signedDigests: readonly Sha256Digest[];
}

/**
 * The trust revisions that touched evidence, ascending: every change of an attestor to whom a signer belongs or belonged, the
 * revocations of its keys and of identities that its certificates fit, the changes of roots that list or listed an authority
 * which vouches for them, and acts on what was signed.
 */
export function touchingRevisions(trust: TrustSnapshot, { signers, signedDigests }: TrustedThings): readonly number[] {
  const authorities = new Set(signers.flatMap(authoritiesOf));
  const names = new Set(signers.flatMap((signer) => attestorsOf(trust, signer)));
  const thumbprints = new Set(signers.map(({ thumbprint }) => thumbprint));
  const identities = signers.flatMap((signer) => (signer.type === 'certificate' ? [signer.identity] : []));
  return ascending([
    ...[...names].flatMap((name) => trust.attestors.get(name) ?? []),
    ...[...thumbprints].flatMap((key) => (trust.revocations.get(key) ?? []).map(({ revocation }) => revocation)),
    ...trust.identityRevocations.filter(({ fits }) => identities.some(fits)).map(({ revocation }) => revocation),
    ...rootStatesListing(trust, authorities),
    ...signedDigests.flatMap((digest) => trust.statements.get(digest) ?? []),
  ]);
}

/** Every state of the roots, of those that are asked for, that list or listed one of these authorities. */
export function rootStatesListing(
  trust: TrustSnapshot,
  authorities: ReadonlySet<AuthorityId>,
  isAskedFor: (root: string) => boolean = () => true,
): readonly RootState[] {
  const lists = ({ held }: RootState): boolean =>
    [...(held?.windows.keys() ?? [])].some((authority) => authorities.has(authority));
  return [...trust.roots].flatMap(([root, states]) => (isAskedFor(root) && states.some(lists) ? states : []));
}

/** The trust revisions of what was recorded, each once. */
export function ascending(recorded: readonly { readonly trustRevision: number }[]): readonly number[] {
  const revisions = new Set(recorded.map(({ trustRevision }) => trustRevision));
  // What is built in was never recorded.
  return [...revisions].filter((revision) => revision > 0).sort((a, b) => a - b);
}

/** Whoever vouches for a signature: for its time, its certificate, or that it was logged. */
export function authoritiesOf(signer: ProvedSigner): readonly AuthorityId[] {
  const times = signer.times.map(({ authority }) => authority);
  if (signer.type === 'key') return times;
  return [...times, signer.chain, ...signer.tlogs, ...signer.ctlogs.map(({ authority }) => authority)];
}
