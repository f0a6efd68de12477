import { candidatesOf, type Candidates } from './candidates.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { Conditions, Line } from './conditions.js';
import { concluded, sortedIds } from './considered.js';
import { countDistinct, type Claim } from './count-distinct.js';
import { byAttestation, type Entry, type Refusal } from './evidence.js';
import { named, peopleOf } from './people.js';
import { Judge } from './judge-entry.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { Scene } from './scene.js';
import { selectEvidence, type Rejected, type Selection } from './select-evidence.js';
import type { Considered, RequirementCode, RequirementResult } from './verdict.js';
import { counted, listed, missingEvidence, nounOf, sentence, speakerOf } from './wording.js';

/** What the evidence for one line of a requirement comes to. */
interface LineResult extends Selection {
  readonly line: Line;
  /** Whatever opposes goes before it. */
  readonly state: 'satisfied' | 'error' | 'short';
  /** How many passed that count apart from each other. */
  readonly reached: number;
  /** What speaks of the line's matter without proving it. */
  readonly near: readonly Rejected[];
}

/** Weighs the evidence for one requirement. Facts may come in any order. */
export function weighEvidence(requirement: CompiledEvidence, scene: Scene): RequirementResult {
  const conditions = requirement.conditions(scene.parameters);
  const candidates = candidatesOf(requirement, conditions, scene);
  const judge = new Judge(requirement, conditions, scene);
  const lines = conditions.lines.map((line) => weighLine(line, requirement, conditions, candidates, judge, scene));
  const conclusion = conclude(requirement, conditions, candidates, lines, scene);
  return concluded({ id: requirement.id, ...conclusion }, consideredIn(requirement, conditions, candidates, lines));
}

function weighLine(
  line: Line,
  requirement: CompiledEvidence,
  conditions: Conditions,
  { entries }: Candidates,
  judge: Judge,
  scene: Scene,
): LineResult {
  const chosen: Entry[] = [];
  const near: Rejected[] = [];
  for (const entry of entries) {
    const miss = line.misses(entry.fact.content);
    if (miss === null) chosen.push(entry);
    else if (miss.near) near.push({ entry, reason: { code: 'condition_false', message: miss.message } });
  }
  const selection = selectEvidence(requirement, conditions, chosen, judge, scene.inverted);
  const { opposing, failing, erring, undecided } = selection;
  const found = [...selection.passing].sort(byAttestation);
  const claims = new Map(found.map((entry) => [entry, claimsOf(entry, requirement, scene.trust)]));
  const counted = countDistinct([...claims.values()].flat());
  const reached = counted.size;
  const passing: Entry[] = [];
  const passedOver = [...selection.passedOver];
  for (const [entry, claimed] of claims) {
    const isCounted = claimed.some(([one, countedFor]) => counted.get(one) === countedFor);
    if (isCounted || requirement.kind !== 'approval') passing.push(entry);
    else passedOver.push({ entry, reason: DUPLICATE });
  }
  const result = { line, reached, near, passing, opposing, failing, erring, undecided, passedOver };
  if (!undecided && reached >= requirement.count) return { ...result, state: 'satisfied' };
  return { ...result, state: undecided || erring.length > 0 ? 'error' : 'short' };
}

/**
 * What an entry may be counted as. Approvals are counted by their signers and by whom they name, each once: two keys that
 * name one approver are not two people. Other evidence is counted once for each group; where attestors must differ, so
 * must those who signed for them.
 */
function claimsOf(entry: Entry, { kind, distinct }: CompiledEvidence, trust: TrustSnapshot): readonly Claim[] {
  const { attestation, content } = entry.fact;
  if (kind === 'approval') {
    if (distinct === 'attestor') return entry.routes.map(({ attestor }) => [entry.voice, attestor]);
    if (distinct === 'signer') return entry.routes.map(({ thumbprint }) => [entry.voice, thumbprint]);
    const claimed = content.kind === 'approval' ? content.approver.id : '';
    return [[entry.voice, peopleOf(trust).same(named(claimed))]];
  }
  if (distinct === 'attestor') return entry.routes.map(({ attestor, thumbprint }) => [thumbprint, attestor]);
  if (distinct === 'signer') return entry.routes.map(({ thumbprint }) => [attestation, thumbprint]);
  return [[attestation, entry.group]];
}

const DUPLICATE: Refusal = {
  code: 'duplicate_person',
  message: 'it names an approver, or comes from one, who already counts',
};

type Conclusion = Omit<RequirementResult, 'id' | 'considered'>;

