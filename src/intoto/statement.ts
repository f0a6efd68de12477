import { isSubjectAlgorithm, subjectDigest, type SubjectDigest } from './digest.js';
import { FaultList } from './fault-list.js';
import { asArray, asObject, member, parseStrictJson, type Json, type JsonObject } from './json.js';
import { elementPath, memberPath, quoted } from './json-path.js';
import { Malformed, type Fault } from './malformed.js';

const MAX_SUBJECTS = 10_000;
/** In bytes of UTF-8: what a database index can still hold. */
const MAX_PREDICATE_TYPE_LENGTH = 2_000;

/** The two Statement types there are; neither implies which predicate types go with it. */
const STATEMENT_TYPES: ReadonlyMap<string, 'v0.1' | 'v1'> = new Map([
  ['https://in-toto.io/Statement/v0.1', 'v0.1'],
  ['https://in-toto.io/Statement/v1', 'v1'],
]);

/** An artifact named by digest; its name is for people and decides nothing (in-toto: matched purely by digest). */
export interface Subject {
  readonly name: string | null;
  /** In the order of the statement, accepted algorithms only; empty for a subject passed over, never for all of them. */
  readonly digests: readonly SubjectDigest[];
}

export interface Statement {
  readonly type: 'v0.1' | 'v1';
  readonly subjects: readonly Subject[];
  readonly predicateType: string;
  /** An object, `{}` where the statement has none, or the string that old cosign attestations hold. */
  readonly predicate: Json;
}

/** What a payload says before anybody has verified who signed it: fit for finding it again, never for deciding. */
export interface ClaimedStatement {
  readonly claimedSubjects: readonly Subject[];
  readonly claimedPredicateType: string;
}

/**
 * Whether the payload type is that of an in-toto Statement: `application/vnd.in-toto+json` or, since v1.2 of the
 * specification, `application/vnd.in-toto.<predicate>+json`. What follows the dot is not trusted for anything.
 */
export function isStatementPayloadType(payloadType: string): boolean {
  return /^application\/vnd\.in-toto(?:\.[A-Za-z0-9_-]+)?\+json$/.test(payloadType);
}

/**
 * Reads an in-toto Statement v0.1 or v1 with any predicate type; unknown fields are ignored. A digest in an accepted
 * algorithm must be in lower case and of full length: a malformed one is a fault, since dropping or mending
 * it would answer for another artifact than was signed. Algorithms that are not accepted are ignored, and a subject that has
 * no other is passed over (in-toto DigestSet), unless that leaves none. Names are required
 * and unique in v0.1, optional in v1. The predicate's content is not looked at.
 *
 * Throws Malformed of the document `statement` with every fault found.
 */
export function parseStatement(payload: Uint8Array): Statement {
  const json = asObject(parseStrictJson(payload, { document: 'statement' }));
  if (json === null) throw new Malformed('statement', [{ path: '', message: 'must be a JSON object' }]);
  const faults = new FaultList();
  const type = readType(json, faults);
  const statement = {
    type,
    subjects: readSubjects(json, type, faults),
    predicateType: readPredicateType(json, faults),
    predicate: readPredicate(json, faults),
  };
  faults.throwIfAny('statement');
  return statement;
}

/** The same reading under names that say what it is worth before verification. Throws as `parseStatement` does. */
export function claimedStatement(payload: Uint8Array): ClaimedStatement {
  const { subjects, predicateType } = parseStatement(payload);
  return { claimedSubjects: subjects, claimedPredicateType: predicateType };
}

function readType(json: JsonObject, faults: FaultList): Statement['type'] {
  const value = member(json, '_type');
  const type = typeof value === 'string' ? STATEMENT_TYPES.get(value) : undefined;
  if (type === undefined) {
    const found = typeof value === 'string' ? `, not ${quoted(value)}` : '';
    faults.add('_type', `must be ${[...STATEMENT_TYPES.keys()].join(' or ')}${found}`);
  }
  return type ?? 'v1';
}

function readSubjects(json: JsonObject, type: Statement['type'], faults: FaultList): Subject[] {
  const list = asArray(member(json, 'subject'));
  if (list === null || list.length === 0) {
    faults.add('subject', 'must be an array of at least one subject');
    return [];
  }
  if (list.length > MAX_SUBJECTS) {
    faults.add('subject', `holds ${list.length} subjects; at most ${MAX_SUBJECTS} are accepted`);
    return [];
  }
  const taken = new Set<string>();
  const unnamed: Fault[] = [];
  const subjects = list.map((element, index) => {
    const path = elementPath('subject', index);
    const subject = asObject(element);
    if (subject === null) {
      faults.add(path, 'must be an object');
      return { name: null, digests: [] };
    }
    const name = readName(subject, path, faults);
    if (type === 'v0.1') requireUniqueName(name, taken, memberPath(path, 'name'), faults);
    return { name, digests: readDigests(subject, memberPath(path, 'digest'), faults, unnamed) };
  });
  // A subject that only a digest nobody accepts would name is passed over beside others; a statement of nothing but such
  // subjects is about no artifact at all.
  if (unnamed.length === list.length) for (const { path, message } of unnamed) faults.add(path, message);
  return subjects;
}

function readName(subject: JsonObject, path: string, faults: FaultList): string | null {
  const name = member(subject, 'name') ?? '';
  if (typeof name === 'string') return name === '' ? null : name;
  faults.add(memberPath(path, 'name'), 'must be a string');
  return null;
}

/** Statement v0.1: names are required and unique; `_` says that there is no meaningful one. */
function requireUniqueName(name: string | null, taken: Set<string>, path: string, faults: FaultList): void {
  if (name === '_') return;
  if (name === null) faults.add(path, 'must be a name that is not empty in Statement v0.1');
  else if (taken.has(name)) faults.add(path, `stands twice: ${quoted(name)}`);
  else taken.add(name);
}

function readDigests(subject: JsonObject, path: string, faults: FaultList, unnamed: Fault[]): SubjectDigest[] {
  const digestSet = asObject(member(subject, 'digest'));
  if (digestSet === null) {
    faults.add(path, 'must be an object of digests by algorithm');
    return [];
  }
  const accepted = Object.entries(digestSet).filter(([algorithm]) => isSubjectAlgorithm(algorithm));
  if (accepted.length === 0) {
    const found = Object.keys(digestSet).slice(0, 5).map(quoted).join(', ') || 'none';
    unnamed.push({ path, message: `must hold a digest in an accepted algorithm, such as sha256; it holds ${found}` });
  }
  return accepted.flatMap(([algorithm, value]) => {
    const digest = typeof value === 'string' ? subjectDigest(algorithm, value) : null;
    if (digest !== null) return [digest];
    faults.add(memberPath(path, algorithm), `must be ${algorithm} in lower-case hexadecimal digits of full length`);
    return [];
  });
}

function readPredicateType(json: JsonObject, faults: FaultList): string {
  const value = member(json, 'predicateType');
  if (typeof value !== 'string' || value === '') {
    faults.add('predicateType', 'must be a string that is not empty');
    return '';
  }
  if (Buffer.byteLength(value) > MAX_PREDICATE_TYPE_LENGTH) {
    faults.add('predicateType', `is longer than ${MAX_PREDICATE_TYPE_LENGTH} bytes`);
  }
  return value;
}

function readPredicate(json: JsonObject, faults: FaultList): Json {
  const value = member(json, 'predicate') ?? {};
  if (typeof value !== 'string' && asObject(value) === null) faults.add('predicate', 'must be an object');
  return value;
}
