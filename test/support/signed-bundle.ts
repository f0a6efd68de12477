import { constants, createHash, sign, type KeyObject } from 'node:crypto';
import { pae } from '../../src/intoto/pae.js';
import type { EntryBody, EntryJson, TrustDomain } from './trust-domain.js';
import { pemOf, spki, type CertificateRequest, type Issued, type KeyPair } from './x509.js';

/** A Sigstore bundle as JSON, to be changed at will. */
export interface BundleJson {
  mediaType: string;
  verificationMaterial: {
    certificate?: { rawBytes: string };
    x509CertificateChain?: { certificates: { rawBytes: string }[] };
    publicKey?: { hint: string };
    tlogEntries: EntryJson[];
    timestampVerificationData?: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
  dsseEnvelope?: { payloadType: string; payload: string; signatures: { sig: string; keyid?: string }[] };
  messageSignature?: { messageDigest: { algorithm: string; digest: string }; signature: string };
}

/** How a bundle is logged: by its name in Rekor, or not at all. */
export type Logged =
  'dsse/0.0.1' | 'intoto/0.0.2' | 'hashedrekord/0.0.1' | 'hashedrekord/0.0.2' | 'dsse/0.0.2' | 'none';

export interface BundleRequest {
  readonly at: Date;
  readonly payload?: string;
  readonly payloadType?: string;
  /** Signs the digest of the payload instead of an envelope. */
  readonly isMessage?: boolean;
  readonly logged?: Logged;
  readonly loggedAt?: Date;
  readonly stampedAt?: Date;
  readonly certificate?: Partial<CertificateRequest>;
  /** Signs in PSS; for RSA keys. */
  readonly isPss?: boolean;
  /** Signs with this key, of which the bundle holds the hint, instead of with a certificate. */
  readonly managed?: { readonly keys: KeyPair; readonly hint: string };
}

export interface SignedBundle {
  readonly json: BundleJson;
  readonly leaf: Issued | null;
  readonly signature: Buffer;
}

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes as string).toString('base64');
const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();

/** Signs a bundle in the domain; what is not said is as a signer of today does it. */
export async function signBundle(domain: TrustDomain, request: BundleRequest): Promise<SignedBundle> {
  const { at, payload = '{"_type":"https://in-toto.io/Statement/v1"}', isMessage = false } = request;
  const { payloadType = 'application/vnd.in-toto+json', logged = isMessage ? 'hashedrekord/0.0.1' : 'dsse/0.0.1' } =
    request;
  const leaf = request.managed === undefined ? await domain.certify(at, request.certificate) : null;
  const { publicKey, privateKey } = leaf?.keys ?? request.managed!.keys;
  const message = isMessage ? Buffer.from(payload) : pae(payloadType, Buffer.from(payload));
  const padding = request.isPss === true ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {};
  const signature = sign(hashFor(privateKey), message, { key: privateKey, ...padding });
  const verifier = leaf === null ? publicKey.export({ type: 'spki', format: 'pem' }).toString() : pemOf(leaf.der);
  const body = bodyOf(logged, { payload, payloadType, message, signature, verifier, leaf, publicKey });
  const log = logged.endsWith('/0.0.2') && logged !== 'intoto/0.0.2' ? domain.logV2 : domain.log;
  return {
    leaf,
    signature,
    json: {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        ...(leaf === null
          ? { publicKey: { hint: request.managed!.hint } }
          : { certificate: { rawBytes: base64(leaf.der) } }),
        tlogEntries: body === null ? [] : [await log(request.loggedAt ?? at, body)],
        ...(request.stampedAt === undefined
          ? {}
          : {
              timestampVerificationData: {
                rfc3161Timestamps: [{ signedTimestamp: await domain.stamp(request.stampedAt, signature) }],
              },
            }),
      },
      ...(isMessage
        ? {
            messageSignature: {
              messageDigest: { algorithm: 'SHA2_256', digest: base64(sha256(payload)) },
              signature: base64(signature),
            },
          }
        : { dsseEnvelope: { payloadType, payload: base64(payload), signatures: [{ sig: base64(signature) }] } }),
    },
  };
}

function hashFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | null {
  if (asymmetricKeyType === 'ed25519') return null;
  const hashes: Readonly<Record<string, string>> = { secp384r1: 'sha384', secp521r1: 'sha512' };
  return hashes[asymmetricKeyDetails?.namedCurve ?? ''] ?? 'sha256';
}

interface Parts {
  readonly payload: string;
  readonly payloadType: string;
  readonly message: Buffer;
  readonly signature: Buffer;
  readonly verifier: string;
  readonly leaf: Issued | null;
  readonly publicKey: KeyObject;
}

/** What a log keeps of a bundle. */
export function bodyOf(logged: Logged, parts: Parts): EntryBody | null {
  const [kind = '', apiVersion = ''] = logged.split('/');
  const { payload, payloadType, message, signature, verifier, leaf, publicKey } = parts;
  const digest = { algorithm: 'sha256', value: sha256(payload).toString('hex') };
  const verifierV2 = {
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    ...(leaf === null
      ? { publicKey: { rawBytes: base64(spki(publicKey)) } }
      : { x509Certificate: { rawBytes: base64(leaf.der) } }),
  };
  switch (logged) {
    case 'none':
      return null;
    case 'dsse/0.0.1':
      return {
        kind,
        apiVersion,
        spec: { payloadHash: digest, signatures: [{ signature: base64(signature), verifier: base64(verifier) }] },
      };
    case 'intoto/0.0.2': {
      const signatures = [{ publicKey: base64(verifier), sig: base64(base64(signature)) }];
      return { kind, apiVersion, spec: { content: { envelope: { payloadType, signatures }, payloadHash: digest } } };
    }
    case 'hashedrekord/0.0.1': {
      const hash = { algorithm: 'sha256', value: sha256(message).toString('hex') };
      const signed = { content: base64(signature), publicKey: { content: base64(verifier) } };
      return { kind, apiVersion, spec: { data: { hash }, signature: signed } };
    }
    case 'hashedrekord/0.0.2': {
      const data = { algorithm: 'SHA2_256', digest: base64(sha256(message)) };
      const signed = { content: base64(signature), verifier: verifierV2 };
      return { kind, apiVersion, spec: { hashedRekordV002: { data, signature: signed } } };
    }
    case 'dsse/0.0.2': {
      const payloadHash = { algorithm: 'SHA2_256', digest: base64(sha256(payload)) };
      const signatures = [{ content: base64(signature), verifier: verifierV2 }];
      return { kind, apiVersion, spec: { dsseV002: { payloadHash, signatures } } };
    }
  }
}
