import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { canonicalJson } from '../intoto/canonical-json.js';
import { sha256 } from '../intoto/digest.js';

const entryShape = {
  sequence: z.number().int().min(1),
  entry: z.string(),
  at: z.string(),
  actor: z.string(),
  type: z.string(),
  image: z.string().nullable(),
  attestation: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
};

/** An entry as the account answers it: its time in milliseconds. */
export const accountEntry = z.object(entryShape);
export type AccountEntry = z.infer<typeof accountEntry>;

/** An entry as its leaf in the log has it: its time in microseconds, and a nonce. */
export const leafEntry = z.strictObject({ ...entryShape, nonce: z.string() });
export type LeafEntry = z.infer<typeof leafEntry>;

/** What a leaf says; null where it is no entry in the one form in which the log has them. */
export function parseLeaf(leaf: Buffer): LeafEntry | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(leaf);
    const read = leafEntry.safeParse(JSON.parse(text));
    return read.success && canonicalJson(read.data) === text ? read.data : null;
  } catch {
    return null;
  }
}

/** By which members an entry of the account is another than its leaf says; none where it is the same. */
export function differences(leaf: LeafEntry, entry: AccountEntry): readonly string[] {
  const { at, data, nonce: _nonce, ...rest } = leaf;
  const compared: readonly (readonly [string, boolean])[] = [
    ...Object.entries(rest).map(([name, value]) => [name, entry[name as keyof AccountEntry] === value] as const),
    // The account leaves the microseconds out.
    ['at', Math.floor(Date.parse(at)) === Date.parse(entry.at) && at.slice(0, 19) === entry.at.slice(0, 19)],
    ['data', isSameData(data, entry.data)],
  ];
  return compared.filter(([, same]) => !same).map(([name]) => name);
}

/** A leaf that would be too large has the digest of its data in their place. */
function isSameData(told: LeafEntry['data'], data: AccountEntry['data']): boolean {
  if (isDeepStrictEqual(told, data)) return true;
  return isDeepStrictEqual(told, { omitted: sha256(Buffer.from(canonicalJson(data))) });
}
