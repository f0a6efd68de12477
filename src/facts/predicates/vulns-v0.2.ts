import { readVectors, resemblesVector } from '../cvss-vector.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';
import { scanReading, type Sighting } from '../scan-report.js';
import { scannerName, versionInPackageUrl } from '../scanner-name.js';
import { higherScore, isScore, severityOf } from '../severity.js';

/** in-toto vulnerabilities v0.2 (spec/predicates/vulns_02.md). */
export const readVulnsV02: PredicateReader = (predicate) => readVulns(predicate, (entry) => entry);

/** Reads either version; `vulnerabilityIn` finds the vulnerability in one entry of the result. */
export function readVulns(
  predicate: PredicateField,
  vulnerabilityIn: (entry: PredicateField) => PredicateField,
): ReturnType<PredicateReader> {
  const scanner = predicate.requiredObject('scanner');
  const metadata = predicate.requiredObject('metadata');
  const uri = scanner.requiredText('uri');
  metadata.time('scanStartedOn');
  return [
    scanReading({
      scanner: scannerName(uri),
      scannerVersion: scanner.hint('version') ?? versionInPackageUrl(uri),
      databaseAt: scanner.object('db').time('lastUpdate'),
      scannedAt: metadata.requiredTime('scanFinishedOn'),
      sightings: scanner.requiredObjects('result').map((entry) => readVulnerability(vulnerabilityIn(entry))),
    }),
  ];
}

function readVulnerability(vulnerability: PredicateField): Sighting {
  const { words, cvss } = readSeverities(vulnerability);
  return {
    id: vulnerability.requiredText('id'),
    severity: severityOf(words, cvss),
    cvss,
    // The type has no field for the package; annotations are free-form, and only tell entries of one vulnerability apart.
    package: { name: null, version: null, purl: null },
    fixedIn: [],
    place: JSON.stringify(vulnerability.json('annotations')),
  };
}

/** A number in any notation, or what a program writes for one it could not compute. */
const NUMERIC = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$|^[+-]?(?:nan|inf|infinity)$/i;

/** One vulnerability may be rated by several methods: words are severities, numbers CVSS scores, and vectors give scores. */
function readSeverities(vulnerability: PredicateField): { words: readonly string[]; cvss: number | null } {
  const words: string[] = [];
  const vectors: PredicateField[] = [];
  let cvss: number | null = null;
  for (const severity of vulnerability.objects('severity')) {
    const score = severity.requiredText('score').trim();
    // EPSS is a probability: taken as a score it would read as mild.
    if (/epss/i.test(severity.hint('method') ?? '')) continue;
    if (resemblesVector(score)) vectors.push(severity.member('score'));
    else if (!NUMERIC.test(score)) words.push(score);
    else if (isScore(Number(score))) cvss = higherScore(cvss, Number(score));
    else severity.member('score').fault('must be a CVSS score from 0 to 10');
  }
  return { words, cvss: higherScore(cvss, readVectors(vectors, words.length > 0 || cvss !== null)) };
}
