import { sha256, type Sha256Digest } from '../intoto/digest.js';
import type { ParameterValue, Parameters, Verdict } from './verdict.js';

/** Everything an answer may depend on beside evidence, trust, waivers and time. */
export interface Question {
  readonly digest: Sha256Digest;
  readonly repository: string | null;
  readonly policy: string;
  readonly parameters: Parameters;
}

/** One text per question: equal for equal questions, whatever the order of their parameters. */
export function questionKey(question: Question, policyRevision?: number): string {
  return JSON.stringify([
    question.digest,
    question.repository,
    question.policy,
    policyRevision ?? null,
    sortedEntries(question.parameters),
  ]);
}

/** Identifies the question in the record. */
export function questionDigest(question: Question): Sha256Digest {
  return sha256(Buffer.from(questionKey(question)));
}

/** The question that a verdict answers. */
export function answeredQuestion({
  image,
  policy,
  parameters,
}: Pick<Verdict, 'image' | 'parameters'> & { readonly policy: Pick<Verdict['policy'], 'name'> }): Question {
  return { digest: image.digest, repository: image.repository, policy: policy.name, parameters };
}

/**
 * Identifies what a verdict says, without the moments at which it was said and the revisions it was read at: two
 * verdicts of one content tell a reader the same. Messages are left out since ages in them move with the clock.
 */
export function contentDigest(verdict: Verdict): Sha256Digest {
  const said = [
    verdict.decision,
    verdict.pending,
    verdict.mode,
    verdict.wouldDeny,
    verdict.policy.digest,
    verdict.requirements.map((requirement) => [
      requirement.id,
      requirement.status,
      requirement.code,
      requirement.evidence,
      requirement.considered.map((considered) => [considered.attestation, considered.code]),
      ...(requirement.removed === undefined ? [] : [requirement.removedCount, requirement.removed]),
      ...(requirement.ignored === undefined ? [] : [{ ignored: [requirement.ignoredCount, requirement.ignored] }]),
      ...(requirement.alsoRestsOn === undefined ? [] : [{ alsoRestsOn: requirement.alsoRestsOn }]),
      ...(requirement.through === undefined ? [] : [requirement.through]),
      ...(requirement.via === undefined ? [] : [{ via: requirement.via }]),
    ]),
    verdict.waivers,
  ];
  return sha256(Buffer.from(JSON.stringify(said)));
}

function sortedEntries(parameters: Parameters): readonly (readonly [string, ParameterValue])[] {
  return Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
}
