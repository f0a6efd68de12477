import type { KeyObject } from 'node:crypto';
import { sha256, type Sha256Digest } from './digest.js';
import type { Envelope } from './envelope.js';
import { pae, paeHeader } from './pae.js';
import { signatureMatches } from './signature-matches.js';
import type { SignatureScheme } from './signature-scheme.js';
import type { Thumbprint } from './thumbprint.js';

/** A key that signatures are tried by. Keep the KeyObject: reading a PEM each time costs more than an RSA verification. */
export interface VerificationKey {
  readonly thumbprint: Thumbprint;
  readonly key: KeyObject;
  readonly schemes: readonly SignatureScheme[];
}

/** One key that signed, in one scheme. To count signers, count distinct thumbprints. */
export interface SignatureMatch {
  readonly thumbprint: Thumbprint;
  readonly scheme: SignatureScheme;
  /** Indexes of the envelope's signatures by this key in this scheme, ascending; never empty. */
  readonly signatures: readonly number[];
}

export interface SignatureMatches {
  /** Sorted by thumbprint and scheme, each pair once: the order and repetition of signatures do not show here. */
  readonly matches: readonly SignatureMatch[];
  /** Indexes of the signatures that are by none of the keys, ascending. */
  readonly unmatched: readonly number[];
}

/** Where a key id as it stands in signatures makes certain keys likely. */
export type KeyIdHints = ReadonlyMap<string, readonly Thumbprint[]>;

/** Jobs in flight for one envelope: as many as libuv has threads; one for a large message, since each job copies it. */
const LANES = 4;
const LARGE_MESSAGE_BYTES = 1024 * 1024;

/**
 * Finds which of the keys signed the envelope, over its PAE (DSSE v1.0.2). A signature that is by none of them is passed
 * over and never spoils another. A signature's key id decides only which keys are tried first: where it is wrong, missing
 * or lying, every other key is tried as well.
 *
 * Proves who signed exactly these bytes under exactly this payload type; not that the payload type is supported, that
 * the payload is a statement, or that a signer may speak. For the same input the answer is always the same.
 */
export async function verifySignatures(
  envelope: Envelope,
  keys: readonly VerificationKey[],
  keyIdHints: KeyIdHints = new Map(),
): Promise<SignatureMatches> {
  const message = pae(envelope.payloadType, envelope.payload);
  const distinct = distinctSignatures(envelope, keyIdHints);
  const signers = await inLanes(message.length > LARGE_MESSAGE_BYTES ? 1 : LANES, distinct, (candidate) =>
    findSigner(message, candidate, keys),
  );
  return collect(distinct, signers);
}

/** Identifies what was signed, by whomever: the sha256 of the envelope's PAE. */
export function signedDigest(envelope: Pick<Envelope, 'payloadType' | 'payload'>): Sha256Digest {
  return sha256(paeHeader(envelope.payloadType, envelope.payload.length), envelope.payload);
}

/** One value among an envelope's signatures, with every place it stands at and every key its key ids make likely. */
interface DistinctSignature {
  readonly signature: Buffer;
  readonly indexes: number[];
  readonly likely: Set<Thumbprint>;
}

function distinctSignatures(envelope: Envelope, keyIdHints: KeyIdHints): DistinctSignature[] {
  const byBytes = new Map<string, DistinctSignature>();
  for (const [index, { keyid, signature }] of envelope.signatures.entries()) {
    const bytes = signature.toString('latin1');
    const distinct = byBytes.get(bytes) ?? { signature, indexes: [], likely: new Set() };
    byBytes.set(bytes, distinct);
    distinct.indexes.push(index);
    for (const thumbprint of (keyid === null ? undefined : keyIdHints.get(keyid)) ?? [])
      distinct.likely.add(thumbprint);
  }
  return [...byBytes.values()];
}

type Signer = Omit<SignatureMatch, 'signatures'>;

async function findSigner(
  message: Buffer,
  { signature, likely }: DistinctSignature,
  keys: readonly VerificationKey[],
): Promise<Signer | null> {
  const likelyFirst =
    likely.size === 0
      ? keys
      : [...keys.filter((key) => likely.has(key.thumbprint)), ...keys.filter((key) => !likely.has(key.thumbprint))];
  for (const { thumbprint, key, schemes } of likelyFirst) {
    for (const scheme of schemes) {
      if (await signatureMatches(scheme, key, message, signature)) return { thumbprint, scheme };
    }
  }
  return null;
}

function collect(distinct: readonly DistinctSignature[], signers: readonly (Signer | null)[]): SignatureMatches {
  const bySigner = new Map<string, Signer & { readonly signatures: number[] }>();
  const unmatched: number[] = [];
  for (const [at, { indexes }] of distinct.entries()) {
    const signer = signers[at] ?? null;
    if (signer === null) {
      unmatched.push(...indexes);
      continue;
    }
    const name = `${signer.thumbprint} ${signer.scheme}`;
    const match = bySigner.get(name) ?? { ...signer, signatures: [] };
    bySigner.set(name, match);
    match.signatures.push(...indexes);
  }
  const ascending = (a: number, b: number): number => a - b;
  for (const { signatures } of bySigner.values()) signatures.sort(ascending);
  const names = [...bySigner.keys()].sort();
  return {
    matches: names.flatMap((name) => bySigner.get(name) ?? []),
    unmatched: unmatched.sort(ascending),
  };
}

/** Runs the task over every item, at most `lanes` at a time; results in the order of the items. */
async function inLanes<T, R>(lanes: number, items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const pending = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of pending) results[index] = await task(item);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  return results;
}
