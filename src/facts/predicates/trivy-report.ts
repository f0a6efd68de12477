import { readVectors } from '../cvss-vector.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';
import { scanReading, type ScanReport, type Sighting } from '../scan-report.js';
import { higherScore, isScore, severityOf } from '../severity.js';

/** A raw Trivy report as predicate. */
export const readTrivyPredicate: PredicateReader = (predicate) => [scanReading(readTrivyReport(predicate))];

/** Whether the field has what only a Trivy report has. */
export function resemblesTrivyReport(report: PredicateField): boolean {
  return report.has('SchemaVersion') || report.has('Results');
}

/** Reads Trivy's JSON report, schema version 2. */
export function readTrivyReport(report: PredicateField): ScanReport {
  const results = report.objects('Results');
  requireReport(report, results);
  return {
    scanner: 'trivy',
    scannerVersion: report.member('Trivy').hint('Version'),
    databaseAt: null,
    scannedAt: report.time('CreatedAt'),
    sightings: results.flatMap(readResult),
  };
}

/**
 * Trivy leaves out what is empty, so a clean report and one of something else look alike. One that names no results must
 * at least say what it is a report of; and where it shows that no package was looked at, because an operating system was
 * detected and yet nothing was found in it, or only secrets, licences or configuration were, it proves no vulnerability
 * absent.
 */
function requireReport(report: PredicateField, results: readonly PredicateField[]): void {
  if (report.has('SchemaVersion') && report.member('SchemaVersion').value !== 2) {
    report.member('SchemaVersion').fault('must be 2, the version of Trivy reports that is read here');
  }
  if (results.length === 0) {
    if (!report.has('SchemaVersion')) report.member('SchemaVersion').fault('must be there where Results are not');
    report.requiredText('ArtifactName');
    if (report.member('Metadata').has('OS')) {
      report.fault('detected an operating system but lists no packages of it as scanned');
    }
  } else if (!results.some(mayHoldPackages)) {
    report.member('Results').fault('lists no packages as scanned for vulnerabilities');
  }
}

function mayHoldPackages(result: PredicateField): boolean {
  const resultClass = result.text('Class');
  // Older reports name no class.
  if (resultClass === null) return result.has('Target') || result.has('Vulnerabilities');
  return resultClass === 'os-pkgs' || resultClass === 'lang-pkgs' || result.has('Vulnerabilities');
}

function readResult(result: PredicateField): readonly Sighting[] {
  const target = result.hint('Target');
  return result.objects('Vulnerabilities').map((vulnerability) => {
    const severity = vulnerability.text('Severity');
    const cvss = readHighestScore(vulnerability, severity !== null);
    return {
      id: vulnerability.requiredText('VulnerabilityID'),
      severity: severityOf(severity === null ? [] : [severity], cvss),
      cvss,
      package: {
        name: vulnerability.hint('PkgName'),
        version: vulnerability.hint('InstalledVersion'),
        purl: vulnerability.member('PkgIdentifier').hint('PURL'),
      },
      fixedIn: (vulnerability.hint('FixedVersion') ?? '').split(/[\s,]+/).filter((version) => version !== ''),
      place: JSON.stringify([target, vulnerability.hint('PkgPath')]),
    };
  });
}

/** Where a vendor's score of one version of CVSS stands, and the vector it comes from. */
const SCORES = [
  ['V2Score', 'V2Vector'],
  ['V3Score', 'V3Vector'],
  ['V40Score', 'V40Vector'],
] as const;

/** The highest base score any vendor gives, of whatever version of CVSS, and of what vectors without a score come to. */
function readHighestScore(vulnerability: PredicateField, ratedOtherwise: boolean): number | null {
  const byVendor = vulnerability.object('CVSS');
  const vectors: PredicateField[] = [];
  let highest: number | null = null;
  for (const vendor of byVendor.names) {
    const given = byVendor.object(vendor);
    for (const [scoreName, vectorName] of SCORES) {
      const score = given.member(scoreName);
      if (!score.isSet) {
        if (given.has(vectorName)) vectors.push(given.member(vectorName));
      } else if (isScore(score.value)) highest = higherScore(highest, score.value);
      else score.fault('must be a CVSS score from 0 to 10');
    }
  }
  return higherScore(highest, readVectors(vectors, ratedOtherwise || highest !== null));
}
