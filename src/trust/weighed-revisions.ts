import type { ProvedSigner } from '../intoto/proved-signer.js';
import { identitiesOf, type AttestorState, type HeldIdentity } from './attestor-state.js';
import type { IdentityRevocation, KeyRevocation } from './attestor.js';
import { signerNames, type Thumbprint } from './signer.js';
import { ascending, authoritiesOf, rootStatesListing, type TrustedThings } from './touching-revisions.js';
import { attestorsOf, type TrustSnapshot } from './trust-snapshot.js';

/** Whom a policy believes. */
export interface Believed {
  /** By name: whose evidence may count, or object. */
  readonly attestors: ReadonlySet<string>;
  /** Whether it tells people or signers apart: then it matters what anybody says of who they are. */
  readonly tellsApart: boolean;
}

/**
 * Those of `touchingRevisions` that could make a difference to whoever believes these attestors alone: changes of them, of the roots
 * by which they judge who signed for them, revocations that bind such signers, and acts on what these signed. Where people or
 * signers are told apart, also the changes by which another attestor says otherwise who they are.
 */
export function weighedRevisions(
  trust: TrustSnapshot,
  { signers, signedDigests }: TrustedThings,
  { attestors, tellsApart }: Believed,
): readonly number[] {
  const own = signers.filter((signer) => attestorsOf(trust, signer).some((name) => attestors.has(name)));
  const named = namesOf(trust, own).filter((name) => attestors.has(name));
  const others = tellsApart ? namesOf(trust, signers).filter((name) => !attestors.has(name)) : [];
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
    ...others.flatMap((name) => sayingOtherwise(trust.attestors.get(name) ?? [], signers)),
    ...[...new Set(own.map(({ thumbprint }) => thumbprint))]
      .flatMap((key) => (trust.revocations.get(key) ?? []).map(({ revocation }) => revocation))
      .filter(binds),
    ...fitting.map(({ revocation }) => revocation).filter(binds),
    ...rootStatesListing(trust, new Set(own.flatMap(authoritiesOf)), (root) => roots.has(root)),
    // Who is bound by an act on what strangers signed as well is not known.
    ...acts.filter((act) => act.signers === null || act.signers.some((signer) => names.has(signer))),
  ]);
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

/**
 * The states from which on an attestor says another thing of who is one person or one signer: of which person a key or a subject
 * is, and which certificates are somebody's. What it no longer holds it goes on saying.
 */
function sayingOtherwise(states: readonly AttestorState[], signers: readonly ProvedSigner[]): readonly AttestorState[] {
  const certified = identitiesAmong(signers);
  const persons = new Map<Thumbprint, string>();
  const identities = new Map<string, HeldIdentity>();
  const said = (): string => {
    const held = [...identities.values()];
    return JSON.stringify([
      [...persons].sort(),
      held.flatMap(({ identity: { issuer, subject, person } }) => (person === null ? [] : [[issuer, subject, person]])),
      certified.map((identity) => held.some(({ compare }) => compare(identity).fits)),
    ]);
  };
  let before = said();
  return states.filter((state) => {
    for (const { key } of state.keys.values()) {
      if (key.person === null) persons.delete(key.thumbprint);
      else persons.set(key.thumbprint, key.person);
    }
    for (const held of state.identities) identities.set(held.identity.id, held);
    const after = said();
    const isOther = after !== before;
    before = after;
    return isOther;
  });
}
