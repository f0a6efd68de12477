import type { AttestationId } from '../intoto/digest.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { Line } from './conditions.js';
import { sortedIds } from './considered.js';
import type { Entry, Gathered, GatheredLine, Refusal, Rejected } from './evidence.js';
import { keylessHint } from './keyless-attestors.js';
import type { Scene } from './scene.js';
import type { Selection } from './select-evidence.js';
import type { RequirementCode, RequirementResult } from './verdict.js';
import { AND, counted, listed, missingEvidence, nounOf, replacingEvidence, sentence, speakerOf } from './wording.js';

/** What the evidence for one line of a requirement comes to. */
export interface WeighedLine extends GatheredLine, Selection {
  /** Whatever opposes goes before it. */
  readonly state: 'satisfied' | 'error' | 'short';
  /** How many passed that count apart from each other. */
  readonly reached: number;
}

/** When and under what trust it is concluded, for hints, and whether under a `not`. */
type Moment = Pick<Scene, 'trust' | 'clock' | 'inverted'>;

export type Conclusion = Omit<RequirementResult, 'id' | 'considered'>;

/**
 * What the lines of a requirement come to together: what opposes first, then what is in error, then what is lacking. Under a
 * `not` what opposes is what would let something pass: there it takes nothing away from what counts, or may count, without
 * it, unless all of the evidence is asked about.
 */
export function concludeEvidence(
  requirement: CompiledEvidence,
  gathered: Gathered,
  lines: readonly WeighedLine[],
  moment: Moment,
): Conclusion {
  const { wanted } = gathered.conditions;
  const opposing = lines.flatMap((line) => line.opposing);
  const inError = lines.find((line) => line.state === 'error');
  const isOverruled =
    moment.inverted &&
    requirement.select !== 'all' &&
    (inError !== undefined || lines.every(({ state }) => state === 'satisfied'));
  if (opposing.length > 0 && !isOverruled) return opposed(requirement, wanted, opposing, moment);
  if (inError !== undefined) return erred(requirement, wanted, inError);
  const short = lines.filter((line) => line.state === 'short');
  if (short.length > 0) return lacking(requirement, gathered, short, moment);
  const passing = lines.flatMap((line) => line.passing);
  const evidence = idsOf(passing);
  const count = new Set(passing.map(({ fact }) => fact.attestation)).size;
  const verb = count === 1 ? 'passes' : 'pass';
  const message = `${counted(requirement, count)} by ${listed(speakersOf(passing))} ${verb}`;
  return { status: 'satisfied', code: 'satisfied', message, evidence, missing: null };
}

function opposed(
  requirement: CompiledEvidence,
  wanted: string,
  opposing: readonly Rejected[],
  moment: Moment,
): Conclusion {
  const isNegative = opposing.some(({ reason }) => reason.code === 'negative_evidence');
  const entries = opposing.map(({ entry }) => entry);
  const byDigest = [...Map.groupBy(entries, ({ about }) => about ?? '')].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    status: 'unsatisfied',
    code: isNegative ? 'negative_evidence' : codeOf(opposing),
    message: told(requirement, opposing),
    evidence: idsOf(entries),
    // Under `all` nothing newer takes its place.
    missing:
      requirement.select === 'all'
        ? `a retraction of ${listed(idsOf(entries))}`
        : byDigest.map(([about, some]) => inPlaceOf(requirement, wanted, about, some, moment)).join(AND),
  };
}

/** What would take the place of what opposes: only what is said of the same digest. */
function inPlaceOf(
  requirement: CompiledEvidence,
  wanted: string,
  about: string,
  opposing: readonly Entry[],
  { trust, clock }: Moment,
): string {
  const attestors = requirement.kind === 'approval' ? requirement.from : opposing.map(({ voice }) => voice);
  const text = replacingEvidence(requirement, wanted, {
    speakers: speakersOf(opposing),
    attestations: idsOf(opposing),
    about: about === '' ? null : about,
  });
  return `${text}${keylessHint([...new Set(attestors)].sort(), trust, clock.now)}`;
}

function idsOf(entries: readonly Entry[]): readonly AttestationId[] {
  return sortedIds(entries.map(({ attestation }) => attestation));
}

function erred(requirement: CompiledEvidence, wanted: string, { erring, line }: WeighedLine): Conclusion {
  const reasons = [...new Set(erring.map(({ reason }) => reason.message))].sort();
  return {
    status: 'error',
    code: 'evaluation_error',
    message: reasons.length === 0 ? 'its check cannot be evaluated where it decides' : listed(reasons),
    evidence: [],
    missing: `${missingEvidence(requirement, wanted, line.name)}, and can be evaluated`,
  };
}

