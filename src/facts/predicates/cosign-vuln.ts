import type { PredicateField, PredicateReader } from '../predicate-field.js';
import { scanReading, type ScanReport } from '../scan-report.js';
import { versionInPackageUrl } from '../scanner-name.js';
import { readGrypeReport, resemblesGrypeReport } from './grype-report.js';
import { readOsvResults, resemblesOsvResults } from './osv-results.js';
import { readSarifLog, resemblesSarifLog } from './sarif.js';
import { readTrivyReport, resemblesTrivyReport } from './trivy-report.js';

/**
 * cosign's vulnerability scan record v1 (specs/COSIGN_VULN_ATTESTATION_SPEC.md): the scanner's own report as
 * `scanner.result`, which alone says whose it is and what it found.
 */
export const readCosignVuln: PredicateReader = (predicate) => {
  const scanner = predicate.requiredObject('scanner');
  const metadata = predicate.object('metadata');
  metadata.time('scanStartedOn');
  const finishedAt = metadata.time('scanFinishedOn');
  const report = readResult(scanner.member('result'));
  if (report === null) return [];
  if (finishedAt === null && report.scannedAt === null) {
    metadata.member('scanFinishedOn').fault('must be an RFC 3339 time where the report has none');
  }
  return [
    scanReading({
      ...report,
      scannerVersion:
        scanner.hint('version') ?? versionInPackageUrl(scanner.hint('uri') ?? '') ?? report.scannerVersion,
      databaseAt: scanner.object('db').time('lastUpdate') ?? report.databaseAt,
      scannedAt: finishedAt ?? report.scannedAt,
    }),
  ];
};

/** The reports that are read, by what no other of them has. */
const REPORTS = [
  [resemblesTrivyReport, readTrivyReport],
  [resemblesGrypeReport, readGrypeReport],
  [resemblesOsvResults, readOsvResults],
  [resemblesSarifLog, readSarifLog],
] as const;

function readResult(result: PredicateField): ScanReport | null {
  const [resembled, ...others] = REPORTS.filter(([resembles]) => resembles(result));
  if (resembled !== undefined && others.length === 0) {
    const [, read] = resembled;
    return read(result);
  }
  // The specification lets it be null; then nothing shows what was found, or that anything was looked for.
  result.fault('must be the JSON report of Trivy, Grype or OSV-Scanner, or a SARIF log');
  return null;
}
