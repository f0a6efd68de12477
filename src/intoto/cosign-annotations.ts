import { X509Certificate } from 'node:crypto';
import { decodeBase64 } from './base64.js';
import type { FaultList } from './fault-list.js';
import { asObject, member, parseStrictJson, type Json, type JsonObject } from './json.js';
import { innerPath, memberPath } from './json-path.js';
import { decodePemCertificates } from './pem-certificates.js';

/** Names of the annotations that cosign reads (pkg/oci/internal/signature/layer.go). */
export const CERTIFICATE = 'dev.sigstore.cosign/certificate';
export const CHAIN = 'dev.sigstore.cosign/chain';
export const REKOR = 'dev.sigstore.cosign/bundle';
export const TIMESTAMP = 'dev.sigstore.cosign/rfc3161timestamp';

/** The path of an annotation, or of what stands within the JSON that its text is. */
export function annotationPath(name: string, within = ''): string {
  return innerPath(memberPath('annotations', name), within);
}

/** The annotations by name; those that are empty are absent, as cosign has it. */
export function readAnnotations(value: Json | undefined, faults: FaultList): ReadonlyMap<string, string> {
  const annotations = new Map<string, string>();
  const object = value === undefined ? {} : asObject(value);
  if (object === null) faults.add('annotations', 'must be an object');
  for (const [name, text] of Object.entries(object ?? {})) {
    if (typeof text !== 'string') faults.add(annotationPath(name), 'must be a string');
    else if (text !== '') annotations.set(name, text);
  }
  return annotations;
}

/**
 * A bundle's `x509CertificateChain` from the texts of PEM: the signer's certificate and the intermediates that lead on
 * from it, without the root that cosign puts last.
 */
export function chainOf(certificate: string, chain: string | undefined, faults: FaultList): Json {
  const [leaf, ...others] = certificatesIn(certificate, CERTIFICATE, faults);
  const candidates = [...others, ...(chain === undefined ? [] : certificatesIn(chain, CHAIN, faults))];
  const path: X509Certificate[] = [];
  for (let next = leaf; next !== undefined && path.length <= candidates.length;) {
    path.push(next);
    const { issuer } = next;
    next = candidates.find((candidate) => candidate.subject === issuer && candidate.subject !== candidate.issuer);
  }
  return { certificates: path.map(({ raw }) => ({ rawBytes: raw.toString('base64') })) };
}

function certificatesIn(pem: string, name: string, faults: FaultList): readonly X509Certificate[] {
  const { certificates, fault } = decodePemCertificates(pem);
  if (fault === null) {
    try {
      return certificates.map((der) => new X509Certificate(der));
    } catch {
      // OpenSSL's words for it help nobody.
    }
  }
  faults.add(annotationPath(name), fault ?? 'holds something that is not an X.509 certificate');
  return [];
}

/**
 * A bundle's log entry from `{SignedEntryTimestamp, Payload: {body, integratedTime, logIndex, logID}}`
 * (pkg/cosign/bundle, RekorBundle), of which logID is in hexadecimal digits. Kind and version stand in the entry's body
 * alone.
 */
export function logEntryOf(text: string, faults: FaultList): Json {
  const entry = objectIn(text, REKOR, faults);
  const payload = asObject(member(entry ?? {}, 'Payload'));
  if (entry === null || payload === null) {
    if (entry !== null) faults.add(annotationPath(REKOR, 'Payload'), 'must be an object');
    return null;
  }
  const logId = member(payload, 'logID');
  const isHex = typeof logId === 'string' && /^(?:[0-9a-f]{2})+$/.test(logId);
  if (!isHex) faults.add(annotationPath(REKOR, 'Payload.logID'), 'must be bytes in lower-case hexadecimal digits');
  const body = member(payload, 'body') ?? null;
  return {
    logIndex: member(payload, 'logIndex') ?? null,
    logId: { keyId: isHex ? Buffer.from(logId, 'hex').toString('base64') : null },
    kindVersion: kindVersionOf(body, faults),
    integratedTime: member(payload, 'integratedTime') ?? null,
    inclusionPromise: { signedEntryTimestamp: member(entry, 'SignedEntryTimestamp') ?? null },
    canonicalizedBody: body,
  };
}

function kindVersionOf(body: Json, faults: FaultList): Json {
  const path = annotationPath(REKOR, 'Payload.body');
  const { bytes, fault } = decodeBase64(typeof body === 'string' ? body : '');
  if (fault !== null) {
    faults.add(path, fault);
    return null;
  }
  const entry = faults.within(path, () => parseStrictJson(bytes));
  const [kind, version] = ['kind', 'apiVersion'].map((name) => member(asObject(entry) ?? {}, name));
  if (typeof kind === 'string' && typeof version === 'string') return { kind, version };
  if (entry !== undefined) faults.add(path, 'must be base64 of a log entry with kind and apiVersion');
  return null;
}

/** A bundle's timestamps from `{SignedRFC3161Timestamp}`, base64 of a TimeStampResp (pkg/cosign/bundle/tsa.go). */
export function timestampsOf(text: string, faults: FaultList): Json {
  const timestamp = objectIn(text, TIMESTAMP, faults);
  const signedTimestamp = member(timestamp ?? {}, 'SignedRFC3161Timestamp') ?? null;
  return { rfc3161Timestamps: [{ signedTimestamp }] };
}

function objectIn(text: string, name: string, faults: FaultList): JsonObject | null {
  const json = faults.within(annotationPath(name), () => parseStrictJson(Buffer.from(text)));
  const object = asObject(json);
  if (json !== undefined && object === null) faults.add(annotationPath(name), 'must be the text of a JSON object');
  return object;
}
