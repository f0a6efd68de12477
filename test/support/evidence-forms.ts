import { sign } from 'node:crypto';
import { pae } from '../../src/intoto/pae.js';
import { stamp } from './rfc3161.js';
import type { BundleJson } from './signed-bundle.js';
import { DAY, MINUTE } from './trust-domain.js';
import {
  alternativeNames,
  basicConstraints,
  extendedKeyUsage,
  issue,
  keyUsage,
  pemOf,
  TIME_STAMPING,
  uri,
  type CertificateRequest,
  type Issued,
  type KeyPair,
} from './x509.js';

/*
 * The forms in which the same statement is signed, each as its tools write it.
 */

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes as string).toString('base64');
export const jsonOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** The last whole second: what is signed then is in the past wherever it is compared. */
export const lastSecond = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000);
export const earlier = (minutes: number): Date => new Date(lastSecond().getTime() - minutes * MINUTE);

/** The key pair's public half as an attestor registers it. */
export const publicPem = ({ publicKey }: KeyPair): string =>
  publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** The bundle as version 0.1 has it: its certificate as a chain, its log entries by their promise alone. */
export function asVersion01(json: BundleJson): BundleJson {
  const { certificate, tlogEntries, ...material } = json.verificationMaterial;
  return {
    ...json,
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      ...material,
      ...(certificate === undefined ? {} : { x509CertificateChain: { certificates: [certificate] } }),
      tlogEntries: tlogEntries.map(({ inclusionProof: _, ...entry }) => entry),
    },
  };
}

/** What cosign kept in a registry before bundles, of the same signature: the layer with its annotations. */
export function asCosignLayer({ dsseEnvelope, verificationMaterial }: BundleJson, leaf: Issued | null): object {
  const [entry] = verificationMaterial.tlogEntries;
  const rekor = entry && {
    SignedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp,
    Payload: {
      body: entry.canonicalizedBody,
      integratedTime: Number(entry.integratedTime),
      logIndex: Number(entry.logIndex),
      logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
    },
  };
  return {
    dsseEnvelope,
    annotations: {
      'dev.cosignproject.cosign/signature': '',
      ...(leaf === null ? {} : { 'dev.sigstore.cosign/certificate': pemOf(leaf.der) }),
      ...(rekor === undefined ? {} : { 'dev.sigstore.cosign/bundle': JSON.stringify(rekor) }),
    },
  };
}

/** Certificates without Sigstore: an authority of one's own, with a clock that stamps signatures. */
export interface CorporateDomain {
  /** The trust root as an operator writes it. */
  readonly root: object;
  readonly ca: Issued;
  readonly certify: (changes?: Partial<CertificateRequest>) => Promise<Issued>;
  /** The response of its timestamp authority. */
  readonly stamp: (signature: Buffer, at: Date) => Buffer;
}

export const RIG = 'spiffe://corp.example/test-rig';

export async function corporateDomain(): Promise<CorporateDomain> {
  const valid = { notBefore: earlier(24 * 60), notAfter: new Date(Date.now() + 300 * DAY) };
  const [ca, top] = await Promise.all([
    issue({ commonName: 'Corp CA', ...valid, extensions: [basicConstraints(true), keyUsage(5, 6)] }),
    issue({ commonName: 'Corp time', ...valid, extensions: [basicConstraints(true), keyUsage(5)] }),
  ]);
  const clock = await issue({
    commonName: 'Corp clock',
    issuer: top,
    ...valid,
    extensions: [keyUsage(0), extendedKeyUsage(TIME_STAMPING)],
  });
  return {
    ca,
    root: {
      certificateAuthorities: [{ certificates: pemOf(ca.der) }],
      timestampAuthorities: [{ certificates: pemOf(clock.der, top.der) }],
    },
    certify: (changes = {}) =>
      issue({
        issuer: ca,
        notBefore: earlier(60),
        notAfter: new Date(Date.now() + 60 * MINUTE),
        extensions: [keyUsage(0), alternativeNames(uri(RIG))],
        ...changes,
      }),
    stamp: (signature, at) => stamp({ at, signature, by: clock, issuer: top }),
  };
}

/** How an envelope carries the certificate of its signer. */
export type CertifiedForm = 'slsa-generator' | 'witness';

/** An envelope with the signer's certificate, stamped at a time or at none. */
export function certifiedEnvelope(
  payload: string,
  leaf: Issued,
  { form, stampedAt, domain }: { form: CertifiedForm; stampedAt: Date | null; domain: CorporateDomain },
): object {
  const signature = sign('sha256', pae(PAYLOAD_TYPE, Buffer.from(payload)), leaf.keys.privateKey);
  const timestamps = stampedAt === null ? [] : [{ type: 'tsp', data: base64(domain.stamp(signature, stampedAt)) }];
  const pem = pemOf(leaf.der);
  const certified =
    form === 'slsa-generator'
      ? { cert: pem }
      : { certificate: base64(pem), intermediates: [base64(pemOf(domain.ca.der))] };
  return {
    payloadType: PAYLOAD_TYPE,
    payload: base64(payload),
    signatures: [
      { keyid: '', sig: base64(signature), ...certified, ...(timestamps.length === 0 ? {} : { timestamps }) },
    ],
  };
}

/** The serializations of a JWS by an ECDSA key on P-256. */
export interface Jose {
  readonly compact: string;
  readonly flattened: object;
  readonly general: object;
}

export function jws(payload: string, keys: KeyPair, header: object = { alg: 'ES256' }): Jose {
  const encoded = base64url(JSON.stringify(header));
  const body = base64url(payload);
  const made = sign('sha256', Buffer.from(`${encoded}.${body}`), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
  const signature = made.toString('base64url');
  return {
    compact: `${encoded}.${body}.${signature}`,
    flattened: { payload: body, protected: encoded, signature },
    general: { payload: body, signatures: [{ protected: encoded, signature }] },
  };
}

export const base64url = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64url');
