import type { Clock } from './clock.js';
import type { Conditions } from './conditions.js';
import type { Entry } from './evidence.js';
import type { FindingIgnored, RequirementResult } from './verdict.js';

const MOST_IGNORED = 100;

/** The findings of the scans that were judged which the policy's `ignore` leaves out at this moment: each once, sorted. */
export function ignoredFindings(
  conditions: Conditions,
  judged: readonly Entry[],
  clock: Clock,
): readonly FindingIgnored[] {
  return distinct(judged.flatMap(({ about, fact: { content } }) => conditions.ignoredIn(content, about, clock)));
}

/** The result with what was ignored, in its words as well; as it is where nothing was. */
export function withIgnored(result: RequirementResult, ignored: readonly FindingIgnored[]): RequirementResult {
  if (ignored.length === 0) return result;
  const told = ignored.length === 1 ? '1 finding is' : `${ignored.length} findings are`;
  return { ...result, message: `${result.message} (${told} ignored by the policy)`, ignored };
}

/** The result of several with all that was ignored for them. */
export function withIgnoredOf(
  result: RequirementResult,
  branches: readonly Pick<RequirementResult, 'ignored'>[],
): RequirementResult {
  const ignored = distinct(branches.flatMap((branch) => branch.ignored ?? []));
  return ignored.length === 0 ? result : { ...result, ignored };
}

/** The result as a verdict shows it: no more than a hundred of them, and how many there are in all. */
export function boundedIgnored(result: RequirementResult): RequirementResult {
  const { ignored } = result;
  if (ignored === undefined) return result;
  return { ...result, ignored: ignored.slice(0, MOST_IGNORED), ignoredCount: ignored.length };
}

function distinct(findings: readonly FindingIgnored[]): readonly FindingIgnored[] {
  const byText = new Map(findings.map((finding) => [JSON.stringify(Object.values(finding)), finding]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding);
}
