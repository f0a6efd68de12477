import type { Fact } from '../facts/fact.js';
import { compileGlob } from '../intoto/glob.js';
import type { Attestor } from '../trust/attestor.js';
import { authorityOf, judgedTime, type Authority } from '../trust/authority.js';
import { signerIdOf, signerNames, type Signer, type SignerId } from '../trust/signer.js';
import { standingOf, type StatementStanding } from '../trust/statement-standing.js';
import { attestorsOf, epochOf, type TrustSnapshot } from '../trust/trust-snapshot.js';
import { attestationBy } from './carrying-attestations.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { Conditions } from './conditions.js';
import { earliestTimes, latestTimes } from './evidence-times.js';
import type { Entry, Refusal, Refused } from './evidence.js';
import { approverOf, named } from './people.js';
import type { Scene } from './scene.js';

/** Evidence of the kind asked for: what takes part in a group, and what does not, with the reason. */
export interface Candidates {
  readonly entries: readonly Entry[];
  readonly refused: readonly Refused[];
}

/**
 * Gathers the candidates of a requirement. Evidence helps where a signer whose attestor is in `from` may at this trust
 * revision sign it; what no longer may keeps its place as an objection, until it is retracted.
 */
export function candidatesOf(requirement: CompiledEvidence, conditions: Conditions, scene: Scene): Candidates {
  const entries: Entry[] = [];
  const refused: Refused[] = [];
  for (const { about, facts } of [{ about: null, facts: scene.facts }, ...scene.serving]) {
    for (const fact of facts) {
      if (!isAskedFor(fact, requirement)) continue;
      const words = wordsFor(fact, requirement, conditions, scene);
      if ('refusal' in words) refused.push(words);
      else {
        for (const [group, spoken] of Map.groupBy(words, (word) => word.group)) {
          entries.push(entryOf(fact, about, group, spoken, scene));
        }
      }
    }
  }
  return { entries, refused };
}

const RETRACTED: Refusal = { code: 'attestation_revoked', message: 'it was retracted' };

/** What one signature says for one attestor. */
interface Word {
  readonly attestor: string;
  readonly signer: Signer;
  readonly authority: Authority;
  readonly voice: string;
  readonly approver: string;
  readonly group: string;
  readonly helps: boolean;
  readonly hinders: boolean;
  readonly refusal: Refusal | null;
}

function isAskedFor(fact: Fact, { kind, predicateType }: CompiledEvidence): boolean {
  if (fact.kind !== kind || (predicateType !== null && fact.predicateType !== predicateType)) return false;
  if (fact.content.kind !== kind) throw new Error(`fact ${fact.id} is of kind ${kind} and holds ${fact.content.kind}`);
  return true;
}

/** What the signatures over a fact say for the attestors asked for; never empty, or else why nothing is said. */
function wordsFor(
  fact: Fact,
  requirement: CompiledEvidence,
  conditions: Conditions,
  scene: Scene,
): readonly Word[] | Refused {
  // Verdicts of this service never count as evidence for another: it would believe itself.
  const signers = fact.signers.filter((signer) => !scene.ownKeys.has(signer.thumbprint));
  const claim = { kind: fact.kind, predicateType: fact.predicateType, repository: scene.repository };
  const words: Word[] = [];
  const refusals: Refused[] = [];
  const refuse = (refusal: Refusal, by: readonly Signer[]): Refused => ({
    fact,
    attestation: attestationBy(fact, by),
    refusal,
  });
  for (const attestor of requirement.from) {
    for (const signer of signers) {
      const authority = authorityOf(scene.trust, attestor, signer, claim);
      if (authority.code === 'wrong_attestor' && !authority.objects) continue;
      const standing = standingOf(scene.trust, fact.signedDigest, signerNames(signer));
      if (standing === 'retracted') refusals.push(refuse(RETRACTED, [signer]));
      else if (authority.supports || authority.objects) {
        const word = (claimed: string | null): Word =>
          wordOf(fact, { attestor, signer, authority, standing, claimed }, requirement, conditions, scene);
        words.push(...claimedApprovers(fact).map(word));
      } else refusals.push(refuse(refusalOf(authority, signer), [signer]));
    }
  }
  if (words.length > 0) return words;
  return refusals.length > 0
    ? gravest(byName(refusals), ({ refusal }) => refusal)
    : refuse(strangers(signers, requirement.from, scene.trust), []);
}

/** One signature over a fact, as one attestor's, for one of the approvers that it names. */
interface Utterance {
  readonly attestor: string;
  readonly signer: Signer;
  readonly authority: Authority;
  readonly standing: StatementStanding;
  readonly claimed: string | null;
}

function wordOf(
  fact: Fact,
  { attestor, signer, authority, standing, claimed }: Utterance,
  requirement: CompiledEvidence,
  conditions: Conditions,
  scene: Scene,
): Word {
  const approver =
    fact.content.kind === 'approval' ? approverOf(scene.trust, scene.people, attestor, signer, claimed) : null;
  const refusal = refusalOfWord(signer, authority, standing, approver?.mismatch ?? null, requirement);
  const voice = approver?.person ?? attestor;
  const supports = authority.supports && standing === 'standing';
  return {
    attestor,
    signer,
    authority,
    voice,
    approver: claimed === null ? voice : scene.people.same(named(claimed)),
    group: JSON.stringify([voice, ...conditions.groupOf(fact.content)]),
    helps: scene.inverted || refusal === null,
    hinders: scene.inverted ? supports : authority.objects,
    refusal: scene.inverted ? null : refusal,
  };
}

