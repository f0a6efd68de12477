import { SEVERITIES, type Finding, type ScanFact, type Severity, type Timestamp } from './fact.js';
import type { Reading } from './predicate-field.js';
import { higherScore, worseSeverity } from './severity.js';

/** A finding, and where the scanner saw it, as far as the report tells places apart. */
export interface Sighting extends Finding {
  readonly place: string;
}

/** What a scanner says, whatever the shape it says it in. */
export interface ScanReport {
  readonly scanner: string;
  readonly scannerVersion: string | null;
  readonly databaseAt: Timestamp | null;
  readonly scannedAt: Timestamp | null;
  readonly sightings: readonly Sighting[];
}

/** The scan fact of a report, with every finding once for each place. */
export function scanReading(report: ScanReport): Reading {
  const { sightings, ...scan } = report;
  const findings = distinctFindings(sightings);
  const content: ScanFact = { kind: 'scan', ...scan, findings, counts: countBySeverity(findings) };
  return { content, ownTime: report.scannedAt };
}

/**
 * One finding for all sightings of the same vulnerability in the same package at the same place, at its worst. The same
 * package at two places is found twice: a limit on findings counts both, as the scanners do.
 */
function distinctFindings(sightings: readonly Sighting[]): readonly Finding[] {
  const groups = Map.groupBy(sightings, ({ id, package: { name, version, purl }, place }) =>
    JSON.stringify([id, name, version, purl, place]),
  );
  return Array.from(groups.values(), (group) => {
    // A group is never empty; reduce without a first value relies on it.
    const { place: _place, ...finding } = group.reduce((one, other) => ({
      ...one,
      severity: worseSeverity(one.severity, other.severity),
      cvss: higherScore(one.cvss, other.cvss),
    }));
    return group.length === 1
      ? finding
      : { ...finding, fixedIn: [...new Set(group.flatMap((sighting) => sighting.fixedIn))] };
  });
}

function countBySeverity(findings: readonly Finding[]): Record<Severity, number> {
  const counts = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])) as Record<Severity, number>;
  for (const { severity } of findings) counts[severity]++;
  return counts;
}
