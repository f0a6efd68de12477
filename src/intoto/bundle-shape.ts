import { X509Certificate } from 'node:crypto';
import { asArray } from './json.js';
import {
  bytesIn,
  checkBytesListIn,
  checkCountIn,
  faultAt,
  holds,
  objectIn,
  objectsIn,
  textIn,
  type Place,
} from './json-place.js';
import { quoted } from './json-path.js';

/** The version of each media type there is (sigstore_bundle.proto, Bundle.media_type); any other must be refused. */
const VERSIONS: ReadonlyMap<string, '0.1' | '0.2' | '0.3'> = new Map([
  ['application/vnd.dev.sigstore.bundle+json;version=0.1', '0.1'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.2', '0.2'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.3', '0.3'],
  ['application/vnd.dev.sigstore.bundle.v0.3+json', '0.3'],
]);
type Version = '0.1' | '0.2' | '0.3';

/**
 * Of certificates, log entries and timestamps each: every one costs a verification, and nobody writes more than three.
 */
const MOST_OF_EACH = 16;
/** A log of 2^64 entries has paths no longer. */
const MOST_HASHES = 64;

/**
 * Adds the faults in the shape of a Sigstore bundle (sigstore_bundle.proto, versions 0.1 to 0.3) but for the inside of
 * its DSSE envelope: types, base64 and counts that the Sigstore libraries read leniently, exactly one content and one
 * kind of key, and what each version requires: an inclusion promise with every log entry of 0.1, an inclusion proof
 * with a checkpoint from 0.2 on, a chain of certificates before 0.3 and a single one since.
 */
export function checkBundleShape(bundle: Place): void {
  const version = readVersion(bundle);
  checkContent(bundle);
  const material = objectIn(bundle, 'verificationMaterial');
  if (material === null) {
    if (!holds(bundle, 'verificationMaterial')) faultAt(bundle, 'verificationMaterial', 'is missing');
    return;
  }
  checkKeyMaterial(material, version);
  for (const entry of objectsIn(material, 'tlogEntries', MOST_OF_EACH)) checkLogEntry(entry, version);
  const timestamps = objectIn(material, 'timestampVerificationData');
  if (timestamps === null) return;
  for (const timestamp of objectsIn(timestamps, 'rfc3161Timestamps', MOST_OF_EACH)) {
    requireBytes(timestamp, 'signedTimestamp');
  }
}

function readVersion(bundle: Place): Version | null {
  const mediaType = textIn(bundle, 'mediaType');
  const version = VERSIONS.get(mediaType ?? '') ?? null;
  if (version === null) {
    const found = mediaType === null ? '' : `, not ${quoted(mediaType)}`;
    faultAt(bundle, 'mediaType', `must be that of a Sigstore bundle of version 0.1, 0.2 or 0.3${found}`);
  }
  return version;
}

function checkContent(bundle: Place): void {
  if (onlyOneOf(bundle, ['dsseEnvelope', 'messageSignature']) !== 'messageSignature') return;
  const message = objectIn(bundle, 'messageSignature');
  if (message === null) return;
  requireBytes(message, 'signature');
  const digest = objectIn(message, 'messageDigest');
  if (digest === null) {
    if (!holds(message, 'messageDigest')) faultAt(message, 'messageDigest', 'is missing: it names the artifact');
    return;
  }
  // Enumerations stand by name; proto3 obliges readers to take the number, too.
  const { algorithm } = digest.object;
  if (algorithm !== 'SHA2_256' && algorithm !== 1) faultAt(digest, 'algorithm', 'must be SHA2_256');
  const bytes = requireBytes(digest, 'digest');
  if (bytes !== null && bytes.length !== 32) faultAt(digest, 'digest', `has ${bytes.length} bytes; SHA-256 has 32`);
}

