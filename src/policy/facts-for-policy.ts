import type { Fact } from '../facts/fact.js';
import type { FactStore } from '../facts/fact.store.js';
import { absentContents, factsAskedFor, readImageFacts } from '../facts/image-facts.js';
import type { ImageFacts } from '../images/image-state.store.js';
import type { CompiledPolicy } from './compile-policy.js';
import { splitPredicates, type ReadPredicates } from './dropped-predicates.js';
import type { QuestionReading } from './question-reading.js';

/** The facts the policy asks for: another kind's may be large, and nothing in the policy looks at them. */
export async function factsForPolicy(
  store: Pick<FactStore, 'contents'>,
  state: ImageFacts,
  { isAskedFor }: CompiledPolicy,
): Promise<readonly Fact[]> {
  const rows = factsAskedFor(state.facts, isAskedFor);
  const absent = absentContents(rows);
  return readImageFacts(rows, absent.length === 0 ? new Map() : await store.contents(absent));
}

/** Whether the policy asks for facts that are too large for an image's row. */
export function asksForLarge(states: readonly ImageFacts[], { isAskedFor }: CompiledPolicy): boolean {
  return states.some(({ facts }) => absentContents(factsAskedFor(facts, isAskedFor)).length > 0);
}

/** The predicates that the policy looks at, as far as they can still be read. */
export async function predicatesForPolicy(
  store: Pick<FactStore, 'predicates'>,
  { facts, related, current: { compiled } }: Pick<QuestionReading, 'facts' | 'related' | 'current'>,
): Promise<ReadPredicates> {
  if (!compiled.needsPredicate) return { predicates: new Map(), dropped: new Map() };
  const all = [...facts, ...related.flatMap((each) => each.facts)];
  return splitPredicates(await store.predicates(all));
}
