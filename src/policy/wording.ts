import type { Kind } from '../intoto/predicate-kind.js';
import { isSignerId } from '../trust/signer.js';
import type { CompiledEvidence } from './compile-policy.js';
import { durationText } from './duration.js';
import type { Entry } from './evidence.js';

const NOUNS: Readonly<Record<Exclude<Kind, 'other'>, readonly [article: string, noun: string]>> = {
  build: ['a', 'build'],
  scan: ['a', 'scan'],
  test: ['a', 'test result'],
  approval: ['an', 'approval'],
  sbom: ['an', 'SBOM'],
  vex: ['a', 'VEX document'],
  summary: ['a', 'verification summary'],
};

/** Stands between the parts of what is missing. */
export const AND = '; and ';

/** The evidence that a requirement asks for in one word: `scan`, `attestation of type https://…`. */
export function nounOf({ kind, predicateType }: CompiledEvidence): string {
  if (predicateType !== null) return `attestation of type ${predicateType}`;
  return kind === 'other' ? 'attestation' : NOUNS[kind][1];
}

/** `a scan`, `2 approvals`. */
export function counted(requirement: CompiledEvidence, count: number): string {
  const { kind, predicateType } = requirement;
  if (count !== 1) {
    return predicateType === null
      ? `${count} ${nounOf(requirement)}s`
      : `${count} attestations of type ${predicateType}`;
  }
  const article = predicateType !== null || kind === 'other' ? 'an' : NOUNS[kind][0];
  return `${article} ${nounOf(requirement)}`;
}

/** What would satisfy a requirement: `2 approvals by one of [qa, security] for region eu, not older than 14 d`. */
export function missingEvidence(requirement: CompiledEvidence, wanted: string, line: string | null): string {
  const { count, from, maxAge, provenOrder, notByBuilder, distinct, check } = requirement;
  const parts = [`${counted(requirement, count)} by one of [${from.join(', ')}]`];
  if (line !== null) parts.push(`for ${line}`);
  if (wanted !== '') parts.push(wanted);
  let text = parts.join(' ');
  if (count > 1) text += `, each by another ${distinct ?? (requirement.kind === 'approval' ? 'approver' : 'group')}`;
  if (notByBuilder) text += ', by somebody else than who built the image';
  if (maxAge !== null) text += `, not older than ${durationText(maxAge)}`;
  if (provenOrder) text += ', with a proven signing time';
  if (check !== null) text += `, for which this holds: ${check.source}`;
  return text;
}

/** Who speaks in an entry: a named approver, the holder of a key, an attestor. */
export function speakerOf(entry: Entry): string {
  if (entry.voice.startsWith('person:')) return entry.voice.slice('person:'.length);
  if (!isSignerId(entry.voice)) return entry.voice;
  return entry.routes[0] === undefined ? 'an approver' : `the holder of ${entry.routes[0].label}`;
}

/** Names one after another: `a, b and c`, the first eight of them. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8);
  if (names.length > shown.length) return `${shown.join(', ')} and ${names.length - shown.length} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}

/** What is to be said of a subject, where the message speaks of `it` or of something of its own. */
export function sentence(subject: string, message: string): string {
  return message.startsWith('it ')
    ? `${subject} ${message.slice('it '.length)}`
    : `${subject} stands against it: ${message}`;
}
