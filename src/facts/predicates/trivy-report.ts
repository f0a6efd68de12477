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
    const cvss = readHighestScore(vulnerability);
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

/** The highest base score any vendor gives, of whatever version of CVSS. */
function readHighestScore(vulnerability: PredicateField): number | null {
  const byVendor = vulnerability.object('CVSS');
  let highest: number | null = null;
  for (const vendor of byVendor.names) {
    const scores = byVendor.object(vendor);
    for (const version of ['V2Score', 'V3Score', 'V40Score']) {
      if (!scores.has(version)) continue;
      const score = scores.member(version);
      if (isScore(score.value)) highest = higherScore(highest, score.value);
      else score.fault('must be a CVSS score from 0 to 10');
    }
  }
  return highest;
}