function conclude(
  requirement: CompiledEvidence,
  conditions: Conditions,
  candidates: Candidates,
  lines: readonly LineResult[],
  scene: Scene,
): Conclusion {
  const opposing = lines.flatMap((line) => line.opposing);
  if (opposing.length > 0) return opposed(requirement, conditions, opposing);
  const erring = lines.find((line) => line.state === 'error');
  if (erring !== undefined) {
    const reasons = erring.erring.map(({ reason }) => reason.message);
    return {
      status: 'error',
      code: 'evaluation_error',
      message: listed([...new Set(reasons)].sort()),
      evidence: [],
      missing: `${missingEvidence(requirement, conditions.wanted, erring.line.name)}, and can be evaluated`,
    };
  }
  const short = lines.filter((line) => line.state === 'short');
  const [first] = short;
  if (first === undefined) {
    const passing = lines.flatMap((line) => line.passing);
    const ids = sortedIds(passing.map(({ fact }) => fact.attestation));
    const by = listed(distinctSpeakers(passing));
    return {
      status: 'satisfied',
      code: 'satisfied',
      message: `${counted(requirement, ids.length)} by ${by} ${ids.length === 1 ? 'passes' : 'pass'}`,
      evidence: ids,
      missing: null,
    };
  }
  const messages = short.map((line) => {
    const { message } = shortOf(requirement, candidates, line, scene);
    return line.line.name === null ? message : `${line.line.name}: ${message}`;
  });
  return {
    status: 'unsatisfied',
    code: shortOf(requirement, candidates, first, scene).code,
    message: messages.join('; '),
    evidence: [],
    missing: short.map((line) => missingEvidence(requirement, conditions.wanted, line.line.name)).join('; and '),
  };
}

function opposed(requirement: CompiledEvidence, conditions: Conditions, opposing: readonly Rejected[]): Conclusion {
  const negative = opposing.some(({ reason }) => reason.code === 'negative_evidence');
  const evidence = sortedIds(opposing.map(({ entry }) => entry.fact.attestation));
  const speakers = listed(distinctSpeakers(opposing.map(({ entry }) => entry)));
  const passing = conditions.wanted === '' ? 'that passes' : conditions.wanted;
  return {
    status: 'unsatisfied',
    code: negative ? 'negative_evidence' : codeOf(opposing),
    message: told(requirement, opposing),
    evidence,
    missing: `newer ${nounOf(requirement)} by ${speakers} ${passing}, or a retraction of ${listed(evidence)}`,
  };
}

/** Why a line falls short, and the code that tells best what to do about it. */
function shortOf(
  requirement: CompiledEvidence,
  { refused }: Candidates,
  line: LineResult,
  scene: Scene,
): { readonly code: RequirementCode; readonly message: string } {
  const { reached, passing, failing, near, passedOver } = line;
  if (reached > 0) {
    const counting = `${reached} of ${counted(requirement, requirement.count)}: by ${listed(distinctSpeakers(passing))}`;
    return {
      code: 'not_enough_evidence',
      message: failing.length === 0 ? counting : `${counting}; ${told(requirement, failing)}`,
    };
  }
  if (failing.length > 0) return { code: codeOf(failing), message: told(requirement, failing) };
  const refusals = [
    ...passedOver.map(({ reason }) => reason),
    ...near.map(({ reason }) => reason),
    ...refused.map(({ refusal }) => refusal),
  ].sort((a, b) => (a.message < b.message ? -1 : 1));
  const none = `no ${nounOf(requirement)} by one of [${requirement.from.join(', ')}] counts`;
  for (const [code, codes] of WHY_NOTHING_COUNTS) {
    const because = refusals.find((refusal) => codes.includes(refusal.code));
    if (because !== undefined) return { code, message: `${none}: ${because.message}` };
  }
  const unknown = requirement.from.filter((name) => !scene.trust.attestors.has(name));
  const hint = unknown.length === 0 ? '' : `; no attestor is named ${listed(unknown)}`;
  return {
    code: 'no_evidence',
    message: `there is no ${nounOf(requirement)} by one of [${requirement.from.join(', ')}]${hint}`,
  };
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

function distinctSpeakers(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.map(speakerOf))].sort();
}

function* consideredIn(
  requirement: CompiledEvidence,
  conditions: Conditions,
  { entries, refused }: Candidates,
  lines: readonly LineResult[],
): Iterable<Considered> {
  for (const { fact, refusal } of refused) yield { attestation: fact.attestation, ...refusal };
  for (const entry of entries) {
    const misses = conditions.lines.map((line) => line.misses(entry.fact.content));
    const [first] = misses;
    if (first === undefined || first === null || misses.includes(null)) continue;
    yield { attestation: entry.fact.attestation, code: 'condition_false', message: first.message };
  }
  for (const { passing, opposing, failing, erring, passedOver, reached } of lines) {
    for (const { entry, reason } of [...opposing, ...failing, ...erring, ...passedOver]) {
      yield { attestation: entry.fact.attestation, ...reason };
    }
    for (const { fact } of passing) {
      const message = `it passes; ${reached} of ${requirement.count} needed`;
      yield { attestation: fact.attestation, code: 'satisfied', message };
    }
  }
}
