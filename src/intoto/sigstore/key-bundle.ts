import type { TransparencyLogEntry } from '@sigstore/bundle';
import { Verifier } from '@sigstore/verify';
import type { SigstoreBundle } from '../bundle-content.js';
import { curveHashNote } from '../curve-hash.js';
import type { ProvedKey, Vouching } from '../proved-signer.js';
import type { SignatureScheme } from '../signature-scheme.js';
import type { Thumbprint } from '../thumbprint.js';
import type { KeyIdHints, VerificationKey } from '../verify-envelope.js';
import { failure, failureOf, type BundleFailure } from './bundle-failure.js';
import { integratedTime, proofMaterial } from './proof-material.js';
import {
  contentMatches,
  libraryContent,
  signedContent,
  verifiesDigests,
  type SignedContent,
} from './signed-content.js';
import { madeByOneOf, provedBy, signersOf, type Timestamp } from './timestamp.js';
import { ALWAYS, trustMaterial, type TrustedLog, type TrustMaterial } from './trust-material.js';
import type { TrustRoot } from './trust-root.js';
import { sortedVouchings } from './vouchings.js';

export interface KeyVerification {
  readonly signers: readonly ProvedKey[];
  readonly failure: BundleFailure | null;
}

/**
 * Verifies a bundle whose signer is known by a public key, by the keys that are known. Its hint, and the key id in an
 * envelope, decide only which are tried first.
 *
 * The key is trusted because it is registered; logs and timestamps add no more than when it signed. So a log or timestamp
 * authority that no root lists, or none for that time, proves nothing and does no harm, whereas what one that a root lists
 * is said to have made, and did not, has been tampered with, and the bundle is refused.
 */
export async function verifyKeyBundle(
  { bundle, content, keyHint }: SigstoreBundle,
  roots: readonly TrustRoot[],
  keys: readonly VerificationKey[],
  hints: KeyIdHints,
): Promise<KeyVerification> {
  const materials = roots.map(trustMaterial);
  try {
    const signed = signedContent(content);
    if (signed === null)
      return failed(failure('signature_invalid', 'the envelope of a bundle has exactly one signature'));
    const named = new Set(namesIn(content, keyHint).flatMap((name) => hints.get(name) ?? []));
    const likelyFirst = [
      ...keys.filter(({ thumbprint }) => named.has(thumbprint)),
      ...keys.filter(({ thumbprint }) => !named.has(thumbprint)),
    ];
    const match = await findKey(signed, likelyFirst);
    if (match === null) return failed(mismatch(signed, keys, named));
    const proofs = proofMaterial(bundle, { type: 'key', thumbprint: match.key.thumbprint });
    if ('code' in proofs) return failed(proofs);
    const times: Vouching[] = [];
    for (const entry of proofs.entries) {
      const proved = proveEntry(entry, signed, match.key, materials);
      if ('code' in proved) return failed(proved);
      times.push(...proved.times);
    }
    for (const timestamp of proofs.timestamps) {
      const proved = proveTimestamp(timestamp, signed, materials);
      if ('code' in proved) return failed(proved);
      times.push(...proved.times);
    }
    const { thumbprint } = match.key;
    return {
      signers: [{ type: 'key', thumbprint, scheme: match.scheme, times: sortedVouchings(times) }],
      failure: null,
    };
  } catch (error) {
    return failed(failureOf(error));
  }
}

function failed(reason: BundleFailure): KeyVerification {
  return { signers: [], failure: reason };
}

function namesIn(content: SigstoreBundle['content'], keyHint: string | null): readonly string[] {
  const keyids = content.type === 'dsse' ? content.envelope.signatures.map(({ keyid }) => keyid) : [];
  return [keyHint, ...keyids].filter((name) => name !== null);
}

interface KeyMatch {
  readonly key: VerificationKey;
  readonly scheme: SignatureScheme;
}

