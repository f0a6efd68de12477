import type { FactContent } from '../facts/fact.js';
import type { Sha256Digest } from '../intoto/digest.js';
import type { Clock } from './clock.js';
import type { FindingIgnored } from './verdict.js';

/** One thing a requirement asks for: a named suite, or everything where no suite is named. */
export interface Line {
  /** What it is called beside others; null where it is the only one. */
  readonly name: string | null;
  /** null where the evidence is about this; else why it is not. */
  misses(content: FactContent): Miss | null;
}

export interface Miss {
  readonly message: string;
  /** It speaks of what is asked for, yet does not prove it. */
  readonly near: boolean;
  /** How much of what is asked for it meets all the same, for telling the nearest miss; left out: nothing. */
  readonly met?: number;
}

/** What one picked piece of evidence comes to, its age and `check` aside. */
export type Judgement =
  | { readonly passes: true }
  | {
      readonly passes: false;
      /** It stands against the image, not merely short of what is asked. */
      readonly negative: boolean;
      readonly message: string;
    };

export const PASSES: Judgement = { passes: true };

/** What evidence is judged as: what it is about, and how far those who signed it are to be believed about builders. */
export interface Standing {
  /** The digest that it is about, where that is not the image asked about. */
  readonly about: Sha256Digest | null;
  /** The SLSA level concluded for a builder. */
  levelOf(builder: string): number;
}

/** What a requirement's `where` means for its kind, with the parameters in place. */
export interface Conditions {
  /** Each must be satisfied; never empty. */
  readonly lines: readonly Line[];
  /** What tells groups apart beside attestor or person. */
  groupOf(content: FactContent): readonly (string | null)[];
  judge(content: FactContent, standing: Standing, clock: Clock): Judgement;
  /**
   * The findings that count for nothing at this moment because the policy ignores them, in the order of the scan.
   *
   * @param about the digest that it is about, where that is not the image asked about
   */
  ignoredIn(content: FactContent, about: Sha256Digest | null, clock: Clock): readonly FindingIgnored[];
  /** The first moment at which evidence that passes no longer counts by its own word, in milliseconds since the epoch. */
  endOf(content: FactContent): number | null;
  /** Whether newer evidence speaks to all that older evidence objects to. */
  answers(newer: FactContent, older: FactContent): boolean;
  /** What passes, in words that can follow "a scan by trivy": `with at most 0 critical findings`; empty where anything does. */
  readonly wanted: string;
}

/** What most kinds have: one line, groups by attestor alone, nothing that ends or objects. */
export const PLAIN: Conditions = {
  lines: [{ name: null, misses: () => null }],
  groupOf: () => [],
  judge: () => PASSES,
  ignoredIn: () => [],
  endOf: () => null,
  answers: () => true,
  wanted: '',
};
