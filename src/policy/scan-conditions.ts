import { SEVERITIES, type Finding, type ScanFact, type Severity } from '../facts/fact.js';
import type { Sha256Digest } from '../intoto/digest.js';
import type { Clock } from './clock.js';
import { PASSES, PLAIN, type Conditions, type Judgement } from './conditions.js';
import { findingNames, firstNamed, packageOf } from './finding-names.js';
import { ignoredById, isIgnored, type Ignored } from './ignored-finding.js';
import type { FindingRemovals, Removed } from './finding-removals.js';
import type { ScanWhere } from './policy-document.js';
import { bindNumber, bindText } from './value-match.js';
import type { FindingIgnored, Parameters } from './verdict.js';

/** What a policy accepts of findings; null: no limit. */
interface Limits {
  readonly severity: ReadonlyMap<Severity, number>;
  readonly cvss: number | null;
  readonly findings: number | null;
  readonly ignored: Ignored;
}

/** Compiles what is asked of a scan, without the findings that are removed. A scan that exceeds a limit is negative. */
export function compileScan(where: ScanWhere): (parameters: Parameters, removals: FindingRemovals) => Conditions {
  const scanner = where.scanner === undefined ? null : bindText(where.scanner);
  const severities = SEVERITIES.flatMap((severity) => {
    const limit = where.maxSeverity?.[severity];
    return limit === undefined ? [] : [[severity, bindNumber(limit)] as const];
  });
  const cvss = where.maxCvss === undefined ? null : bindNumber(where.maxCvss);
  const findings = where.maxFindings === undefined ? null : bindNumber(where.maxFindings);
  const ignored = ignoredById(where.ignore ?? []);
  return (parameters, removals) => {
    const asked = scanner === null ? null : scanner(parameters);
    const named = new Map(severities.map(([severity, limit]) => [severity, limit(parameters)]));
    const limits: Limits = {
      severity: withUnknown(named),
      cvss: cvss === null ? null : cvss(parameters),
      findings: findings === null ? null : findings(parameters),
      ignored,
    };
    return {
      ...PLAIN,
      lines: [
        {
          name: null,
          misses: (content) =>
            asked === null || (content.kind === 'scan' && content.scanner === asked)
              ? null
              : { message: `it is by scanner ${scannerOf(content)}; expected ${asked}`, near: false },
        },
      ],
      groupOf: (content) => [scannerOf(content)],
      judge: (content, { about }, clock) =>
        content.kind === 'scan'
          ? judgeScan(content, limits, (scan) => removals.removedFrom(scan, about), clock)
          : exceeds('it is no scan'),
      ignoredIn: (content, about, clock) =>
        content.kind === 'scan' ? ignoredIn(content, limits, removals, about, clock) : [],
      wanted: wantedOf(asked, limits),
    };
  };
}

function judgeScan(scan: ScanFact, limits: Limits, removedFrom: (scan: ScanFact) => Removed, clock: Clock): Judgement {
  if (!hasAny(limits)) return PASSES;
  const removed = removedFrom(scan).findings;
  const listed = new Map<Severity, number>();
  const leftOut = new Map<Severity, number>();
  const counting: Finding[] = [];
  for (const finding of scan.findings) {
    add(listed, finding.severity);
    if (removed.has(finding)) {
      add(leftOut, finding.severity);
      continue;
    }
    if (isIgnored(finding, limits.ignored, clock)) {
      add(leftOut, finding.severity);
      continue;
    }
    counting.push(finding);
  }
  const faults: string[] = [];
  let total = 0;
  for (const severity of SEVERITIES) {
    // What a report counts may be more than what it lists; the larger of the two is believed.
    const count = Math.max(listed.get(severity) ?? 0, scan.counts[severity]) - (leftOut.get(severity) ?? 0);
    const limit = limits.severity.get(severity);
    if (limit !== undefined && !(count <= limit)) {
      const names = findingNames(
        counting.filter((finding) => finding.severity === severity),
        count,
      );
      faults.push(exceeded(findings(count, severity), limit, names));
    }
    total += count;
  }
  if (limits.findings !== null && !(total <= limits.findings)) {
    // Those that are beyond another limit are named there.
    const names = faults.length > 0 ? '' : findingNames(counting, total);
    faults.push(exceeded(`${findings(total)} in all`, limits.findings, names));
  }
  const tooGrave = limits.cvss === null ? null : scoreFault(counting, limits.cvss);
  if (tooGrave !== null) faults.push(tooGrave);
  return faults.length === 0 ? PASSES : exceeds(faults.join('; '));
}

