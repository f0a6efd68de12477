import type { Json } from '../facts/fact.js';

/** What one piece of evidence is called in an expression. */
export interface CelSubject {
  readonly fact: Json;
  readonly predicate: Json;
  readonly attestation: Json;
}

export interface CelQuestion {
  readonly expression: string;
  /** Position in `subjects`, or null for an expression about the place alone. */
  readonly subject: number | null;
  /** Position of an earlier question: this one is asked only where that one is answered true. */
  readonly guard: number | null;
}

/** Every expression of one verdict, with what they speak of. */
export interface CelBatch {
  /** The name of the policy that they stand in. */
  readonly policy: string;
  /** RFC 3339. */
  readonly now: string;
  readonly params: Json;
  readonly image: Json;
  readonly subjects: readonly CelSubject[];
  readonly questions: readonly CelQuestion[];
}

/**
 * Whether the expression holds, or why that could not be found out. What is `unsettled` may come to something else when
 * it is asked again: time or memory ran out.
 */
export type CelAnswer = { readonly holds: boolean } | { readonly error: string; readonly unsettled?: true };
