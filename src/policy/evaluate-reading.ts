import type { FactStore } from '../facts/fact.store.js';
import type { ImageState } from '../images/image-state.store.js';
import type { Thumbprint } from '../trust/signer.js';
import type { CelEngine } from './cel.js';
import { evaluate } from './evaluate.js';
import { predicatesForPolicy } from './facts-for-policy.js';
import { factsByDigest, type QuestionReading } from './question-reading.js';
import type { Verdict } from './verdict.js';

/** What evaluating takes beside what was read. */
export interface EvaluationMeans {
  readonly facts: Pick<FactStore, 'predicates'>;
  readonly cel: CelEngine;
  /** The keys with which this service signs verdicts of its own. */
  readonly ownKeys: ReadonlySet<Thumbprint>;
}

/** What is read of one moment, evaluated at that moment; nothing goes on record. */
export async function evaluateReading(
  { state, facts, relations, related, current, trust, waivers, question }: QuestionReading,
  means: EvaluationMeans,
): Promise<Verdict> {
  const { revision, compiled } = current;
  return evaluate({
    policy: compiled,
    policyRef: { name: revision.name, revision: revision.revision, digest: revision.digest },
    facts,
    ...(relations === null ? {} : { relations }),
    related: factsByDigest(related),
    ...(await predicatesForPolicy(means.facts, { facts, related, current })),
    trust,
    waivers,
    ownKeys: means.ownKeys,
    parameters: question.parameters,
    digest: question.digest,
    repository: question.repository,
    pending: [state, ...related.map((each) => each.state)].some(({ received, examined }) => received > examined),
    revisions: {
      evidence: state.revision,
      ...relatedRevisions(related.map((each) => each.state)),
      ...(relations === null ? {} : { relations: state.relations }),
      trust: state.trust,
      waivers: state.waiver,
    },
    now: state.now.toISOString(),
    cel: means.cel,
  });
}

function relatedRevisions(states: readonly ImageState[]): Pick<Verdict['revisions'], 'related'> {
  if (states.length === 0) return {};
  return { related: Object.fromEntries(states.map(({ digest, revision }) => [digest, revision])) };
}
