import { deriveFacts } from '../facts/derive-facts.js';
import type { DerivedFact, Fact, FactContent, Json } from '../facts/fact.js';
import { boundedRelations } from '../images/image-relations.js';
import { sha256, subjectDigest, type AttestationId, type Sha256Digest, type SubjectDigest } from '../intoto/digest.js';
import { compilePolicy } from '../policy/compile-policy.js';
import type { EvaluationInput } from '../policy/evaluate.js';
import { furtherDigests, type KnownOfImage } from '../policy/further-digests.js';
import { parseParameters } from '../policy/parse-parameters.js';
import { parsePolicy } from '../policy/parse-policy.js';
import { policyDigest } from '../policy/policy-digest.js';
import { applyPut } from '../trust/attestor-change.js';
import type { KeyDocument } from '../trust/parse-attestor.js';
import { PUBLIC_GOOD } from '../trust/attestor.js';
import { signerOf, type Signer, type Thumbprint } from '../trust/signer.js';
import { extendTrust, findAttestor, type TrustSnapshot } from '../trust/trust-snapshot.js';
import {
  certificateWith,
  CTLOG,
  EMPTY_TRUST,
  identityWith,
  ROOT_AUTHORITIES,
  rootWith,
  TLOG,
  TSA,
} from '../trust/trust.fixture.js';
import { patternOf } from '../trust/identity-pattern.js';
import type { Waiver } from '../policy/waiver.js';
import {
  OWN_KEY,
  type CaseAttestor,
  type CaseChange,
  type CaseEvidence,
  type CaseWaiver,
  type PolicyCase,
} from './policy-cases.js';

/** Long before anything was received. */
const REGISTERED_AT = '2020-01-01T00:00:00.000Z';

/** Everything a case hands to evaluation, without signatures: who signed is taken from the case. */
export function evaluationOf(each: PolicyCase): Omit<EvaluationInput, 'cel'> {
  const document = parsePolicy(JSON.stringify(each.policy), 'json');
  const digest = imageOf(each);
  const policy = compilePolicy(document);
  const trust = withActs(trustOf(each.attestors, each.changes), each.evidence);
  const facts = factsAbout(each, null, policy);
  const { repository } = each;
  const relations = relationsOf(each);
  return {
    policy,
    policyRef: { name: document.policy, revision: 1, digest: policyDigest(document) },
    facts,
    relations,
    related: relatedFacts(each, { policy, facts, relations, trust, repository }),
    predicates: new Map(
      each.evidence.flatMap(({ name, content }) =>
        'predicate' in content ? [[attestationOf(name), content.predicate as Json]] : [],
      ),
    ),
    waivers: each.waivers.map((waiver) => waiverOf(waiver, each)),
    trust,
    ownKeys: new Set([thumbprintOf(OWN_KEY)]),
    parameters: parseParameters(document, each.parameters),
    digest,
    repository,
    pending: each.pending,
    revisions: { evidence: 1, trust: 1, waivers: 0 },
    now: each.now,
  };
}

function imageOf({ name }: PolicyCase): Sha256Digest {
  return sha256(Buffer.from(name));
}

/** Its name is its id. */
function waiverOf({ name, policy, vulnerability, scope, ...rest }: CaseWaiver, each: PolicyCase): Waiver {
  const { requirement, parameters, from = REGISTERED_AT, until } = rest;
  return {
    id: name,
    policy: policy ?? parsePolicy(JSON.stringify(each.policy), 'json').policy,
    requirement,
    vulnerability: vulnerability ?? null,
    scope:
      typeof scope === 'object'
        ? { type: 'repository', repository: scope.repository }
        : { type: 'digest', digest: scope === 'image' ? imageOf(each) : sha256(Buffer.from('another image')) },
    parameters,
    reason: 'a case of the corpus',
    from: Date.parse(from),
    until: Date.parse(until),
  };
}

/**
 * The value with `{image}` in its texts made the image's digest, in hexadecimal digits, and `{image NAME}` that of an index
 * or manifest of the case.
 *
 * @param digestOf answers the digest of the image for null, and else of what has the name.
 */
