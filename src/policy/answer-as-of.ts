import type { FactStore } from '../facts/fact.store.js';
import type { PastFactStore } from '../facts/past-facts.store.js';
import type { ImageRelationStore } from '../images/image-relation.store.js';
import { AppError } from '../platform/app-error.js';
import type { TrustStore } from '../trust/trust.store.js';
import { policyNotFound, questionOf, type Asked } from './asked.js';
import { evaluateReading, type EvaluationMeans } from './evaluate-reading.js';
import { readsRelations } from './further-digests.js';
import { pastState, withRelated } from './past-reading.js';
import { prepare } from './policy-cache.js';
import type { PolicyStore } from './policy.store.js';
import type { Verdict } from './verdict.js';
import type { WaiverStore } from './waiver.store.js';

/** Where what was on record at a moment is read. */
export interface AsOfSources extends EvaluationMeans {
  readonly pastFacts: Pick<PastFactStore, 'asOf'>;
  readonly facts: Pick<FactStore, 'contents' | 'predicates'>;
  readonly relations: Pick<ImageRelationStore, 'asOf'>;
  readonly trust: Pick<TrustStore, 'snapshotAsOf'>;
  readonly policies: Pick<PolicyStore, 'findAsOf' | 'findRevision'>;
  readonly waivers: Pick<WaiverStore, 'ofPolicy' | 'revisionAsOf'>;
}

/**
 * What the answer was by what had been recorded at the end of the moment's millisecond, evaluated at that moment.
 *
 * @param moment not in the future.
 * @throws AppError `policy_not_found` where the policy had not been published by then, `parameter_invalid`.
 */
export async function answerAsOf(sources: AsOfSources, asked: Asked, moment: Date): Promise<Verdict> {
  const { pastFacts, relations, trust, policies, waivers } = sources;
  const revision = await policies.findAsOf(asked.policy, moment);
  if (revision === null) throw await policyNotFoundAsOf(policies, asked.policy, moment);
  const current = prepare(revision);
  const question = questionOf(asked, current);
  const [past, related, snapshot, waiver] = await Promise.all([
    pastFacts.asOf(asked.digest, moment),
    relations.asOf(asked.digest, moment),
    trust.snapshotAsOf(moment),
    waivers.revisionAsOf(moment),
  ]);
  const pending = past.unexamined > 0;
  const then = { pending, trust: snapshot, waiver, relations: related.revision, now: moment };
  const state = pastState(asked.digest, past, then);
  const inForce = await waivers.ofPolicy(asked.policy, waiver, moment);
  const known = {
    state,
    relations: readsRelations(current.compiled) ? related.relations : null,
    current,
    trust: snapshot,
    waivers: inForce,
    question,
  };
  const reading = await withRelated(known, sources.facts, async (digest) => {
    const then = await pastFacts.asOf(digest, moment);
    return { past: then, pending: then.unexamined > 0 };
  });
  return evaluateReading(reading, sources);
}

async function policyNotFoundAsOf(
  policies: Pick<PolicyStore, 'findRevision'>,
  name: string,
  moment: Date,
): Promise<AppError> {
  if ((await policies.findRevision(name, 1)) === null) return policyNotFound(name);
  const detail = `no policy was named ${name} at ${moment.toISOString()}; it was published later`;
  return new AppError('not_found', 'policy_not_found', detail);
}
