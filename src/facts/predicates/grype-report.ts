import { readVectors } from '../cvss-vector.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';
import { scanReading, type ScanReport, type Sighting } from '../scan-report.js';
import { higherScore, isScore, severityOf } from '../severity.js';

/** A raw Grype report as predicate. */
export const readGrypePredicate: PredicateReader = (predicate) => [scanReading(readGrypeReport(predicate))];

/** Whether the field has what only a Grype report has. */
export function resemblesGrypeReport(report: PredicateField): boolean {
  return report.has('matches');
}

/**
 * Reads Grype's JSON report, which always lists its matches, if there are none by an empty list. Those that Grype was
 * configured to ignore are not among them.
 */
export function readGrypeReport(report: PredicateField): ScanReport {
  const matches = report.requiredObjects('matches');
  const descriptor = report.object('descriptor');
  const database = descriptor.member('db');
  return {
    scanner: 'grype',
    scannerVersion: descriptor.hint('version'),
    databaseAt: database.member('status').time('built') ?? database.time('built'),
    scannedAt: descriptor.time('timestamp'),
    sightings: matches.map(readMatch),
  };
}

function readMatch(match: PredicateField): Sighting {
  const vulnerability = match.requiredObject('vulnerability');
  const artifact = match.object('artifact');
  const severity = vulnerability.text('severity');
  const cvss = readHighestScore([vulnerability, ...match.objects('relatedVulnerabilities')], severity !== null);
  return {
    id: vulnerability.requiredText('id'),
    severity: severityOf(severity === null ? [] : [severity], cvss),
    cvss,
    package: { name: artifact.hint('name'), version: artifact.hint('version'), purl: artifact.hint('purl') },
    fixedIn: vulnerability.object('fix').texts('versions'),
    place: artifact.hint('id') ?? placeOf(artifact),
  };
}

function placeOf(artifact: PredicateField): string {
  return JSON.stringify(artifact.objects('locations').map((location) => location.hint('path')));
}

/** The highest of the scores, and of what the vectors without one come to. */
function readHighestScore(vulnerabilities: readonly PredicateField[], ratedOtherwise: boolean): number | null {
  const vectors: PredicateField[] = [];
  let highest: number | null = null;
  for (const cvss of vulnerabilities.flatMap((vulnerability) => vulnerability.objects('cvss'))) {
    const score = cvss.object('metrics').member('baseScore');
    if (!score.isSet) {
      if (cvss.has('vector')) vectors.push(cvss.member('vector'));
    } else if (isScore(score.value)) highest = higherScore(highest, score.value);
    else score.fault('must be a CVSS score from 0 to 10');
  }
  return higherScore(highest, readVectors(vectors, ratedOtherwise || highest !== null));
}