export function namingImages<V>(value: V, digestOf: (name: string | null) => Sha256Digest): V {
  const named = JSON.stringify(value).replaceAll(/\{image(?: ([a-z0-9-]+))?\}/g, (_text, name?: string) =>
    digestOf(name ?? null).replace('sha256:', ''),
  );
  return JSON.parse(named) as V;
}

/** The digest of an index or manifest of a case. */
export function relatedImageOf({ name }: PolicyCase, related: string): Sha256Digest {
  return sha256(Buffer.from(`${related} of ${name}`));
}

function relationsOf(each: PolicyCase): KnownOfImage['relations'] {
  const digestsOf = (names: readonly string[]): readonly Sha256Digest[] =>
    names.map((name) => relatedImageOf(each, name)).sort();
  return boundedRelations(digestsOf(each.indexes), digestsOf(each.manifests));
}

function relatedFacts(
  each: PolicyCase,
  known: Omit<KnownOfImage, 'related'>,
): ReadonlyMap<SubjectDigest, readonly Fact[]> {
  const related = new Map<SubjectDigest, readonly Fact[]>();
  for (;;) {
    const unread = furtherDigests({ ...known, related }).filter((digest) => !related.has(digest));
    if (unread.length === 0) return related;
    for (const digest of unread) related.set(digest, factsAbout(each, digest, known.policy));
  }
}

/** The facts about the image, or about another digest, of which the policy has to know. */
function factsAbout(
  each: PolicyCase,
  digest: SubjectDigest | null,
  { isAskedFor }: KnownOfImage['policy'],
): readonly Fact[] {
  const digestOf = (name: string | null): Sha256Digest => (name === null ? imageOf(each) : relatedImageOf(each, name));
  return each.evidence
    .filter((evidence) => subjectOf(evidence, each) === digest)
    .map((one) => namingImages(one, digestOf))
    .flatMap(factsOf)
    .filter(({ kind, predicateType }) => isAskedFor(kind, predicateType));
}

/** null for the image itself. */
function subjectOf({ commit, about }: CaseEvidence, each: PolicyCase): SubjectDigest | null {
  if (commit !== undefined) return subjectDigest('gitCommit', commit);
  return about === undefined ? null : relatedImageOf(each, about);
}

/** The id under which a case's evidence is known. */
export function attestationOf(name: string): AttestationId {
  return sha256(Buffer.from(name)) as string as AttestationId;
}

/** The thumbprint that stands for a key of a case. */
export function thumbprintOf(key: string): Thumbprint {
  return sha256(Buffer.from(`key ${key}`)) as string as Thumbprint;
}

/** Trust after the attestors were put and the changes made. */
export function trustOf(attestors: readonly CaseAttestor[], changes: readonly CaseChange[]): TrustSnapshot {
  const put = attestors.map((attestor): CaseChange => ({ at: REGISTERED_AT, put: attestor }));
  return [...put, ...changes].reduce(recorded, EMPTY_TRUST);
}

/** Trust after evidence was revoked or retracted, where the case says so. */
function withActs(trust: TrustSnapshot, evidence: readonly CaseEvidence[]): TrustSnapshot {
  return evidence.reduce((before, { name, standing: act }) => {
    if (act === 'standing') return before;
    const [trustRevision, at] = [before.revision + 1, new Date(before.at).toISOString()];
    const target = { signedDigest: signedDigestOf(name), signers: null, attestation: attestationOf(name) };
    return extendTrust(before, trustRevision, {
      statements: [{ ...target, act, reason: 'a case', at, trustRevision }],
    });
  }, trust);
}

/** What stands for what a piece of evidence signed. */
function signedDigestOf(name: string): Sha256Digest {
  return sha256(Buffer.from(`signed ${name}`));
}

