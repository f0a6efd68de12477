import type { Finding } from '../facts/fact.js';
import type { Entry, Gathered, GatheredVex } from './evidence.js';
import { packageOf } from './finding-names.js';
import type { Said, VexDocument } from './finding-removals.js';
import type { Considered, RemovedFinding, RequirementResult } from './verdict.js';
import { listed } from './wording.js';

const MOST_REMOVED = 100;

/** What VEX statements removed from the scans that were judged, and what became of every VEX document. */
export interface RemovedFindings {
  /** Each once, sorted. */
  readonly findings: readonly RemovedFinding[];
  readonly considered: readonly Considered[];
  /** In words that can follow a message; empty where there are none. */
  readonly told: string;
}

/** By the scans that were judged: one verdict looks at the same ones at many moments. */
const known = new WeakMap<GatheredVex, Map<string, RemovedFindings>>();

/** null where no VEX statements are asked for. */
export function removedFindings({ vex }: Gathered, judged: readonly Entry[]): RemovedFindings | null {
  if (vex === null) return null;
  const before = known.get(vex) ?? new Map<string, RemovedFindings>();
  known.set(vex, before);
  const scans = new Map(judged.map((entry) => [JSON.stringify([entry.about, entry.fact.id]), entry]));
  const key = JSON.stringify([...scans.keys()].sort());
  const removed = before.get(key) ?? removedFrom([...scans.values()], vex);
  before.set(key, removed);
  return removed;
}

function removedFrom(scans: readonly Entry[], vex: GatheredVex): RemovedFindings {
  const removed = scans.flatMap(({ about, fact: { content } }) =>
    content.kind === 'scan' ? [vex.removals.removedFrom(content, about)] : [],
  );
  const pairs = removed.flatMap(({ findings }) => [...findings]);
  const findings = distinct(pairs.map(([finding, said]) => removedFinding(finding, said)));
  const overriding = Map.groupBy(
    removed.flatMap(({ overridden }) => [...overridden]),
    ([document]) => document,
  );
  return { findings, considered: consideredOf(vex, findings, overriding), told: toldOf(findings) };
}

/** The result with what was removed, in its words as well. */
export function withRemoved(result: RequirementResult, { findings, told }: RemovedFindings): RequirementResult {
  return { ...result, message: told === '' ? result.message : `${result.message} (${told})`, removed: findings };
}

function toldOf(findings: readonly RemovedFinding[]): string {
  if (findings.length === 0) return '';
  const by = listed([...new Set(findings.map(({ attestor }) => attestor))].sort());
  return `${findings.length === 1 ? '1 finding is' : `${findings.length} findings are`} removed by VEX of ${by}`;
}

/** The result of several with all that was removed for them; as it is where nothing of the kind was asked of any. */
export function withRemovedOf(
  result: RequirementResult,
  branches: readonly Pick<RequirementResult, 'removed'>[],
): RequirementResult {
  if (branches.every(({ removed }) => removed === undefined)) return result;
  const lists = new Set(branches.flatMap(({ removed }) => (removed === undefined ? [] : [removed])));
  return { ...result, removed: [...lists].flat() };
}

/** The result as a verdict shows it: each finding once, no more than a hundred, and how many there are in all. */
export function boundedRemoved(result: RequirementResult): RequirementResult {
  if (result.removed === undefined) return result;
  const removed = distinct(result.removed);
  return { ...result, removed: removed.slice(0, MOST_REMOVED), removedCount: removed.length };
}

function removedFinding(finding: Finding, { document, statement }: Said): RemovedFinding {
  return {
    vulnerability: finding.id,
    package: packageOf(finding),
    status: statement.status,
    justification: statement.justification,
    attestation: document.attestation,
    attestor: document.voice,
  };
}

function distinct(findings: readonly RemovedFinding[]): readonly RemovedFinding[] {
  const byText = new Map(findings.map((finding) => [JSON.stringify(Object.values(finding)), finding]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding);
}

function consideredOf(
  { entries, refused }: GatheredVex,
  findings: readonly RemovedFinding[],
  overriding: ReadonlyMap<VexDocument, readonly (readonly [VexDocument, Said])[]>,
): readonly Considered[] {
  const counts = new Map<string, number>();
  for (const finding of findings) counts.set(sourceOf(finding), (counts.get(sourceOf(finding)) ?? 0) + 1);
  return [
    ...refused.map(({ attestation, refusal }) => ({ attestation, ...refusal })),
    ...entries.map((entry): Considered => {
      const { attestation } = entry;
      const removed = counts.get(sourceOf({ attestation, attestor: entry.voice })) ?? 0;
      if (removed > 0) {
        const what = removed === 1 ? '1 finding' : `${removed} findings`;
        return { attestation, code: 'satisfied', message: `by ${entry.voice} it removes ${what}` };
      }
      const [newer] = (overriding.get(entry) ?? []).map(([, said]) => overridingWords(entry, said)).sort();
      if (newer !== undefined) return { attestation, code: 'superseded', message: newer };
      const nothing = { code: 'condition_false', message: 'it removes none of the findings' } as const;
      return { attestation, ...(entry.refusal ?? nothing) };
    }),
  ];
}

function sourceOf({ attestation, attestor }: Pick<RemovedFinding, 'attestation' | 'attestor'>): string {
  return `${attestation} ${attestor}`;
}

function overridingWords(overridden: VexDocument, { document, statement }: Said): string {
  const said = `${statement.vulnerability.id} is ${statement.status}`;
  if (document.about !== overridden.about) {
    return `it does not replace ${document.attestation}, which is about another digest and says that ${said}`;
  }
  return `it is not newer than ${document.attestation}, which says that ${said}`;
}