function checkKeyMaterial(material: Place, version: Version | null): void {
  const kind = onlyOneOf(material, ['publicKey', 'x509CertificateChain', 'certificate']);
  const key = kind === null ? null : objectIn(material, kind);
  if (kind === null || key === null) return;
  if (kind === 'publicKey') {
    textIn(key, 'hint');
  } else if (kind === 'certificate') {
    if (version === '0.1' || version === '0.2') {
      faultAt(material, kind, `must be x509CertificateChain in version ${version}`);
    }
    checkCertificate(key);
  } else {
    if (version === '0.3') faultAt(material, kind, 'must be certificate in version 0.3');
    checkChain(key);
  }
}

/**
 * Signers must not include a root (sigstore_bundle.proto, VerificationMaterial). Old bundles have one as their last
 * certificate, which verifiers should pass over; anywhere else it would pass for the signer or for an intermediate.
 */
function checkChain(chain: Place): void {
  const { certificates: list } = chain.object;
  if (!holds(chain, 'certificates') || asArray(list)?.length === 0) faultAt(chain, 'certificates', 'must not be empty');
  const certificates = objectsIn(chain, 'certificates', MOST_OF_EACH);
  for (const [index, place] of certificates.entries()) {
    const certificate = checkCertificate(place);
    const mayBeRoot = index > 0 && index === certificates.length - 1;
    if (certificate === null || mayBeRoot || certificate.subject !== certificate.issuer) continue;
    faultAt(place, 'rawBytes', 'is a root certificate, which must not stand in a bundle');
  }
}

function checkCertificate(place: Place): X509Certificate | null {
  const der = requireBytes(place, 'rawBytes');
  if (der === null) return null;
  try {
    const certificate = new X509Certificate(der);
    // It reads PEM as well, and passes over what follows the certificate.
    if (certificate.raw.equals(der)) return certificate;
  } catch {
    // OpenSSL's words for it help nobody.
  }
  faultAt(place, 'rawBytes', 'is not an X.509 certificate in DER');
  return null;
}

function checkLogEntry(entry: Place, version: Version | null): void {
  checkCountIn(entry, 'logIndex');
  checkCountIn(entry, 'integratedTime');
  bytesIn(entry, 'canonicalizedBody');
  const logId = requireObject(entry, 'logId');
  if (logId !== null) requireBytes(logId, 'keyId');
  const kindVersion = requireObject(entry, 'kindVersion');
  if (kindVersion !== null) {
    textIn(kindVersion, 'kind');
    textIn(kindVersion, 'version');
  }
  const promise = version === '0.1' ? requireObject(entry, 'inclusionPromise') : objectIn(entry, 'inclusionPromise');
  if (promise !== null) requireBytes(promise, 'signedEntryTimestamp');
  const needsProof = version === '0.2' || version === '0.3';
  const proof = needsProof ? requireObject(entry, 'inclusionProof') : objectIn(entry, 'inclusionProof');
  if (proof === null) return;
  checkCountIn(proof, 'logIndex');
  checkCountIn(proof, 'treeSize');
  bytesIn(proof, 'rootHash');
  checkBytesListIn(proof, 'hashes', MOST_HASHES);
  const checkpoint = needsProof ? requireObject(proof, 'checkpoint') : objectIn(proof, 'checkpoint');
  if (checkpoint !== null) textIn(checkpoint, 'envelope');
}

/** The one member of a oneof that is there; null, and a fault, where there is none or more than one. */
function onlyOneOf<T extends string>(place: Place, names: readonly T[]): T | null {
  const [name, other] = names.filter((candidate) => holds(place, candidate));
  if (name === undefined) faultAt(place, '', `must hold one of ${names.join(', ')}`);
  else if (other === undefined) return name;
  else faultAt(place, other, `must not stand beside ${name}`);
  return null;
}

function requireObject(place: Place, name: string): Place | null {
  if (!holds(place, name)) faultAt(place, name, 'is missing');
  return objectIn(place, name);
}

function requireBytes(place: Place, name: string): Buffer | null {
  const bytes = bytesIn(place, name);
  if (!holds(place, name) || bytes?.length === 0) faultAt(place, name, 'must not be empty');
  return bytes;
}
