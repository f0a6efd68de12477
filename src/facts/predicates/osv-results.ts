import { readVectors } from '../cvss-vector.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';
import { scanReading, type ScanReport, type Sighting } from '../scan-report.js';
import { higherScore, isScore, severityOf } from '../severity.js';

/** OSV-Scanner's results as predicate, of whatever version of the OSV schema. */
export const readOsvPredicate: PredicateReader = (predicate) => [scanReading(readOsvResults(predicate))];

/** Whether the field has what only OSV results have. */
export function resemblesOsvResults(report: PredicateField): boolean {
  return report.has('results');
}

/**
 * Reads the JSON results of OSV-Scanner, which lists the packages in which it found something. What is written through
 * protocol buffers leaves an empty list of results out: then a `date` must say that it scanned.
 */
export function readOsvResults(report: PredicateField): ScanReport {
  const date = report.time('date');
  const results = date === null ? report.requiredObjects('results') : report.objects('results');
  return {
    scanner: 'osv-scanner',
    scannerVersion: null,
    databaseAt: null,
    scannedAt: date,
    sightings: results.flatMap((result) => {
      const path = result.object('source').hint('path');
      return result.requiredObjects('packages').flatMap((each) => readPackage(each, path));
    }),
  };
}

/**
 * One finding for each group of ids, as OSV-Scanner counts: advisories of several databases about one vulnerability are
 * one group. A vulnerability that no group names is a finding of its own, and so is a group without one.
 */
function readPackage(scanned: PredicateField, path: string | null): readonly Sighting[] {
  const about = scanned.requiredObject('package');
  const name = about.hint('name');
  const place = JSON.stringify([path, about.hint('commit')]);
  const named = { name, version: about.hint('version'), purl: about.hint('purl') };
  const advisories = new Map(
    scanned.objects('vulnerabilities').map((vulnerability) => [vulnerability.requiredText('id'), vulnerability]),
  );
  const groups = scanned.objects('groups').map((group) => ({ group, ids: group.texts('ids') }));
  for (const { group, ids } of groups) if (ids.length === 0) group.member('ids').fault('must name a vulnerability');
  const grouped = new Set(groups.flatMap(({ ids }) => ids));
  const alone = [...advisories.keys()].filter((id) => !grouped.has(id)).map((id) => ({ group: null, ids: [id] }));
  return [...groups, ...alone].map(({ group, ids }) => {
    const members = ids.flatMap((id) => advisories.get(id) ?? []);
    return {
      id: ids[0] ?? '',
      ...rate(members, group),
      package: named,
      fixedIn: [...new Set(members.flatMap((advisory) => fixesIn(advisory, name)))],
      place,
    };
  });
}

/** Rates a group by the vectors and words of its advisories and by the score that OSV-Scanner works out for it. */
function rate(
  advisories: readonly PredicateField[],
  group: PredicateField | null,
): Pick<Sighting, 'severity' | 'cvss'> {
  const words = advisories.flatMap((advisory) => advisory.member('database_specific').hint('severity') ?? []);
  const vectors: PredicateField[] = [];
  for (const severity of advisories.flatMap((advisory) => advisory.objects('severity'))) {
    // Other types are words, of Ubuntu for one.
    if (/^CVSS_V\d$/.test(severity.requiredText('type'))) vectors.push(severity.member('score'));
    else words.push(severity.requiredText('score'));
  }
  const worked = group === null ? null : readWorkedOut(group);
  const cvss = higherScore(worked, readVectors(vectors, words.length > 0 || worked !== null));
  return { severity: severityOf(words, cvss), cvss };
}

function readWorkedOut(group: PredicateField): number | null {
  const text = group.text('max_severity');
  if (text === null) return null;
  if (/^\d+(?:\.\d+)?$/.test(text) && isScore(Number(text))) return Number(text);
  group.member('max_severity').fault('must be a CVSS score from 0 to 10');
  return null;
}

/** In which versions the package is fixed; commits of a repository are no versions. */
function fixesIn(advisory: PredicateField, name: string | null): readonly string[] {
  return advisory
    .objects('affected')
    .filter((affected) => affected.object('package').hint('name') === name)
    .flatMap((affected) => affected.objects('ranges'))
    .filter((range) => range.hint('type') !== 'GIT')
    .flatMap((range) => range.objects('events').flatMap((event) => event.hint('fixed') ?? []));
}
