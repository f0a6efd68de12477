/** What a legal hold is on. */
export const HOLD_SCOPES = ['image', 'repository', 'attestation', 'everything'] as const;
export type HoldScope = (typeof HOLD_SCOPES)[number];

/** A hold as it was asked for. */
export interface RequestedHold {
  readonly scope: HoldScope;
  /** A digest, a repository or the id of an attestation; null for everything. */
  readonly target: string | null;
  readonly reason: string;
  /** Where the matter is written down; null where nobody said. */
  readonly reference: string | null;
}

/** A hold on record. In force until it is released, and never again after that. */
export interface LegalHold extends RequestedHold {
  readonly id: string;
  /** From 1, in the order in which holds were placed. */
  readonly number: number;
  readonly at: Date;
  readonly actor: string;
  readonly released: { readonly at: Date; readonly actor: string; readonly reason: string } | null;
}
