import { RFC3161Timestamp, type ASN1Obj } from '@sigstore/core';
import type { Vouching } from '../proved-signer.js';
import type { Certificate } from './certificate.js';
import { contextTag, readDer, TAG, tagOf } from './der.js';
import { signerIdentifier } from './trust-root-chain.js';
import { covers, type TrustedChain } from './trust-material.js';

/** Why a timestamp proves nothing. The message is a predicate of it, such as "is not DER". */
export class TimestampUnusable extends Error {
  override readonly name = 'TimestampUnusable';
}

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const MAX_BYTES = 64 * 1024;

/** Hashes of the algorithms in which timestamp authorities sign: ECDSA and RSA PKCS#1 v1.5 with SHA-2. */
const SIGNATURE_HASHES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
]);

/** A timestamp response as the library verifies it, but for RSA, of which the library knows no algorithm by name. */
class Timestamp extends RFC3161Timestamp {
  constructor(
    root: ASN1Obj,
    readonly signatureHash: string,
  ) {
    super(root);
  }

  override get signatureAlgorithm(): string {
    return this.signatureHash;
  }
}

export type { Timestamp };

/**
 * Reads the DER of an RFC 3161 response: one that was granted, with a token of exactly one signer, whose signed attributes
 * name the type and the digest of what is stamped (RFC 5652, 5.3 and 11). Who signed it and what it is about remains to
 * be shown. Throws TimestampUnusable.
 */
export function readTimestamp(der: Uint8Array): Timestamp {
  if (der.length > MAX_BYTES) throw new TimestampUnusable(`is larger than ${MAX_BYTES} bytes`);
  try {
    const root = readDer(der);
    const signer = signerOf(root);
    const timestamp = new Timestamp(root, signatureHash(signer));
    checkShape(timestamp, signer);
    return timestamp;
  } catch (cause) {
    if (cause instanceof TimestampUnusable) throw cause;
    throw new TimestampUnusable('is not DER of an RFC 3161 response with a token', { cause });
  }
}

function signerOf(root: ASN1Obj): ASN1Obj {
  const [, token, ...rest] = root.subs;
  const holder = token?.subs[1];
  const signers = holder?.subs[0]?.subs.at(-1);
  const [signer, ...more] = signers?.subs ?? [];
  if (rest.length > 0 || tagOf(holder) !== contextTag(0, true) || tagOf(signers) !== TAG.set) {
    throw new TimestampUnusable('holds no token');
  }
  if (signer === undefined || more.length > 0) throw new TimestampUnusable('has not exactly one signer');
  return signer;
}

function signatureHash(signer: ASN1Obj): string {
  const algorithm = signer.subs[4]?.subs[0]?.toOID() ?? '';
  // RSA in CMS may leave the hash to the digest algorithm (RFC 3370, 3.2).
  const digest = signer.subs[2]?.subs[0]?.toOID() ?? '';
  const hash = algorithm === RSA_ENCRYPTION ? DIGESTS.get(digest) : SIGNATURE_HASHES.get(algorithm);
  if (hash === undefined) throw new TimestampUnusable('is signed by an algorithm that is not accepted');
  return hash;
}

const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

function checkShape(timestamp: Timestamp, signer: ASN1Obj): void {
  if (timestamp.status !== 0n && timestamp.status !== 1n) throw new TimestampUnusable('was not granted');
  if (timestamp.contentType !== SIGNED_DATA || timestamp.eContentType !== TST_INFO) {
    throw new TimestampUnusable('holds something else than a timestamp token');
  }
  const [issuer, serial] = signer.subs[1]?.subs ?? [];
  if (tagOf(issuer) !== TAG.sequence || tagOf(serial) !== TAG.integer) {
    throw new TimestampUnusable('does not name its signer by issuer and serial number');
  }
  const attributes = signer.subs[3];
  if (attributes === undefined || tagOf(attributes) !== contextTag(0, true))
    throw new TimestampUnusable('signs no attributes');
  const named = (oid: string): readonly ASN1Obj[] =>
    attributes.subs.filter(({ subs: [identifier] }) => identifier?.toOID() === oid);
  const [contentType, ...otherTypes] = named(CONTENT_TYPE);
  if (otherTypes.length > 0 || contentType?.subs[1]?.subs[0]?.toOID() !== TST_INFO) {
    throw new TimestampUnusable('signs another type of content');
  }
  if (named(MESSAGE_DIGEST).length !== 1) throw new TimestampUnusable('signs no digest, or more than one');
  if (Number.isNaN(timestamp.signingTime.getTime())) throw new TimestampUnusable('has a time that does not exist');
}

/** The authorities that the timestamp may be by: those whose signer it names. What it holds of certificates is no help. */
export function signersOf<T extends TrustedChain>(timestamp: Timestamp, authorities: readonly T[]): readonly T[] {
  const named = signerIdentifier({ issuer: timestamp.signerIssuer, serialNumber: timestamp.signerSerialNumber });
  return authorities.filter(({ certChain: [signer] }) => signer !== undefined && signerIdentifier(signer) === named);
}

/**
 * What the timestamp proves about the signature bytes it is over (RFC 3161, 2.4.2): an authority that signed it, with its
 * whole chain and its window valid at the time it states. Null where none of the authorities did.
 */
export function provedBy(
  timestamp: Timestamp,
  signature: Buffer,
  authorities: readonly TrustedChain[],
): Vouching | null {
  const at = timestamp.signingTime;
  for (const { id, certChain, validFor } of signersOf(timestamp, authorities)) {
    const [signer] = certChain;
    if (signer === undefined || !covers(validFor, at)) continue;
    if (!certChain.every((certificate) => certificate.validForDate(at))) continue;
    if (isSignedBy(timestamp, signature, signer)) return { authority: id, at: at.toISOString() };
  }
  return null;
}

/**
 * Whether the timestamp is over the signature bytes and one of the authorities made it, be it outside of the time for which
 * it is trusted: then it proves nothing, and was not tampered with either.
 */
export function madeByOneOf(timestamp: Timestamp, signature: Buffer, authorities: readonly TrustedChain[]): boolean {
  return signersOf(timestamp, authorities).some(
    ({ certChain: [signer] }) => signer !== undefined && isSignedBy(timestamp, signature, signer),
  );
}

function isSignedBy(timestamp: Timestamp, signature: Buffer, signer: Certificate): boolean {
  try {
    timestamp.verify(signature, signer.key);
    return true;
  } catch {
    return false;
  }
}
