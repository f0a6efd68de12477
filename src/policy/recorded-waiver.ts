import type { Parameters } from './verdict.js';
import type { Waiver, WaiverScope } from './waiver.js';

export const WAIVER_STATES = ['pending', 'active', 'expired', 'revoked'] as const;
export type WaiverState = (typeof WAIVER_STATES)[number];

/** A waiver as its author asks for it, held against its policy. */
export interface WaiverRequested {
  readonly policy: string;
  readonly requirement: string;
  readonly vulnerability: string | null;
  readonly scope: WaiverScope;
  readonly parameters: Parameters;
  readonly reason: string;
  /** Where the decision is written down: a ticket, a link. */
  readonly reference: string;
  /** Exclusive. */
  readonly until: Date;
  /** How many must approve it before it holds. */
  readonly approvals: number;
}

/** A waiver on record with all that was done about it. */
export interface RecordedWaiver extends WaiverRequested {
  readonly id: string;
  /** The waiver revision of its creation. */
  readonly revision: number;
  readonly at: Date;
  readonly actor: string;
  /** The id of its author's token. */
  readonly author: string;
  /** In their order. */
  readonly approvedBy: readonly WaiverApproval[];
  readonly revocation: { readonly actor: string; readonly at: Date; readonly reason: string } | null;
}

export interface WaiverApproval {
  /** The id of the token by which it was given. */
  readonly approver: string;
  readonly actor: string;
  readonly at: Date;
}

/** When a waiver came to hold: at its creation, or with the last approval that it needs; null where that is still to come. */
export function effectiveFrom({ approvals, approvedBy, at }: RecordedWaiver): Date | null {
  return approvals === 0 ? at : (approvedBy[approvals - 1]?.at ?? null);
}

export function waiverStateAt(waiver: RecordedWaiver, now: Date): WaiverState {
  if (waiver.revocation !== null) return 'revoked';
  if (waiver.until <= now) return 'expired';
  return effectiveFrom(waiver) === null ? 'pending' : 'active';
}

/** The waiver as evaluation takes it; null where it is revoked or waits for approval. */
export function toWaiver(recorded: RecordedWaiver): Waiver | null {
  const from = effectiveFrom(recorded);
  if (from === null || recorded.revocation !== null) return null;
  const { id, policy, requirement, vulnerability, scope, parameters, reason, until } = recorded;
  return {
    id,
    policy,
    requirement,
    vulnerability,
    scope,
    parameters,
    reason,
    from: from.getTime(),
    until: until.getTime(),
  };
}
