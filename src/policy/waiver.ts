import type { Sha256Digest } from '../intoto/digest.js';
import type { Clock } from './clock.js';
import type { Parameters } from './verdict.js';

/** Where a waiver holds: for one image, or for whatever a gate names as of one repository. Never for a whole policy. */
export type WaiverScope =
  | { readonly type: 'digest'; readonly digest: Sha256Digest }
  | { readonly type: 'repository'; readonly repository: string };

/** An exception to one requirement of one policy, as evaluation takes it: approved as often as it needs, and not revoked. */
export interface Waiver {
  readonly id: string;
  readonly policy: string;
  readonly requirement: string;
  /** The one finding of scans that it leaves out; null: it stands for the whole requirement. */
  readonly vulnerability: string | null;
  readonly scope: WaiverScope;
  /** Each must be asked with; others may be anything. */
  readonly parameters: Parameters;
  readonly reason: string;
  /** From when on it holds, its creation or last approval, in milliseconds since the epoch. */
  readonly from: number;
  /** When it ends, exclusive, in milliseconds since the epoch. */
  readonly until: number;
}

/** Waivers that speak of one question, by the requirement that they name. */
export type WaiversByRequirement = ReadonlyMap<string, readonly Waiver[]>;

export const NO_WAIVERS: WaiversByRequirement = new Map();

/** Whether a waiver holds at this moment. */
export function isInForce({ from, until }: Waiver, clock: Clock): boolean {
  return !clock.isBefore(from) && clock.isBefore(until);
}
