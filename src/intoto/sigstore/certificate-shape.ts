import type { ASN1Obj } from '@sigstore/core';
import { contextTag, derOf, TAG, tagOf } from './der.js';

/** Algorithms by which a certificate may be signed: ECDSA and RSA PKCS#1 v1.5 with SHA-2, and Ed25519. */
const SIGNATURE_ALGORITHMS: ReadonlySet<string> = new Set([
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.3.101.112',
]);

const NAME_CONSTRAINTS = '2.5.29.30';

/**
 * Extensions that path validation applies or that only say more about a certificate: key identifiers, key usage,
 * certificate policies, alternative names, basic constraints, extended key usage. Any other that is critical must be
 * refused (RFC 5280, 4.2).
 */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.32',
  '2.5.29.35',
  '2.5.29.37',
]);

/** Which field of a v3 TBSCertificate (RFC 5280, 4.1.2) stands where, by its tag; the extensions may be missing. */
const FIELDS: readonly (readonly [name: string, tag: number])[] = [
  ['version', contextTag(0, true)],
  ['serial number', TAG.integer],
  ['signature algorithm', TAG.sequence],
  ['issuer', TAG.sequence],
  ['validity', TAG.sequence],
  ['subject', TAG.sequence],
  ['key', TAG.sequence],
  ['extensions', contextTag(3, true)],
];

/** Why the DER is not a certificate of the kind accepted here, as a predicate of it; null where it is. */
export function certificateFault(root: ASN1Obj): string | null {
  const [tbs, algorithm, signature, ...rest] = root.subs;
  if (tbs === undefined || algorithm === undefined || signature === undefined || rest.length > 0) {
    return 'is not a certificate, which has three parts';
  }
  if (tagOf(root) !== TAG.sequence || tagOf(tbs) !== TAG.sequence || tagOf(algorithm) !== TAG.sequence) {
    return 'is not a certificate, which is a sequence';
  }
  return signatureFault(tbs, algorithm, signature) ?? fieldsFault(tbs) ?? extensionsFault(tbs.subs[7]);
}

function signatureFault(tbs: ASN1Obj, algorithm: ASN1Obj, signature: ASN1Obj): string | null {
  // The outer name of the algorithm is not signed; it must be the one that is (RFC 5280, 4.1.1.2).
  const inner = tbs.subs[2];
  if (inner === undefined || !derOf(inner).equals(derOf(algorithm))) return 'names two signature algorithms';
  const [identifier] = algorithm.subs;
  if (tagOf(identifier) !== TAG.objectIdentifier) return 'names no signature algorithm';
  if (identifier === undefined || !SIGNATURE_ALGORITHMS.has(identifier.toOID())) {
    return 'is signed by an algorithm that is not accepted';
  }
  // The first byte counts unused bits, and is not signed either.
  if (tagOf(signature) !== TAG.bitString || signature.value[0] !== 0) return 'has no signature of whole bytes';
  return null;
}

function fieldsFault({ subs }: ASN1Obj): string | null {
  if (tagOf(subs[0]) !== contextTag(0, true)) return 'is not of version 3';
  const version = subs[0]?.subs[0];
  if (tagOf(version) !== TAG.integer || version?.value.equals(Buffer.of(2)) !== true) return 'is not of version 3';
  if (subs.length < 7 || subs.length > 8) return 'has fields missing, or unique identifiers';
  for (const [index, [name, tag]] of FIELDS.entries()) {
    if (subs[index] !== undefined && tagOf(subs[index]) !== tag) return `has no ${name} where it belongs`;
  }
  const times = subs[4]?.subs ?? [];
  const isTime = (node: ASN1Obj): boolean => tagOf(node) === TAG.utcTime || tagOf(node) === TAG.generalizedTime;
  if (times.length !== 2 || !times.every(isTime)) return 'has no validity of two times';
  return null;
}

function extensionsFault(holder: ASN1Obj | undefined): string | null {
  if (holder === undefined) return null;
  const [list, ...rest] = holder.subs;
  if (list === undefined || rest.length > 0 || tagOf(list) !== TAG.sequence) return 'has no sequence of extensions';
  const seen = new Set<string>();
  for (const extension of list.subs) {
    const fault = extensionFault(extension, seen);
    if (fault !== null) return fault;
  }
  return null;
}

function extensionFault(extension: ASN1Obj, seen: Set<string>): string | null {
  const [identifier, ...rest] = extension.subs;
  const value = rest.at(-1);
  if (tagOf(extension) !== TAG.sequence || identifier === undefined || tagOf(identifier) !== TAG.objectIdentifier) {
    return 'has an extension without a name';
  }
  const oid = identifier.toOID();
  const critical = rest.length === 2 ? rest[0] : undefined;
  if (value === undefined || rest.length > 2 || tagOf(value) !== TAG.octetString) {
    return `has an extension ${oid} without a value`;
  }
  if (critical !== undefined && tagOf(critical) !== TAG.boolean) return `has an extension ${oid} that is out of shape`;
  if (seen.has(oid)) return `has extension ${oid} twice`;
  seen.add(oid);
  if (oid === NAME_CONSTRAINTS) return 'constrains names, which is not supported';
  if (critical?.toBoolean() === true && !UNDERSTOOD.has(oid))
    return `has a critical extension ${oid} that is not understood`;
  return null;
}
