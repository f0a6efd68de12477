import { sha256, type Sha256Digest } from '../intoto/digest.js';
import type { PolicyDocument } from './policy-document.js';

/**
 * Identifies what a policy says: the digest of its canonical JSON, with the fields of each object in the order of their
 * names. Layout, comments, the order of fields and whether it was written as YAML or JSON make no difference.
 */
export function policyDigest(document: PolicyDocument): Sha256Digest {
  return sha256(Buffer.from(canonicalJson(document)));
}

function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .filter(([, held]) => held !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, held]: [string, unknown]) => `${JSON.stringify(name)}:${canonicalJson(held)}`);
  return `{${fields.join(',')}}`;
}
