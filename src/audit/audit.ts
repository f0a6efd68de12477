import type { Finding } from '../fsck/check-invariants.js';

/** What an audit found out. */
export interface Audit {
  /** Of every invariant that was looked at. */
  readonly findings: readonly Finding[];
  /** What was held against nothing, a sentence each. */
  readonly notHeld: readonly string[];
  /** What was asked for and could not be found out. */
  readonly undecided: readonly string[];
  /** To go on from the next time; null where there is none that everything was held against. */
  readonly checkpoint: { readonly size: number; readonly note: Buffer } | null;
  /** Up to which entry was looked. */
  readonly entries: number;
}
