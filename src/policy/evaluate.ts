import type { Fact, Json } from '../facts/fact.js';
import { UNRELATED, type ImageRelations } from '../images/image-relations.js';
import type { AttestationId, Sha256Digest, SubjectDigest } from '../intoto/digest.js';
import type { Thumbprint } from '../trust/signer.js';
import { epochOf, type TrustSnapshot } from '../trust/trust-snapshot.js';
import { shownAlsoRestsOn } from './also-rests-on.js';
import { CelAnswers } from './cel-answers.js';
import { celBatch } from './cel-variables.js';
import type { CelEngine } from './cel.js';
import { Clock } from './clock.js';
import type { CompiledPolicy, CompiledRequirement } from './compile-policy.js';
import { withoutDropped, type ReadPredicates } from './dropped-predicates.js';
import { evaluateRequirement } from './evaluate-requirement.js';
import { GatheredEvidence } from './gathered-evidence.js';
import { boundedIgnored } from './ignored-findings.js';
import { lookalikesOf, peopleOf, signersOf } from './people.js';
import { boundedRemoved } from './removed-findings.js';
import { buildsAskedFor, namingBuilds } from './naming-builds.js';
import { missingFor } from './missing-evidence.js';
import type { Scene } from './scene.js';
import { firstChange } from './valid-until.js';
import type { Missing, Parameters, RequirementResult, Verdict } from './verdict.js';
import type { Waiver } from './waiver.js';
import { waiversAbout } from './waivers-about.js';

/** All that a verdict may depend on. */
export interface EvaluationInput {
  readonly policy: CompiledPolicy;
  readonly policyRef: { readonly name: string; readonly revision: number; readonly digest: Sha256Digest };
  /** The facts about the digest, in any order. */
  readonly facts: readonly Fact[];
  /** How the image is related to others; needed where the policy says `via`. */
  readonly relations?: ImageRelations;
  /** The facts about the digests that `furtherDigests` names, in any order. */
  readonly related?: ReadonlyMap<SubjectDigest, readonly Fact[]>;
  /** By attestation; needed where the policy's `needsPredicate` says so, and then for every fact. */
  readonly predicates: ReadonlyMap<AttestationId, Json>;
  /** What is none of them because retention dropped it: whatever looks at it is in error. */
  readonly dropped?: ReadPredicates['dropped'];
  readonly trust: TrustSnapshot;
  /** Those of the policy at least, in any order; what is revoked or not approved is none of them. */
  readonly waivers: readonly Waiver[];
  /** The keys with which this service signs verdicts of its own: those never count as evidence. */
  readonly ownKeys: ReadonlySet<Thumbprint>;
  /** As parseParameters gives them for the policy. */
  readonly parameters: Parameters;
  readonly digest: Sha256Digest;
  readonly repository: string | null;
  /** Evidence for the digest, or for one that it is related to, is still being verified. */
  readonly pending: boolean;
  readonly revisions: Verdict['revisions'];
  /** RFC 3339. */
  readonly now: string;
  readonly cel: CelEngine;
}

/** The id of the result that says why pending evidence blocks; no requirement of a policy can have it. */
export const PENDING_RESULT_ID = 'onPending';

/**
 * Answers whether a digest meets a policy, with reasons. The same input gives the same verdict, byte for byte, whatever
 * the order of its facts; only the time that CEL may take is not in the input, and what runs out of it is an error and
 * never an allow.
 *
 * Denies what is not proved: where nothing applies, where something cannot be evaluated, where pending evidence blocks.
 */
export async function evaluate(input: EvaluationInput): Promise<Verdict> {
  const evaluation = new Evaluation(input);
  const { answers } = evaluation;
  let results = evaluation.results();
  for (let open = answers.open; open.length > 0; open = answers.open) {
    const { dropped = new Map() } = input;
    const answered = await input.cel.answer(celBatch(open, { ...input, dropped }));
    answers.learn(withoutDropped(open, answered, dropped));
    results = evaluation.results();
  }
  // Before looking ahead, which may ask what is never answered.
  const missing = evaluation.missing(results);
  return verdictOf(input, results, evaluation.validUntil(results), missing);
}

interface DatedResult {
  readonly requirement: CompiledRequirement;
  readonly result: RequirementResult;
  readonly clock: Clock;
}

/** One verdict in the making: what is gathered and answered for it serves every moment at which it looks. */
class Evaluation {
  readonly answers = new CelAnswers();
  private readonly now: number;
  private readonly scene: Omit<Scene, 'clock'>;