async function findKey(signed: SignedContent, keys: readonly VerificationKey[]): Promise<KeyMatch | null> {
  for (const key of keys) {
    for (const scheme of key.schemes) {
      if (await contentMatches(signed, scheme, key.key)) return { key, scheme };
    }
  }
  return null;
}

/** A signature that names a known key and is not by it was damaged or forged; any other is by somebody unknown. */
function mismatch(
  { message }: SignedContent,
  keys: readonly VerificationKey[],
  named: ReadonlySet<Thumbprint>,
): BundleFailure {
  const meant = named.size === 0 ? keys : keys.filter(({ thumbprint }) => named.has(thumbprint));
  if (message === null && meant.length > 0 && !meant.some(({ schemes }) => schemes.some(verifiesDigests))) {
    return failure('signature_invalid', 'signatures over the digest of an artifact are verified for P-256 keys only');
  }
  return named.size > 0
    ? failure(
        'signature_invalid',
        `the signature does not verify by the key that it names${curveHashNote(meant.flatMap(({ schemes }) => schemes))}`,
      )
    : failure('untrusted_signer', 'the signature is not by a known key');
}

interface Proved {
  readonly times: readonly Vouching[];
}

/**
 * What an entry proves under any of the roots that list its log; a failure where there are such and it is not that log's.
 * Outside the windows of all of them it proves nothing: a root may have a wrong one.
 */
function proveEntry(
  entry: TransparencyLogEntry,
  signed: SignedContent,
  key: VerificationKey,
  materials: readonly TrustMaterial[],
): Proved | BundleFailure {
  const time = integratedTime(entry);
  const listings = materials
    .map(({ tlogs }) => tlogs.filter(({ logID }) => logID.equals(entry.logId.keyId)))
    .filter((logs) => logs.length > 0);
  let reason: BundleFailure | null = null;
  for (const logs of listings) {
    const [log] = logs;
    if (entryFailure(entry, signed, key, logs) === null) {
      return { times: time === null || log === undefined ? [] : [{ authority: log.id, at: time.toISOString() }] };
    }
  }
  for (const logs of listings) {
    const whenever = logs.map((log) => ({ ...log, validFor: ALWAYS }));
    const failed = entryFailure(entry, signed, key, whenever);
    if (failed === null) return { times: [] };
    reason ??= failure('log_proof_invalid', `the entry of log ${logs[0]?.baseURL ?? ''}: ${failed.detail}`);
  }
  return reason ?? { times: [] };
}

function entryFailure(
  entry: TransparencyLogEntry,
  signed: SignedContent,
  key: VerificationKey,
  tlogs: readonly TrustedLog[],
): BundleFailure | null {
  const verifier = new Verifier(
    {
      certificateAuthorities: [],
      timestampAuthorities: [],
      tlogs: [...tlogs],
      ctlogs: [],
      // When a registered key may sign is not for a log to say.
      publicKey: () => ({ publicKey: key.key, validFor: () => true }),
    },
    { tlogThreshold: 1, ctlogThreshold: 0, timestampThreshold: 0 },
  );
  try {
    verifier.verify({
      signature: libraryContent(signed, key.key),
      key: { $case: 'public-key', hint: '' },
      tlogEntries: [entry],
      timestamps: integratedTime(entry) === null ? [] : [{ $case: 'transparency-log', tlogEntry: entry }],
    });
    return null;
  } catch (error) {
    return failureOf(error);
  }
}

/** The same of a timestamp and the authorities that it may be by. */
function proveTimestamp(
  timestamp: Timestamp,
  { signature }: SignedContent,
  materials: readonly TrustMaterial[],
): Proved | BundleFailure {
  const authorities = materials.flatMap(({ timestampAuthorities }) => signersOf(timestamp, timestampAuthorities));
  const [first] = authorities;
  const vouching = provedBy(timestamp, signature, authorities);
  if (vouching !== null) return { times: [vouching] };
  if (first === undefined || madeByOneOf(timestamp, signature, authorities)) return { times: [] };
  return failure(
    'log_proof_invalid',
    `a timestamp that names authority ${first.name} is not by it, or of another signature`,
  );
}
