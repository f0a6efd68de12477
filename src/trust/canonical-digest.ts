import { sha256, type Sha256Digest } from '../intoto/digest.js';

/** The value as JSON with members in the order of their names (RFC 8785), whatever order it was read or built in. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, held: unknown) => {
    if (typeof held !== 'object' || held === null || Array.isArray(held)) return held;
    return Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Identifies a value; equal for equal ones alone. */
export function canonicalDigest(value: unknown): Sha256Digest {
  return sha256(Buffer.from(canonicalJson(value)));
}