function recorded(trust: TrustSnapshot, change: CaseChange): TrustSnapshot {
  const { at } = change;
  const trustRevision = trust.revision + 1;
  if ('distrust' in change) {
    const { distrust } = change;
    const root = rootWith(...ROOT_AUTHORITIES.filter(({ type }) => !distrust.includes(type)));
    return extendTrust(trust, trustRevision, { roots: [{ name: PUBLIC_GOOD, at, trustRevision, root }] });
  }
  if ('identity' in change) {
    const { revoke: attestor, identity: identityId, reason } = change;
    const held = findAttestor(trust, attestor)?.identities.find(({ id }) => id === identityId);
    if (held === undefined) throw new Error(`${attestor} has no identity ${identityId}`);
    const effectiveFrom = reason === 'compromised' ? null : at;
    const revocation = { attestor, identityId, pattern: patternOf(held), reason, effectiveFrom, at, trustRevision };
    return extendTrust(trust, trustRevision, { identityRevocations: [revocation] });
  }
  if ('revoke' in change) {
    const { revoke: attestor, key: keyId, reason, effectiveFrom } = change;
    const held = findAttestor(trust, attestor)?.keys.find(({ id }) => id === keyId);
    if (held === undefined) throw new Error(`${attestor} has no key ${keyId}`);
    const usual = reason === 'compromised' ? null : at;
    const revocation = {
      thumbprint: held.thumbprint,
      attestor,
      keyId,
      reason,
      effectiveFrom: effectiveFrom ?? usual,
      at,
      trustRevision,
    };
    return extendTrust(trust, trustRevision, { revocations: [revocation] });
  }
  const name = 'put' in change ? change.put.name : change.delete;
  const attestor = 'put' in change ? applyPut(findAttestor(trust, name), documentOf(change.put), at) : null;
  return extendTrust(trust, trustRevision, { states: [{ name, at, trustRevision, attestor }] });
}

function documentOf({ name, document }: CaseAttestor): Parameters<typeof applyPut>[1] {
  const {
    kinds = null,
    predicateTypes = null,
    keys,
    identities = {},
    repositories = null,
    builders = [],
    mayNameApprovers = false,
  } = document;
  return {
    name,
    description: null,
    kinds,
    predicateTypes,
    keys: Object.entries(keys).map(([id, key]): KeyDocument => ({
      id,
      thumbprint: thumbprintOf(key?.key ?? `${name}/${id}`),
      publicKey: 'not needed where nothing is verified',
      schemes: ['ES256/der'],
      trustRoot: PUBLIC_GOOD,
      validFrom: key?.validFrom ?? null,
      validUntil: key?.validUntil ?? null,
      person: key?.person ?? null,
    })),
    identities: Object.entries(identities).map(([id, identity]) => {
      const { retiredAt: _, ...named } = identityWith({ subjectGlob: null, ...identity, id });
      return named;
    }),
    repositories,
    builders,
    mayNameApprovers,
  };
}

function factsOf({ name, content, signedBy, receivedAt, receivedAgainAt, provenAt }: CaseEvidence): readonly Fact[] {
  const times = provenAt === null ? [] : [{ authority: TSA, at: provenAt }];
  const receipt = { receivedAt, lastReceivedAt: receivedAgainAt };
  const signers = signedBy.map((signer): Signer => {
    if (signer.includes(' ')) return signerOf(certificateOf(signer, provenAt ?? receivedAt), receipt);
    return signerOf({ type: 'key', thumbprint: thumbprintOf(signer), scheme: 'ES256/der', times }, receipt);
  });
  return derived(content).map((fact, index) => ({
    id: `${name} ${index}`,
    attestation: attestationOf(name),
    kind: fact.content.kind,
    predicateType: fact.predicateType,
    signers,
    receivedAt,
    ownTime: fact.ownTime,
    content: fact.content,
    signedDigest: signedDigestOf(name),
  }));
}

/** The certificate of `issuer subject`, whose key is made for this signature alone. */
function certificateOf(signer: string, at: string): Signer {
  const [issuer = '', subject = ''] = signer.split(' ');
  return certificateWith({
    thumbprint: thumbprintOf(`${signer} at ${at}`),
    identity: { issuer, subjects: [subject], claims: {} },
    ctlogs: [{ authority: CTLOG, at }],
    times: [
      { authority: TLOG, at },
      { authority: TSA, at },
    ],
  });
}

function derived(content: CaseEvidence['content']): readonly DerivedFact[] {
  if ('predicate' in content) return deriveFacts(content.predicateType, content.predicate);
  const { predicateType, fact, ownTime } = content;
  return [{ content: fact as FactContent, predicateType, ownTime }];
}