/** Whom a fact names as its approvers, each of whom speaks in it; null where it names nobody. */
function claimedApprovers({ content }: Fact): readonly (string | null)[] {
  if (content.kind !== 'approval' || content.approver === null) return [null];
  return [content.approver, ...(content.coApprovers ?? [])].map(({ id }) => id);
}

function refusalOfWord(
  signer: Signer,
  authority: Authority,
  standing: StatementStanding,
  mismatch: string | null,
  requirement: CompiledEvidence,
): Refusal | null {
  if (standing === 'revoked') return { code: 'attestation_revoked', message: 'it was revoked' };
  if (!authority.supports) return refusalOf(authority, signer);
  if (mismatch !== null) return { code: 'approver_mismatch', message: mismatch };
  if (requirement.provenOrder && authority.provenAt === null) {
    return { code: 'condition_false', message: 'it has no proven signing time, and the policy orders by it' };
  }
  return null;
}

function entryOf(fact: Fact, about: Entry['about'], group: string, words: readonly Word[], scene: Scene): Entry {
  const helping = words.filter((word) => word.helps);
  const refusals = words.flatMap(({ refusal }) => (refusal === null ? [] : [refusal]));
  return {
    fact,
    attestation: attestationBy(
      fact,
      (helping.length > 0 ? helping : words).map(({ signer }) => signer),
    ),
    about,
    group,
    voice: words[0]?.voice ?? '',
    approvers: [...new Set((helping.length > 0 ? helping : words).map(({ approver }) => approver))],
    helps: helping.length > 0,
    hinders: words.some((word) => word.hinders),
    routes: helping.map(({ attestor, signer, authority }) => ({
      attestor,
      signer: scene.signers.same(signerIdOf(signer)) as SignerId,
      label: labelOf(authority, attestor),
    })),
    refusal: helping.length > 0 ? null : gravest(refusals, (refusal) => refusal),
    earliest: earliestTimes(fact),
    latest: () =>
      latestTimes(
        fact,
        words.map((word) => word.signer),
      ),
    // Only those by whom it helps: what trust once concluded for others must not outlive its being narrowed.
    levelOf: (builder) => Math.max(0, ...helping.map((word) => levelFor(builder, word, scene))),
  };
}

/** Under a `not` the highest level that the attestor was ever trusted with: narrowing it must not let anything pass. */
function levelFor(builder: string, word: Word, scene: Scene): number {
  if (!scene.inverted) return levelBy(word.authority.attestor, builder);
  const states = scene.trust.attestors.get(word.attestor) ?? [];
  return Math.max(0, ...states.map((state) => levelBy(state.attestor, builder)));
}

/** The level for the builder itself, else the lowest of those for a pattern that it fits, else 0. */
function levelBy(attestor: Attestor | null, builder: string): number {
  const builders = attestor?.builders ?? [];
  const exact = builders.filter(({ id }) => id === builder);
  const fitting = exact.length > 0 ? exact : builders.filter(({ id }) => compileGlob(id)(builder));
  return fitting.length === 0 ? 0 : Math.min(...fitting.map(({ slsaLevel }) => slsaLevel));
}

function labelOf({ credential }: Authority, attestor: string): string {
  switch (credential?.type) {
    case undefined:
      return attestor;
    case 'key':
      return `key ${credential.key.id} of ${attestor}`;
    case 'identity':
      return `identity ${credential.identity.id} of ${attestor}`;
  }
}

function refusalOf(authority: Authority, signer: Signer): Refusal {
  const { code, message, credential } = authority;
  switch (code) {
    case 'counts':
      throw new Error('a signer that counts is not refused');
    case 'wrong_attestor':
    case 'identity_mismatch':
    case 'signer_not_allowed':
      return { code: 'wrong_attestor', message };
    case 'root_not_trusted':
    case 'signer_revoked':
      return { code: 'signer_revoked', message };
    case 'key_not_valid_then': {
      const held = credential?.type === 'identity' ? credential.identity : credential?.key;
      const early = epochOf(judgedTime(authority, signer)) < epochOf(held?.validFrom ?? null, -Infinity);
      return { code: early ? 'not_valid_yet' : 'signer_revoked', message };
    }
  }
}

function strangers(signers: readonly Signer[], from: readonly string[], trust: TrustSnapshot): Refusal {
  if (signers.length === 0) return { code: 'wrong_attestor', message: 'it is signed by this service itself' };
  const holders = new Set(signers.flatMap((signer) => attestorsOf(trust, signer)));
  const by = holders.size === 0 ? 'nobody known' : [...holders].sort().join(', ');
  return { code: 'wrong_attestor', message: `it is signed by ${by}; expected one of [${from.join(', ')}]` };
}

const GRAVITY = ['attestation_revoked', 'approver_mismatch', 'signer_revoked', 'not_valid_yet', 'condition_false'];

/** So that no order of signers shows. */
function byName(refused: readonly Refused[]): readonly Refused[] {
  return [...refused].sort((a, b) => (a.attestation < b.attestation ? -1 : 1));
}

/** The refusal that says most; among equals the first in order of words, so that no order of signers shows. */
function gravest<T>(refused: readonly T[], refusalOf: (one: T) => Refusal): T {
  const rank = ({ code }: Refusal): number => {
    const index = GRAVITY.indexOf(code);
    return index === -1 ? GRAVITY.length : index;
  };
  const [first] = [...refused].sort((one, other) => {
    const [a, b] = [refusalOf(one), refusalOf(other)];
    return rank(a) - rank(b) || (a.message === b.message ? 0 : a.message < b.message ? -1 : 1);
  });
  if (first === undefined) throw new Error('nothing refuses this');
  return first;
}
