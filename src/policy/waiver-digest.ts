import { canonicalJson } from '../intoto/canonical-json.js';
import { sha256, type Sha256Digest } from '../intoto/digest.js';
import type { RecordedWaiver } from './recorded-waiver.js';

/** A waiver as it was made, with its times as text in UTC with microseconds. */
export type WaiverMade = Omit<RecordedWaiver, 'revision' | 'at' | 'until' | 'approvedBy' | 'revocation'> & {
  readonly at: string;
  readonly until: string;
};

/** By what history binds a waiver: the sha256 of all that its author asked for, who and when, as canonical JSON. */
export function waiverDigest(waiver: WaiverMade): Sha256Digest {
  const { id, policy, requirement, vulnerability, scope, parameters, reason, reference, until, approvals, at } = waiver;
  const { actor, author } = waiver;
  const bound = { id, policy, requirement, vulnerability, scope, parameters, reason, reference, until, approvals, at };
  return sha256(Buffer.from(canonicalJson({ ...bound, actor, author })));
}

/** A time as history tells it: `2026-01-02T03:04:05.000006Z`. */
export function inMicroseconds(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
