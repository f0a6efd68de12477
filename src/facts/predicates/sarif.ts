import type { Finding } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';
import { scanReading, type ScanReport, type Sighting } from '../scan-report.js';
import { scannerNamed } from '../scanner-name.js';
import { higherScore, isScore, isSeverityWord, severityOf } from '../severity.js';
import { sarifRules, type FindRule } from './sarif-rules.js';

/** A SARIF log as predicate, bare or, as Scribe's valint writes it, as `content` beside a description of the run. */
export const readSarifPredicate: PredicateReader = (predicate) => {
  const wrapped = !predicate.has('runs') && predicate.member('content').isObject;
  return [scanReading(readSarifLog(wrapped ? predicate.member('content') : predicate))];
};

/** Witness' SARIF attestation, which has the log as `report` beside the file's name and digests. */
export const readWitnessSarif: PredicateReader = (predicate) => [
  scanReading(readSarifLog(predicate.requiredObject('report'))),
];

/** Whether the field has what only a SARIF log has. */
export function resemblesSarifLog(report: PredicateField): boolean {
  return report.has('runs');
}

/**
 * Reads a SARIF log (OASIS, SARIF 2.1.0). A run without results did not look for any (3.14.23), and one that did not
 * complete may have missed some: neither proves that there are none.
 */
export function readSarifLog(log: PredicateField): ScanReport {
  if (log.text('version') !== '2.1.0') log.member('version').fault('must be "2.1.0"');
  const runs = log.requiredObjects('runs');
  if (runs.length === 0) log.member('runs').fault('must hold a run');
  const drivers = runs.map((run) => run.requiredObject('tool').requiredObject('driver'));
  const names = new Set(drivers.map((driver) => scannerNamed(driver.requiredText('name'))));
  const ends = runs.flatMap(readEnds).sort();
  return {
    scanner: [...names].sort().join(', '),
    scannerVersion:
      names.size === 1 ? (drivers[0]?.hint('semanticVersion') ?? drivers[0]?.hint('version') ?? null) : null,
    databaseAt: null,
    // Of several runs the one that is longest ago: nothing becomes younger by standing beside something young.
    scannedAt: ends[0] ?? null,
    sightings: runs.flatMap(readRun),
  };
}

function readEnds(run: PredicateField): readonly string[] {
  return run.objects('invocations').flatMap((invocation) => {
    if (invocation.json('executionSuccessful') === false) {
      invocation.member('executionSuccessful').fault('is false: the run did not complete');
    }
    return invocation.time('endTimeUtc') ?? [];
  });
}

function readRun(run: PredicateField): readonly Sighting[] {
  const elsewhere = run.object('externalPropertyFileReferences');
  if (elsewhere.has('results')) elsewhere.member('results').fault('must stand in the log itself, not in other files');
  const findRule = sarifRules(run.member('tool'));
  return run
    .requiredObjects('results')
    .filter((result) => isFinding(result))
    .map((result) => readResult(result, findRule));
}

const KINDS = ['fail', 'open', 'review', 'pass', 'notApplicable', 'informational'];
const STATES = ['new', 'unchanged', 'updated', 'absent'];
const STATUSES = ['accepted', 'underReview', 'rejected'];

/**
 * Whether something was found: not what passed, did not apply or only informs (3.27.9), not what is no longer there
 * (3.27.24), and not what was suppressed, where nobody has yet to agree (3.27.23, 3.35.3). What is open is found.
 */
function isFinding(result: PredicateField): boolean {
  const kind = oneOf(result, 'kind', KINDS) ?? 'fail';
  const state = oneOf(result, 'baselineState', STATES);
  const statuses = result.objects('suppressions').map((each) => oneOf(each, 'status', STATUSES) ?? 'accepted');
  const suppressed = statuses.length > 0 && statuses.every((status) => status === 'accepted');
  return ['fail', 'open', 'review'].includes(kind) && state !== 'absent' && !suppressed;
}

function oneOf(object: PredicateField, name: string, words: readonly string[]): string | null {
  const word = object.text(name);
  if (word === null || words.includes(word)) return word;
  object.member(name).fault(`must be one of ${words.join(', ')}`);
  return null;
}

function readResult(result: PredicateField, findRule: FindRule): Sighting {
  const { id, rule } = findRule(result);
  const places = result.objects('locations').map((location) => location.json('physicalLocation'));
  return {
    id,
    ...rate(result, rule),
    package: { name: null, version: null, purl: null },
    fixedIn: [],
    place: JSON.stringify([places, result.json('message')]),
  };
}

const SEVERITY_BY_LEVEL: ReadonlyMap<string, string> = new Map([
  ['error', 'high'],
  ['warning', 'medium'],
  ['note', 'low'],
  ['none', 'none'],
]);

/**
 * By the severity words among the tags and by `security-severity`, which code scanning understands as a CVSS score and in
 * which 0 stands for what nobody rated; where there is neither, by the level, which without a word of its own is the
 * rule's, and `warning` without one (3.27.10).
 */
function rate(result: PredicateField, rule: PredicateField | null): Pick<Finding, 'severity' | 'cvss'> {
  const bags = [result, ...(rule === null ? [] : [rule])].map((each) => each.object('properties'));
  const words = bags.flatMap((bag) => bag.texts('tags')).filter(isSeverityWord);
  const cvss = bags.map(readSecuritySeverity).reduce(higherScore, null);
  const stated = readLevel(result) ?? (rule === null ? null : readLevel(rule.object('defaultConfiguration')));
  if (words.length > 0 || cvss !== null) return { severity: severityOf(words, cvss), cvss };
  // What is open or under review has the level none, which says nothing of how bad it would be.
  const undecided = (result.hint('kind') ?? 'fail') !== 'fail';
  return { severity: undecided ? 'unknown' : severityOf([stated ?? 'medium'], null), cvss: null };
}

function readLevel(object: PredicateField): string | null {
  const level = object.text('level');
  const severity = level === null ? null : SEVERITY_BY_LEVEL.get(level);
  if (severity === undefined) object.member('level').fault('must be one of error, warning, note, none');
  return severity ?? null;
}

function readSecuritySeverity(properties: PredicateField): number | null {
  if (!properties.has('security-severity')) return null;
  const { value } = properties.member('security-severity');
  const score = typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
  if (isScore(score)) return score === 0 ? null : score;
  properties.member('security-severity').fault('must be a score from 0 to 10');
  return null;
}
