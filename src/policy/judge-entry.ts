import type { CompiledEvidence } from './compile-policy.js';
import type { Conditions } from './conditions.js';
import { ageText, durationText } from './duration.js';
import type { Entry, Refusal } from './evidence.js';
import { ageingTime } from './evidence-times.js';
import type { Scene } from './scene.js';
import { withoutFindings } from './without-findings.js';

/** What one entry comes to. `open` stands only while expressions are still being gathered. */
export type Outcome =
  | { readonly state: 'passes' }
  | { readonly state: 'open' }
  | { readonly state: 'errs'; readonly reason: Refusal }
  | { readonly state: 'fails'; readonly reason: Refusal };

/** What content alone comes to; negative is what stands against the image. */
export type ContentOutcome =
  { readonly state: 'passes' } | { readonly state: 'fails'; readonly negative: boolean; readonly reason: Refusal };

const PASSES = { state: 'passes' } as const;
const OPEN = { state: 'open' } as const;

/** Judges the entries of one requirement at one moment, each as far as it is asked about. */
export class Judge {
  private readonly contents = new Map<Entry, ContentOutcome>();

  constructor(
    private readonly requirement: CompiledEvidence,
    private readonly conditions: Conditions,
    private readonly scene: Scene,
  ) {}

  /** What the entry's content alone comes to. */
  content(entry: Entry): ContentOutcome {
    const known = this.contents.get(entry);
    if (known !== undefined) return known;
    const outcome = this.judged(entry);
    this.contents.set(entry, outcome);
    return outcome;
  }

  /** What it comes to in all: content, then age, then `check`. */
  outcome(entry: Entry): Outcome {
    const content = this.content(entry);
    if (content.state !== 'passes') return content;
    const late = this.late(entry);
    return late === null ? this.check(entry) : { state: 'fails', reason: late };
  }

  /** What it comes to whenever it is looked at: content and `check`, without age. */
  soundness(entry: Entry): Outcome {
    const content = this.content(entry);
    return content.state === 'passes' ? this.check(entry) : content;
  }

  /** Whether it is known to pass whenever it is looked at. */
  isSound(entry: Entry): boolean {
    return this.soundness(entry).state === 'passes';
  }

  private judged(entry: Entry): ContentOutcome {
    const content = withoutFindings(entry.fact.content, this.scene.waivedFindings);
    const judgement = this.conditions.judge(content, entry, this.scene.clock);
    if (judgement.passes) return PASSES;
    const { negative, message } = judgement;
    return { state: 'fails', negative, reason: { code: negative ? 'negative_evidence' : 'condition_false', message } };
  }

  private check(entry: Entry): Outcome {
    const { check } = this.requirement;
    if (check === null) return PASSES;
    const answer = this.scene.answers.ask(check, entry.fact);
    if (answer === null) return OPEN;
    if ('error' in answer) {
      return {
        state: 'errs',
        reason: { code: 'evaluation_error', message: `its check cannot be evaluated: ${answer.error}` },
      };
    }
    if (answer.holds) return PASSES;
    return { state: 'fails', reason: { code: 'condition_false', message: `its check does not hold: ${check.source}` } };
  }

  /** Why the entry no longer counts at this moment, or null. */
  private late(entry: Entry): Refusal | null {
    const { clock, inverted } = this.scene;
    const end = this.conditions.endOf(entry.fact.content);
    if (end !== null && !clock.isBefore(end)) {
      return { code: 'evidence_too_old', message: `it ended at ${new Date(end).toISOString()}` };
    }
    const { maxAge } = this.requirement;
    if (maxAge === null) return null;
    // What counts is not younger than its receipt allows, and what denies not older.
    const { at, by } = inverted ? { at: entry.latest().received, by: 'its receipt' } : ageingTime(entry.earliest);
    // Exactly as old as the limit is still in time; times are whole milliseconds.
    if (clock.isBefore(at + maxAge + 1)) return null;
    const age = ageText(clock.now - at, maxAge);
    const message = `it is ${age} old by ${by}, ${new Date(at).toISOString()}; the limit is ${durationText(maxAge)}`;
    return { code: 'evidence_too_old', message };
  }
}
