import { sha256, type Sha256Digest } from '../intoto/digest.js';
import type { Attestor } from './attestor.js';

/** The attestor as JSON with members in the order of their names (RFC 8785), whatever order it was read or built in. */
function canonicalAttestor(attestor: Attestor): string {
  return JSON.stringify(attestor, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Identifies what an attestor is; equal for equal attestors alone. */
export function attestorDigest(attestor: Attestor): Sha256Digest {
  return sha256(Buffer.from(canonicalAttestor(attestor)));
}

/** Whether two states of an attestor say the same, so that a document PUT again changes nothing. */
export function isSameAttestor(a: Attestor | null, b: Attestor | null): boolean {
  if (a === null || b === null) return a === b;
  return canonicalAttestor(a) === canonicalAttestor(b);
}
