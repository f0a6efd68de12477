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

/** What counts for a requirement already, where it is not enough. */
export interface Counting {
  readonly reached: number;
  /** Whose it is, for people. */
  readonly speakers: readonly string[];
}

/** How many are asked for and not there yet, of how many there are. */
interface Lacking {
  readonly count: number;
  readonly counting: Counting;
}

const NOTHING_YET: Counting = { reached: 0, speakers: [] };

/**
 * What would satisfy a requirement: `2 approvals by one of [qa, security] for region eu, each by another approver, not older
 * than 14 d`; where something counts already: `1 more approval by one of [qa] by another approver than alice`.
 *
 * @param lacking what of it is not there; all of it where it is left out
 */
export function missingEvidence(
  requirement: CompiledEvidence,
  wanted: string,
  line: string | null,
  lacking: Lacking = { count: requirement.count, counting: NOTHING_YET },
): string {
  const { from, maxAge, provenOrder, notByBuilder, check } = requirement;
  const { count, counting } = lacking;
  const parts = [`${howMany(requirement, lacking)} by one of [${from.join(', ')}]`];
  if (line !== null) parts.push(`for ${line}`);
  if (wanted !== '') parts.push(wanted);
  let text = parts.join(' ');
  const what = distinctionOf(requirement);
  const isNamed = what === 'approver' || what === 'attestor';
  const others = isNamed ? listed(counting.speakers) : 'what counts already';
  if (count > 1) text += `, each by another ${what}${counting.reached > 0 ? `, other than ${others}` : ''}`;
  else if (counting.reached > 0) text += `, by another ${what} than ${others}`;
  if (notByBuilder) text += ', by somebody else than who built the image';
  text += agePart(maxAge);
  if (provenOrder) text += ', with a proven signing time';
  if (check !== null) text += `, for which this holds: ${check.source}`;
  return text;
}

function howMany(requirement: CompiledEvidence, { count, counting }: Lacking): string {
  if (counting.reached === 0) return counted(requirement, count);
  return `${count} more ${count === 1 ? nounOf(requirement) : counted(requirement, count).slice(`${count} `.length)}`;
}

/** What must differ among what counts, in one word. */
function distinctionOf({ distinct, kind }: CompiledEvidence): string {
  return distinct ?? (kind === 'approval' ? 'approver' : 'group');
}

function agePart(maxAge: number | null): string {
  return maxAge === null ? '' : `, not older than ${durationText(maxAge)}`;
}

/** What would take the place of evidence that stands against the image. */
export interface InPlaceOf {
  /** Who would have to speak, for people. */
  readonly speakers: readonly string[];
  readonly attestations: readonly string[];
  /** The digest that it would have to be about, where that is not the image itself. */
  readonly about: string | null;
}

/** `newer scan by trivy with …, not older than 24 h, or VEX by one of [security] that …, or a retraction of sha256:…`. */
export function replacingEvidence(
  requirement: CompiledEvidence,
  wanted: string,
  { speakers, attestations, about }: InPlaceOf,
): string {
  const where = about === null ? '' : ` about ${about}`;
  const passing = wanted === '' ? 'that passes' : wanted;
  const vex =
    requirement.vex === null ? '' : `, or VEX by one of [${requirement.vex.from.join(', ')}] that removes enough`;
  const newer = `newer ${nounOf(requirement)}${where} by ${listed(speakers)} ${passing}${agePart(requirement.maxAge)}`;
  return `${newer}${vex}, or a retraction of ${listed(attestations)}`;
}

/** What is missing where it may be said of the index, or of each of the manifests that lack it. */
export function aboutAnyOf(missing: string, manifests: readonly string[]): string {
  return `${missing}; about the index, or about ${listed(manifests)}`;
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
