import { decodeBase64 } from './base64.js';
import type { SigstoreBundle } from './bundle-content.js';
import {
  annotationPath,
  CERTIFICATE,
  CHAIN,
  chainOf,
  logEntryOf,
  readAnnotations,
  REKOR,
  TIMESTAMP,
  timestampsOf,
} from './cosign-annotations.js';
import { parseEnvelope, type Envelope } from './envelope.js';
import { FaultList } from './fault-list.js';
import { asObject, member, parseStrictJson, type Json } from './json.js';
import { Malformed } from './malformed.js';
import { parseBundle } from './sigstore-bundle.js';

/** What an attestation layer comes to: a bundle where the annotations prove more than the envelope, else the envelope. */
export type CosignLayer =
  | { readonly type: 'bundle'; readonly bundle: SigstoreBundle }
  | { readonly type: 'envelope'; readonly envelope: Envelope };

/**
 * Reads an attestation as cosign kept it before bundles: the envelope of an OCI layer and the layer's annotations
 * (cosign, specs/ATTESTATION_SPEC.md and SIGNATURE_SPEC.md), written as `{dsseEnvelope, annotations}`, from its bytes
 * or from JSON that `parseStrictJson` has already read. The envelope is an object, or the layer's bytes as text or as
 * base64. Annotations of other names are ignored, and so is `predicateType`, which nobody signed.
 *
 * With a certificate the result is a bundle of version 0.1 by that certificate. With a Rekor entry or a timestamp alone
 * it is one by a known key, whose hint is the envelope's keyid or empty: they prove when that key signed.
 *
 * Throws Malformed of the document `bundle` with every fault found, by its path in the layer. Says nothing about who
 * signed.
 */
export function parseCosignLayer(input: Uint8Array | Json): CosignLayer {
  const layer = asObject(input instanceof Uint8Array ? parseStrictJson(input, { document: 'bundle' }) : input);
  if (layer === null) throw new Malformed('bundle', [{ path: '', message: 'must be a JSON object' }]);
  const faults = new FaultList();
  const json = readEnvelopeJson(member(layer, 'dsseEnvelope'), faults);
  const envelope = json === undefined ? undefined : faults.within('dsseEnvelope', () => parseEnvelope(json));
  const annotations = readAnnotations(member(layer, 'annotations'), faults);
  const material = readMaterial(annotations, envelope?.signatures[0]?.keyid ?? '', faults);
  faults.throwIfAny('bundle');
  if (envelope !== undefined && material === null) return { type: 'envelope', envelope };
  const mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
  try {
    return {
      type: 'bundle',
      bundle: parseBundle({ mediaType, verificationMaterial: material, dsseEnvelope: json ?? null }),
    };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const found = error.faults.map(({ path, message }) => ({ path: pathInLayer(path), message }));
    throw new Malformed('bundle', found, { cause: error });
  }
}

/** The envelope's JSON; undefined where the fault has been said. */
function readEnvelopeJson(value: Json | undefined, faults: FaultList): Json | undefined {
  if (typeof value !== 'string') {
    if (value === undefined) faults.add('dsseEnvelope', 'is missing');
    return value;
  }
  const isText = value.trimStart().startsWith('{');
  const { bytes, fault } = isText ? { bytes: Buffer.from(value), fault: null } : decodeBase64(value);
  if (fault === null) return faults.within('dsseEnvelope', () => parseStrictJson(bytes));
  faults.add('dsseEnvelope', `is not JSON and ${fault}`);
  return undefined;
}

/** A bundle's verification material, or null where the annotations hold none. */
function readMaterial(annotations: ReadonlyMap<string, string>, keyid: string, faults: FaultList): Json {
  const certificate = annotations.get(CERTIFICATE);
  const rekor = annotations.get(REKOR);
  const timestamp = annotations.get(TIMESTAMP);
  if (certificate === undefined && rekor === undefined && timestamp === undefined) return null;
  return {
    publicKey: certificate === undefined ? { hint: keyid } : null,
    x509CertificateChain: certificate === undefined ? null : chainOf(certificate, annotations.get(CHAIN), faults),
    tlogEntries: rekor === undefined ? null : [logEntryOf(rekor, faults)],
    timestampVerificationData: timestamp === undefined ? null : timestampsOf(timestamp, faults),
  };
}

const MATERIAL = 'verificationMaterial';
const ENTRY = `${MATERIAL}.tlogEntries[0]`;

/** Where in the layer stands what stands in the bundle at a path that begins so; anything else stands where it stood. */
const PLACES: readonly (readonly [inBundle: string, inLayer: string])[] = [
  [`${ENTRY}.inclusionPromise.signedEntryTimestamp`, annotationPath(REKOR, 'SignedEntryTimestamp')],
  [`${ENTRY}.canonicalizedBody`, annotationPath(REKOR, 'Payload.body')],
  [`${ENTRY}.logId.keyId`, annotationPath(REKOR, 'Payload.logID')],
  [`${ENTRY}.logIndex`, annotationPath(REKOR, 'Payload.logIndex')],
  [`${ENTRY}.integratedTime`, annotationPath(REKOR, 'Payload.integratedTime')],
  [
    `${MATERIAL}.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp`,
    annotationPath(TIMESTAMP, 'SignedRFC3161Timestamp'),
  ],
  [`${MATERIAL}.x509CertificateChain.certificates[0].rawBytes`, annotationPath(CERTIFICATE)],
  [`${MATERIAL}.x509CertificateChain`, annotationPath(CHAIN)],
];

function pathInLayer(path: string): string {
  const [inBundle, inLayer] = PLACES.find(([prefix]) => path.startsWith(prefix)) ?? ['', ''];
  return `${inLayer}${path.slice(inBundle.length)}`;
}
