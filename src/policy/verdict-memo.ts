import type { AnswerRevisions } from './answer-revisions.js';
import type { Verdict } from './verdict.js';

/** An answer as the bytes that go out, and what it decides. */
export interface KeptAnswer {
  readonly answer: Buffer;
  readonly decision: Verdict['decision'];
}

interface Entry extends AnswerRevisions, KeptAnswer {
  /** Milliseconds since the epoch, exclusive; Infinity where time alone changes nothing. */
  readonly validUntil: number;
  readonly evaluatedAt: number;
}

/** What an entry costs beside its answer and key, in bytes; an estimate on the safe side. */
const ENTRY_OVERHEAD_BYTES = 400;
const RELATED_BYTES = 300;

/**
 * Answers kept as the bytes that go out, by question and policy revision. An entry decides nothing by itself: it is used
 * only where the revisions just read are those it was made at and its time has not run out. Bounded in bytes; what was
 * used longest ago leaves first.
 */
export class VerdictMemo {
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** The answer kept for the key, if it still stands at these revisions and this moment. */
  get(key: string, revisions: AnswerRevisions, now: number): KeptAnswer | null {
    const entry = this.entries.get(key);
    if (entry === undefined) return null;
    const stands =
      entry.received === revisions.received &&
      entry.evidence === revisions.evidence &&
      entry.dropped === revisions.dropped &&
      entry.trust === revisions.trust &&
      entry.waiver === revisions.waiver &&
      entry.relations === revisions.relations &&
      relatedStand(entry.related, revisions.related) &&
      now >= entry.evaluatedAt &&
      now < entry.validUntil;
    this.remove(key, entry);
    if (!stands) return null;
    this.add(key, entry);
    return entry;
  }

  /** Keeps an answer, unless it holds for its own instant only. */
  set(
    key: string,
    revisions: AnswerRevisions,
    times: { readonly evaluatedAt: number; readonly validUntil: number },
    kept: KeptAnswer,
  ): void {
    const previous = this.entries.get(key);
    if (previous !== undefined) this.remove(key, previous);
    if (times.validUntil <= times.evaluatedAt) return;
    this.add(key, { ...revisions, ...times, ...kept });
    for (const [oldest, entry] of this.entries) {
      if (this.bytes <= this.maxBytes) break;
      this.remove(oldest, entry);
    }
  }

  private add(key: string, entry: Entry): void {
    this.entries.set(key, entry);
    this.bytes += cost(key, entry);
  }

  private remove(key: string, entry: Entry): void {
    this.entries.delete(key);
    this.bytes -= cost(key, entry);
  }
}

function cost(key: string, entry: Entry): number {
  return entry.answer.length + key.length * 2 + ENTRY_OVERHEAD_BYTES + entry.related.size * RELATED_BYTES;
}

/** A digest that was not read may have changed. */
function relatedStand(kept: AnswerRevisions['related'], read: AnswerRevisions['related']): boolean {
  for (const [digest, { received, evidence, dropped }] of kept) {
    const current = read.get(digest);
    if (current?.received !== received || current.evidence !== evidence || current.dropped !== dropped) return false;
  }
  return true;
}