function hasAny({ severity, cvss, findings }: Limits): boolean {
  return severity.size > 0 || cvss !== null || findings !== null;
}

/** What VEX removes is not ignored besides. */
function ignoredIn(
  scan: ScanFact,
  limits: Limits,
  removals: FindingRemovals,
  about: Sha256Digest | null,
  clock: Clock,
): readonly FindingIgnored[] {
  if (limits.ignored.size === 0 || !hasAny(limits)) return [];
  const removed = removals.removedFrom(scan, about).findings;
  return scan.findings.flatMap((finding) => {
    const found = limits.ignored.get(finding.id);
    if (found === undefined || removed.has(finding) || !isIgnored(finding, limits.ignored, clock)) return [];
    const { until, reason } = found.ignore;
    return [{ vulnerability: finding.id, package: packageOf(finding), until, reason }];
  });
}

function exceeded(what: string, limit: number, names: string): string {
  return `${what}; the limit is ${limit}${names === '' ? '' : `: ${names}`}`;
}

function findings(count: number, severity?: Severity): string {
  return [count, severity, count === 1 ? 'finding' : 'findings'].filter((word) => word !== undefined).join(' ');
}

/** The least base score of each class in the qualitative scale of CVSS 3.1, section 5, and 4.0, section 6. */
const LEAST_SCORE: Readonly<Record<Exclude<Severity, 'unknown'>, number>> = {
  critical: 9,
  high: 7,
  medium: 4,
  low: 0.1,
  negligible: 0,
  none: 0,
};

/** Of the findings above the limit the first by name with why, and how others are called. */
function scoreFault(counting: readonly Finding[], limit: number): string | null {
  const above = counting.filter((finding) => !(leastScore(finding) <= limit));
  const [first] = firstNamed(above, 1);
  if (first === undefined) return null;
  const others = findingNames(
    above.filter((finding) => finding !== first.finding),
    above.length - 1,
  );
  return `${first.name} ${scoreWords(first.finding, limit)}${others === '' ? '' : `; likewise ${others}`}`;
}

/** The score, or the least that it can be; a finding with neither score nor severity is above every limit. */
function leastScore({ cvss, severity }: Finding): number {
  return cvss ?? (severity === 'unknown' ? Infinity : LEAST_SCORE[severity]);
}

function scoreWords(finding: Finding, limit: number): string {
  const { cvss, severity } = finding;
  if (cvss !== null) return `has CVSS score ${cvss}; the limit is ${limit}`;
  if (severity === 'unknown') return `has neither score nor severity; the limit is CVSS ${limit}`;
  return `has no score and is ${severity}, so at least CVSS ${leastScore(finding)}; the limit is ${limit}`;
}

/** `unknown`, where no limit names it, takes the strictest limit given. */
function withUnknown(named: ReadonlyMap<Severity, number>): ReadonlyMap<Severity, number> {
  if (named.size === 0 || named.has('unknown')) return named;
  return new Map([...named, ['unknown', Math.min(...named.values())]]);
}

function wantedOf(scanner: string | null, limits: Limits): string {
  const parts = SEVERITIES.flatMap((severity) => {
    const limit = limits.severity.get(severity);
    return limit === undefined ? [] : [`at most ${limit} ${severity}`];
  });
  if (limits.findings !== null) parts.push(`at most ${limits.findings} in all`);
  if (limits.cvss !== null) parts.push(`no CVSS score above ${limits.cvss}`);
  const by = scanner === null ? '' : `by scanner ${scanner}`;
  const findings = parts.length === 0 ? '' : `with findings of ${parts.join(', ')}`;
  return [by, findings].filter((part) => part !== '').join(' ');
}

function scannerOf(content: { readonly kind: string; readonly scanner?: string }): string | null {
  return content.scanner ?? null;
}

function add(counts: Map<Severity, number>, severity: Severity): void {
  counts.set(severity, (counts.get(severity) ?? 0) + 1);
}

function exceeds(message: string): Judgement {
  return { passes: false, negative: true, message };
}
