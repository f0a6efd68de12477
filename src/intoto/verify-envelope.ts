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
  /** Indexes of the signatures by this key in this scheme, ascending; never empty. */
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

/** A signature somebody is looked for, whatever document it stands in. */
export interface Candidate {
  /** Equal for signatures of which one proves what the other proves. */
  readonly identity: string;
  /** An unauthenticated hint; null where there is none. */
  readonly keyid: string | null;
  /** The scheme in which this key made the signature, or null where it did not; never rejects. */
  readonly schemeBy: (key: VerificationKey) => Promise<SignatureScheme | null>;
}

/** Jobs in flight for one document: as many as libuv has threads; one for a large message, since each job copies it. */
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
  const candidates = envelope.signatures.map(({ keyid, signature }) => ({
    identity: signature.toString('latin1'),
    keyid,
    schemeBy: (key: VerificationKey) => schemeOf(message, signature, key),
  }));
  return attributeSignatures(candidates, message.length, keys, keyIdHints);
}

/**
 * Finds which of the keys made each of the signatures over one message: what `verifySignatures` does, for any document.
 * `messageBytes` is the length of the message, which every trial copies.
 */
export async function attributeSignatures(
  candidates: readonly Candidate[],
  messageBytes: number,
  keys: readonly VerificationKey[],
  keyIdHints: KeyIdHints,
): Promise<SignatureMatches> {
  const distinct = distinctSignatures(candidates, keyIdHints);
  const signers = await inLanes(messageBytes > LARGE_MESSAGE_BYTES ? 1 : LANES, distinct, (candidate) =>
    findSigner(candidate, keys),
  );
  return collect(distinct, signers);
}

/** Identifies what was signed, by whomever: the sha256 of the envelope's PAE. */
export function signedDigest(envelope: Pick<Envelope, 'payloadType' | 'payload'>): Sha256Digest {
  return sha256(paeHeader(envelope.payloadType, envelope.payload.length), envelope.payload);
}

/** One value among the signatures, with every place it stands at and every key its key ids make likely. */
interface DistinctSignature {
  readonly schemeBy: Candidate['schemeBy'];
  readonly indexes: number[];
  readonly likely: Set<Thumbprint>;
}

function distinctSignatures(candidates: readonly Candidate[], keyIdHints: KeyIdHints): DistinctSignature[] {
  const byIdentity = new Map<string, DistinctSignature>();
  for (const [index, { identity, keyid, schemeBy }] of candidates.entries()) {
    const distinct = byIdentity.get(identity) ?? { schemeBy, indexes: [], likely: new Set() };
    byIdentity.set(identity, distinct);
    distinct.indexes.push(index);
    for (const thumbprint of (keyid === null ? undefined : keyIdHints.get(keyid)) ?? [])
      distinct.likely.add(thumbprint);
  }
  return [...byIdentity.values()];
}

type Signer = Omit<SignatureMatch, 'signatures'>;

async function findSigner(
  { schemeBy, likely }: DistinctSignature,
  keys: readonly VerificationKey[],
): Promise<Signer | null> {
  const likelyFirst =
    likely.size === 0
      ? keys
      : [...keys.filter((key) => likely.has(key.thumbprint)), ...keys.filter((key) => !likely.has(key.thumbprint))];
  for (const key of likelyFirst) {
    const scheme = await schemeBy(key);
    if (scheme !== null) return { thumbprint: key.thumbprint, scheme };
  }
  return null;
}

async function schemeOf(
  message: Buffer,
  signature: Buffer,
  { key, schemes }: VerificationKey,
): Promise<SignatureScheme | null> {
  for (const scheme of schemes) {
    if (await signatureMatches(scheme, key, message, signature)) return scheme;
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
