import { signerIdOf } from '../trust/signer.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { Conditions } from './conditions.js';
import { byAttestation, type Entry, type Refusal, type Rejected } from './evidence.js';
import type { Times } from './evidence-times.js';
import type { Judge, Outcome } from './judge-entry.js';

/** What the evidence of one line comes to, group by group. */
export interface Selection {
  readonly passing: readonly Entry[];
  /** What would pass in place of what does, were that revoked; gathered only where evidence must differ. */
  readonly spare: readonly Entry[];
  /** What stands against the image whatever else passes. */
  readonly opposing: readonly Rejected[];
  /** What was picked and did not pass. */
  readonly failing: readonly Rejected[];
  /** What was picked and could not be judged. */
  readonly erring: readonly Rejected[];
  /** It cannot be told whether something stands against the image. */
  readonly undecided: boolean;
  /** What was not picked. */
  readonly passedOver: readonly Rejected[];
}

/** Picks within each group of a line and judges what was picked, never the other way round. */
export function selectEvidence(
  requirement: CompiledEvidence,
  conditions: Conditions,
  entries: readonly Entry[],
  judge: Judge,
  inverted: boolean,
): Selection {
  const groups = [...Map.groupBy(entries, spokenOf)].sort(([a], [b]) => (a < b ? -1 : 1));
  const selector = new Selector(requirement, conditions, judge, inverted);
  for (const [, group] of groups) {
    if (requirement.select === 'latest') selector.latest(group);
    else selector.each(group, requirement.select === 'all');
  }
  return selector;
}

/** What an entry speaks of: evidence about one digest says nothing of another's. */
function spokenOf({ about, group }: Entry): string {
  return about === null ? group : `${about} ${group}`;
}

interface Picked {
  readonly entry: Entry;
  readonly outcome: Outcome;
}

class Selector implements Selection {
  readonly passing: Entry[] = [];
  readonly spare: Entry[] = [];
  readonly opposing: Rejected[] = [];
  readonly failing: Rejected[] = [];
  readonly erring: Rejected[] = [];
  readonly passedOver: Rejected[] = [];
  undecided = false;
  private readonly orders = new Map<Entry, number>();

  constructor(
    private readonly requirement: CompiledEvidence,
    private readonly conditions: Conditions,
    private readonly judge: Judge,
    private readonly inverted: boolean,
  ) {}

  /** Under `any` whatever passes counts; under `all` whatever does not pass stands in the way. */
  each(group: readonly Entry[], all: boolean): void {
    for (const entry of group) {
      if (!all && entry.refusal !== null) {
        this.passedOver.push({ entry, reason: entry.refusal });
        continue;
      }
      const outcome = this.judge.outcome(entry);
      if (outcome.state === 'open') continue;
      if (outcome.state === 'passes') {
        if (entry.refusal === null) this.passing.push(entry);
        else this.passedOver.push({ entry, reason: entry.refusal });
      } else if (outcome.state === 'errs') {
        this.erring.push({ entry, reason: outcome.reason });
        if (all && entry.hinders) this.undecided = true;
      } else if (all && entry.hinders) this.opposing.push({ entry, reason: outcome.reason });
      else this.failing.push({ entry, reason: outcome.reason });
    }
  }

  /**
   * The newest of the group stands for it. What is negative stands against the image until newer evidence that passes
   * replaces it, and what no longer helps is passed over where it would pass, and only there.
   */
  latest(group: readonly Entry[]): void {
    const ordered = [...group].sort((a, b) => this.order(b) - this.order(a) || byAttestation(a, b));
    const standing = this.negatives(ordered);
    if (standing !== undefined) {
      const { entry, reason } = standing;
      this.opposing.push(standing);
      this.passOver(ordered, entry, (other) =>
        this.order(other) > this.order(entry)
          ? { code: reason.code, message: `it does not replace ${entry.attestation}` }
          : null,
      );
      return;
    }
    const picked = this.pick(ordered);
    if (picked === undefined) {
      this.passOver(ordered, null, () => null);
      return;
    }
    const { entry, outcome } = picked;
    if (this.requirement.count > 1 || this.requirement.distinct !== null) this.gatherSpare(ordered, picked);
    if (outcome.state === 'passes') this.passing.push(entry);
    else if (outcome.state === 'errs') this.erring.push({ entry, reason: outcome.reason });
    else if (outcome.state === 'fails') this.failing.push({ entry, reason: outcome.reason });
    this.passOver(ordered, entry, () => null);
  }

  /**
   * Walks on from what was picked as if it were revoked, as long as the group passes. How evidence can differ is asked of
   * all of this: or else revoking the newest, which was signed like another's, could bring up an older one that is not.
   */
  private gatherSpare(ordered: readonly Entry[], picked: Picked): void {
    let rest = ordered;
    let last: Picked | undefined = picked;
    while (last !== undefined && (last.outcome.state === 'passes' || last.outcome.state === 'open')) {
      const { entry } = last;
      rest = rest.filter((other) => other !== entry);
      last = this.negatives(rest) === undefined ? this.pick(rest) : undefined;
      if (last?.outcome.state === 'passes') this.spare.push(last.entry);
      else if (last?.outcome.state === 'errs') this.erring.push({ entry: last.entry, reason: last.outcome.reason });
    }
  }

