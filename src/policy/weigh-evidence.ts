import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { CompiledEvidence } from './compile-policy.js';
import { concludeEvidence, type WeighedLine } from './conclude-evidence.js';
import { concluded } from './considered.js';
import { countDistinct, type Claim } from './count-distinct.js';
import { byAttestation, type Entry, type Gathered, type GatheredLine, type Refusal } from './evidence.js';
import { gatherEvidence } from './gather-evidence.js';
import { Judge } from './judge-entry.js';
import { named, peopleOf } from './people.js';
import type { Scene } from './scene.js';
import { selectEvidence, type Selection } from './select-evidence.js';
import type { Considered, RequirementResult } from './verdict.js';

/** Weighs the evidence for one requirement. Facts may come in any order. */
export function weighEvidence(requirement: CompiledEvidence, scene: Scene): RequirementResult {
  const gathered = gatherEvidence(requirement, scene);
  const judge = new Judge(requirement, gathered.conditions, scene);
  const lines = gathered.lines.map((line) => weighLine(line, requirement, gathered, judge, scene));
  const conclusion = concludeEvidence(requirement, gathered, lines, scene.trust);
  return concluded({ id: requirement.id, ...conclusion }, consideredIn(requirement, gathered, lines));
}

function weighLine(
  gathered: GatheredLine,
  requirement: CompiledEvidence,
  { conditions }: Gathered,
  judge: Judge,
  scene: Scene,
): WeighedLine {
  const selection = selectEvidence(requirement, conditions, gathered.chosen, judge, scene.inverted);
  const { passing, passedOver, reached } = counted(requirement, selection, scene.trust);
  const { opposing, failing, erring, undecided } = selection;
  const weighed = { ...gathered, opposing, failing, erring, undecided, passing, passedOver, reached };
  if (!undecided && reached >= requirement.count) return { ...weighed, state: 'satisfied' };
  return { ...weighed, state: undecided || erring.length > 0 ? 'error' : 'short' };
}

/** How many of those that passed count apart. An approval that does not is told so; other evidence stays evidence. */
function counted(
  requirement: CompiledEvidence,
  { passing, passedOver }: Selection,
  trust: TrustSnapshot,
): Pick<WeighedLine, 'passing' | 'passedOver' | 'reached'> {
  if (passing.length === 0) return { passing, passedOver, reached: 0 };
  const claims = [...passing].sort(byAttestation).map((entry) => ({ entry, all: claimsOf(entry, requirement, trust) }));
  const matched = countDistinct(claims.flatMap(({ all }) => all));
  const isCounted = ([one, countedFor]: Claim): boolean => matched.get(one) === countedFor;
  const surplus = requirement.kind === 'approval' ? claims.filter(({ all }) => !all.some(isCounted)) : [];
  return {
    passing: claims.filter((claim) => !surplus.includes(claim)).map(({ entry }) => entry),
    passedOver: [...passedOver, ...surplus.map(({ entry }) => ({ entry, reason: DUPLICATE }))],
    reached: matched.size,
  };
}

const DUPLICATE: Refusal = {
  code: 'duplicate_person',
  message: 'it names an approver, or comes from one, who already counts',
};

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

function* consideredIn(
  { count }: CompiledEvidence,
  { refused, beside }: Gathered,
  lines: readonly WeighedLine[],
): Iterable<Considered> {
  for (const { fact, refusal } of refused) yield { attestation: fact.attestation, ...refusal };
  const rejected = lines.flatMap((line) => [...line.opposing, ...line.failing, ...line.erring, ...line.passedOver]);
  for (const { entry, reason } of [...beside, ...rejected]) yield { attestation: entry.fact.attestation, ...reason };
  for (const { passing, reached } of lines) {
    const message = `it passes; ${reached} of ${count} needed`;
    for (const { fact } of passing) yield { attestation: fact.attestation, code: 'satisfied', message };
  }
}