  constructor(private readonly input: EvaluationInput) {
    const { policy, policyRef, facts, trust, ownKeys, parameters, digest, repository } = input;
    const { answers } = this;
    this.now = epochOf(input.now);
    const everybody = [facts, ...(input.related?.values() ?? [])].flat().flatMap(({ signers }) => signers);
    const who = {
      people: peopleOf(trust, everybody),
      signers: signersOf(trust, everybody),
      lookalikes: lookalikesOf(trust, everybody),
    };
    this.scene = {
      facts,
      trust,
      ownKeys,
      ...who,
      parameters,
      digest,
      repository,
      answers,
      gathered: new GatheredEvidence(),
      relations: input.relations ?? UNRELATED,
      serving: [],
      related: new Map(
        [...(input.related ?? [])].map(([related, about]) => [
          related,
          { facts: about, gathered: new GatheredEvidence() },
        ]),
      ),
      namingBuilds: namingBuilds(policy.requirements),
      buildsAskedFor: buildsAskedFor(policy.requirements),
      gatheredInDoubt: new GatheredEvidence(),
      waivers: waiversAbout(input.waivers, { policy: policyRef.name, digest, repository, parameters }, policy.document),
      waivedFindings: new Set(),
      inverted: false,
    };
  }

  results(): readonly DatedResult[] {
    return this.input.policy.requirements.map((requirement) => {
      const clock = new Clock(this.now);
      return { requirement, clock, result: this.resultAt(requirement, clock) };
    });
  }

  /** What holds for this moment only is not kept; anything else holds until the first change that time alone makes. */
  validUntil(results: readonly DatedResult[]): number | null {
    if (this.answers.holdsForNowOnly) return this.now;
    let first: number | null = null;
    for (const { requirement, result, clock } of results) {
      const change = firstChange(result, clock, (ahead) => {
        const later = this.resultAt(requirement, ahead);
        // What would first have to be asked by then may be anything.
        return this.answers.open.length > 0 ? null : later;
      });
      if (change !== null && (first === null || change < first)) first = change;
    }
    return first;
  }

  /** What is missing of the requirements that these results say are not met. */
  missing(results: readonly DatedResult[]): readonly Missing[] {
    return results.flatMap(({ requirement, result: { status } }) => {
      if (status !== 'unsatisfied' && status !== 'error') return [];
      return missingFor(requirement, { ...this.scene, clock: new Clock(this.now) });
    });
  }

  private resultAt(requirement: CompiledRequirement, clock: Clock): RequirementResult {
    return evaluateRequirement(requirement, { ...this.scene, clock });
  }
}

function verdictOf(
  input: EvaluationInput,
  dated: readonly DatedResult[],
  until: number | null,
  missing: readonly Missing[],
): Verdict {
  const results = dated.map(({ result }) => shownAlsoRestsOn(boundedIgnored(boundedRemoved(result))));
  const { document } = input.policy;
  const blocked = input.pending && document.onPending === 'deny';
  const allows = !blocked && isMet(results);
  const mode = document.mode ?? 'enforce';
  const decision = allows || mode === 'audit' ? 'allow' : 'deny';
  return {
    decision,
    pending: input.pending,
    mode,
    wouldDeny: mode === 'audit' && !allows,
    image: { digest: input.digest, repository: input.repository },
    policy: input.policyRef,
    parameters: input.parameters,
    evaluatedAt: new Date(epochOf(input.now)).toISOString(),
    validUntil: until === null ? null : new Date(until).toISOString(),
    requirements: blocked ? [...results, PENDING_RESULT] : results,
    missing: decision === 'allow' ? [] : blocked ? [...missing, PENDING_MISSING] : missing,
    waivers: [...new Set(results.flatMap(({ waivers = [] }) => waivers))].sort(),
    revisions: input.revisions,
  };
}

/** Every requirement that applies is satisfied or waived, and at least one applies. */
function isMet(results: readonly RequirementResult[]): boolean {
  const applying = results.filter(({ status }) => status !== 'not_applicable');
  return applying.length > 0 && applying.every(({ status }) => status === 'satisfied' || status === 'waived');
}

const PENDING_RESULT: RequirementResult = {
  id: PENDING_RESULT_ID,
  status: 'unsatisfied',
  code: 'not_enough_evidence',
  message: 'evidence for this digest is still being verified, and the policy waits for it',
  evidence: [],
  considered: [],
  missing: 'the end of its verification: ask again',
};

const PENDING_MISSING: Missing = {
  requirement: PENDING_RESULT_ID,
  kind: null,
  count: 0,
  from: [],
  conditions: {},
  text: 'the end of its verification: ask again',
};