  /** The newest negative that nothing has replaced. */
  private negatives(ordered: readonly Entry[]): Rejected | undefined {
    for (const entry of ordered) {
      const content = this.judge.content(entry);
      if (content.state !== 'fails' || !content.negative || !entry.hinders) continue;
      const answer = this.answerTo(entry, ordered);
      if (answer === 'errs') this.undecided = true;
      else if (answer === 'fails') return { entry, reason: content.reason };
    }
    return undefined;
  }

  /** What the evidence that could take a negative's place comes to: it passes where any of it does. */
  private answerTo(negative: Entry, ordered: readonly Entry[]): Outcome['state'] {
    let best: Outcome['state'] = 'fails';
    for (const entry of ordered) {
      if (entry === negative || !entry.helps || !this.replaces(entry, negative)) continue;
      const { state } = this.judge.soundness(entry);
      if (state === 'passes') return state;
      if (state === 'open' || (state === 'errs' && best === 'fails')) best = state;
    }
    return best;
  }

  private pick(ordered: readonly Entry[]): Picked | undefined {
    for (const tied of this.byMoment(ordered)) {
      const effective = tied
        .map((entry) => ({ entry, outcome: this.judge.outcome(entry) }))
        .filter(({ entry, outcome }) => counts(entry, outcome))
        .sort((a, b) => this.rank(a.outcome) - this.rank(b.outcome));
      const [first] = effective;
      // An entry that counts only one way may turn out not to count, so what lies behind it has to be asked about too.
      const settled = effective.some(
        ({ entry, outcome }) => outcome.state !== 'open' || (entry.helps && entry.hinders),
      );
      if (first !== undefined && settled) return first;
    }
    return undefined;
  }

  /** Entries of one moment together, the newest first. */
  private *byMoment(ordered: readonly Entry[]): Iterable<readonly Entry[]> {
    let tied: Entry[] = [];
    for (const entry of ordered) {
      if (tied[0] !== undefined && this.order(tied[0]) !== this.order(entry)) {
        yield tied;
        tied = [];
      }
      tied.push(entry);
    }
    yield tied;
  }

  /** Ties go against the image, or under `not` against what the `not` wants to be absent. */
  private rank({ state }: Outcome): number {
    const rank = ['fails', 'errs', 'open', 'passes'].indexOf(state);
    return this.inverted ? -rank : rank;
  }

  /**
   * When an entry takes its place. Evidence that came again, or of several signers, is as old as can be where it passes and
   * as new as can be where it does not: a repeated failure is not older than a pass in between, and no repeated pass newer
   * than a failure in between. Under `not` it is the other way round.
   */
  private order(entry: Entry): number {
    const known = this.orders.get(entry);
    if (known !== undefined) return known;
    const [early, late] = [this.placeBy(entry.earliest), this.placeBy(entry.latest())];
    const order = early === late || this.judge.isSound(entry) === this.inverted ? late : early;
    this.orders.set(entry, order);
    return order;
  }

  private placeBy({ own, proven, received }: Times): number {
    return this.requirement.provenOrder ? (proven ?? received) : (own ?? received);
  }

  /** Whether `newer` is late enough, and speaks to enough, to take the place of the negative `older`. */
  private replaces(newer: Entry, older: Entry): boolean {
    const said = this.inverted ? newer.latest() : newer.earliest;
    const objected = this.inverted ? older.earliest : older.latest();
    const bound = this.requirement.provenOrder
      ? (objected.proven ?? objected.received)
      : (objected.own ?? objected.received);
    const time = this.requirement.provenOrder
      ? said.proven
      : objected.own === null
        ? (said.own ?? said.received)
        : (said.own ?? said.proven);
    const later = time === null ? this.inverted : this.inverted ? time >= bound : time > bound;
    return later && this.conditions.answers(newer.fact.content, older.fact.content);
  }

  private passOver(group: readonly Entry[], picked: Entry | null, other: (entry: Entry) => Refusal | null): void {
    for (const entry of group) {
      if (entry === picked) continue;
      const reason = entry.refusal ?? other(entry) ?? passedOverFor(entry, picked);
      this.passedOver.push({ entry, reason });
    }
  }
}

/** Whether an entry that comes out so has any say: one that passes must help, one that does not must hinder. */
function counts(entry: Entry, { state }: Outcome): boolean {
  if (state === 'passes') return entry.helps;
  return state === 'fails' ? entry.hinders : true;
}

function passedOverFor(entry: Entry, picked: Entry | null): Refusal {
  const instead = picked === null ? 'other evidence' : picked.attestation;
  const { content } = entry.fact;
  if (
    content.kind === 'approval' &&
    content.decision === 'approved' &&
    picked !== null &&
    !sharesSigner(entry, picked)
  ) {
    return { code: 'duplicate_person', message: `the same person also speaks in ${instead}` };
  }
  return { code: 'superseded', message: `${instead} stands for its group` };
}

function sharesSigner(entry: Entry, other: Entry): boolean {
  const others = new Set(other.fact.signers.map(signerIdOf));
  return entry.fact.signers.some((signer) => others.has(signerIdOf(signer)));
}