function lacking(
  requirement: CompiledEvidence,
  gathered: Gathered,
  short: readonly WeighedLine[],
  { trust, clock }: Moment,
): Conclusion {
  const reasons = short.map((weighed) => ({ line: weighed.line, ...shortOf(requirement, gathered, weighed, trust) }));
  const { wanted } = gathered.conditions;
  const asked = short.map(({ line, reached, passing }) =>
    missingEvidence(requirement, wanted, line.name, {
      count: requirement.count - reached,
      counting: { reached, speakers: speakersOf(passing) },
    }),
  );
  return {
    status: 'unsatisfied',
    code: reasons[0]?.code ?? 'no_evidence',
    message: reasons.map(({ line, message }) => (line.name === null ? message : `${line.name}: ${message}`)).join('; '),
    evidence: [],
    missing: `${asked.join(AND)}${keylessHint(requirement.from, trust, clock.now)}`,
  };
}

/** Why a line falls short, and the code that tells best what to do about it. */
function shortOf(
  requirement: CompiledEvidence,
  { refused, beside }: Gathered,
  { line, reached, passing, failing, near, passedOver }: WeighedLine,
  trust: Scene['trust'],
): { readonly code: RequirementCode; readonly message: string } {
  if (reached > 0) {
    const reachedSo = `${reached} of ${counted(requirement, requirement.count)}: by ${listed(speakersOf(passing))}`;
    const message = failing.length === 0 ? reachedSo : `${reachedSo}; ${told(requirement, failing)}`;
    return { code: 'not_enough_evidence', message };
  }
  if (failing.length > 0) return { code: codeOf(failing), message: told(requirement, failing) };
  const refusals = [
    ...[...passedOver, ...near].map(({ reason }) => reason),
    ...refused.map(({ refusal }) => refusal),
  ].sort((a, b) => (a.message < b.message ? -1 : 1));
  const what = `${nounOf(requirement)} by one of [${requirement.from.join(', ')}]`;
  for (const [code, codes] of WHY_NOTHING_COUNTS) {
    const because = refusals.find((refusal) => codes.includes(refusal.code));
    if (because !== undefined) return { code, message: `no ${what} counts: ${because.message}` };
  }
  const misses = nearestMisses(requirement, line, beside);
  if (misses !== '') return { code: 'no_evidence', message: `no ${what} is about what is asked: ${misses}` };
  const unknown = requirement.from.filter((name) => !trust.attestors.has(name));
  const hint = unknown.length === 0 ? '' : `; no attestor is named ${listed(unknown)}`;
  return { code: 'no_evidence', message: `there is no ${what}${hint}` };
}

/** What evidence that is about something else lacks, of that which comes nearest; empty where there is none. */
function nearestMisses(requirement: CompiledEvidence, line: Line, beside: readonly Rejected[]): string {
  const misses = beside.flatMap(({ entry }) => {
    const miss = entry.helps ? line.misses(entry.fact.content) : null;
    return miss === null ? [] : [{ entry, miss }];
  });
  const nearest = Math.max(...misses.map(({ miss: { met = 0 } }) => met));
  const sentences = misses
    .filter(({ miss: { met = 0 } }) => met === nearest)
    .map(({ entry, miss }) => sentence(`the ${nounOf(requirement)} by ${speakerOf(entry)}`, miss.message));
  return listed([...new Set(sentences)].sort());
}

const WHY_NOTHING_COUNTS: readonly (readonly [RequirementCode, readonly Refusal['code'][]])[] = [
  ['condition_false', ['approver_mismatch', 'condition_false']],
  ['signer_revoked', ['attestation_revoked', 'signer_revoked', 'not_valid_yet']],
  ['wrong_attestor', ['wrong_attestor']],
];

function codeOf(rejected: readonly Rejected[]): RequirementCode {
  return rejected.some(({ reason }) => reason.code === 'evidence_too_old') ? 'evidence_too_old' : 'condition_false';
}

function told(requirement: CompiledEvidence, rejected: readonly Rejected[]): string {
  const which = requirement.select === 'latest' ? 'the newest' : 'the';
  const sentences = rejected.map(({ entry, reason }) =>
    sentence(`${which} ${nounOf(requirement)} by ${speakerOf(entry)}`, reason.message),
  );
  return listed([...new Set(sentences)].sort());
}

function speakersOf(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.map(speakerOf))].sort();
}
