import type { KeyObject } from 'node:crypto';
import { sha256 } from '../digest.js';
import type { FaultList } from '../fault-list.js';
import { asObject, member, type Json, type JsonObject } from '../json.js';
import { memberPath, quoted } from '../json-path.js';
import { KeyUnusable } from '../key-unusable.js';
import type { AuthorityId } from '../proved-signer.js';
import { importPublicKey } from '../public-key.js';
import { pemOf } from './pem.js';
import { readBase64, readOptionalText } from './trust-root-field.js';
import { readWindow, type WindowJson } from './trust-root-window.js';

/** A transparency or certificate transparency log of a TrustedRoot. */
export interface LogJson {
  readonly baseUrl: string;
  readonly hashAlgorithm: 'SHA2_256';
  readonly publicKey: {
    /** SubjectPublicKeyInfo in the one form it has. */
    readonly rawBytes: string;
    readonly keyDetails: string;
    readonly validFor: WindowJson;
  };
  readonly logId: { readonly keyId: string };
}

/** Kinds of keys (PublicKeyDetails) a log may have here, and what the key must be; the name of a curve or of a type. */
const KEY_DETAILS: ReadonlyMap<string, string> = new Map([
  ['PKIX_ECDSA_P256_SHA_256', 'prime256v1'],
  ['PKIX_ECDSA_P384_SHA_384', 'secp384r1'],
  ['PKIX_ECDSA_P384_SHA_256', 'secp384r1'],
  ['PKIX_ECDSA_P521_SHA_512', 'secp521r1'],
  ['PKIX_ECDSA_P521_SHA_256', 'secp521r1'],
  ['PKIX_ED25519', 'ed25519'],
  ['PKIX_RSA_PKCS1V15_2048_SHA256', 'rsa'],
  ['PKIX_RSA_PKCS1V15_3072_SHA256', 'rsa'],
  ['PKIX_RSA_PKCS1V15_4096_SHA256', 'rsa'],
  ['PKIX_RSA_PKCS1V5', 'rsa'],
  ['PKCS1_RSA_PKCS1V5', 'rsa'],
]);
const NORMALIZED_RSA = 'PKIX_RSA_PKCS1V5';

/** Reads a TransparencyLogInstance of a Sigstore TrustedRoot; null where a fault was added. */
export function readLog(value: Json, path: string, faults: FaultList): LogJson | null {
  const object = asObject(value);
  if (object === null) {
    faults.add(path, 'must be an object');
    return null;
  }
  const baseUrl = readOptionalText(object, 'baseUrl', path, faults);
  // Checkpoints are matched by it: an empty one would match none.
  if (baseUrl === '') faults.add(memberPath(path, 'baseUrl'), 'is missing');
  const hashAlgorithm = member(object, 'hashAlgorithm');
  if (hashAlgorithm !== 'SHA2_256') faults.add(memberPath(path, 'hashAlgorithm'), 'must be SHA2_256');
  const publicKey = asObject(member(object, 'publicKey'));
  const keyPath = memberPath(path, 'publicKey');
  if (publicKey === null) faults.add(keyPath, 'is missing');
  const keyDetails = readKeyDetails(member(publicKey ?? {}, 'keyDetails'), keyPath, faults);
  const rawBytes = readBase64(publicKey ?? {}, 'rawBytes', keyPath, faults);
  const validFor = readWindow(member(publicKey ?? {}, 'validFor'), memberPath(keyPath, 'validFor'), faults);
  const key = rawBytes === null || keyDetails === null ? null : readKey(rawBytes, keyDetails, keyPath, faults);
  const keyId = readKeyId(object, path, faults);
  if (key === null || keyDetails === null || keyId === null || validFor === null || baseUrl === '') return null;
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: key.toString('base64'),
      keyDetails: keyDetails === 'PKCS1_RSA_PKCS1V5' ? NORMALIZED_RSA : keyDetails,
      validFor,
    },
    logId: { keyId: keyId.toString('base64') },
  };
}

function readKeyDetails(value: Json | undefined, keyPath: string, faults: FaultList): string | null {
  if (typeof value === 'string' && KEY_DETAILS.has(value)) return value;
  const found = typeof value === 'string' ? `${quoted(value)} is not supported` : 'is missing';
  faults.add(memberPath(keyPath, 'keyDetails'), `${found}; use one of ${[...KEY_DETAILS.keys()].join(', ')}`);
  return null;
}

function readKey(rawBytes: Buffer, keyDetails: string, keyPath: string, faults: FaultList): Buffer | null {
  const path = memberPath(keyPath, 'rawBytes');
  const label = keyDetails === 'PKCS1_RSA_PKCS1V5' ? 'RSA PUBLIC KEY' : 'PUBLIC KEY';
  try {
    const { key } = importPublicKey(pemOf(label, rawBytes));
    const kind = kindOf(key);
    if (kind === KEY_DETAILS.get(keyDetails)) return key.export({ type: 'spki', format: 'der' });
    faults.add(path, `is a key of type ${kind}, which does not fit ${keyDetails}`);
  } catch (error) {
    if (!(error instanceof KeyUnusable)) throw error;
    faults.add(path, error.message);
  }
  return null;
}

function kindOf(key: KeyObject): string {
  return key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'unknown';
}

/**
 * The id by which entries, SCTs and checkpoints name the log. A checkpoint names it by the first four bytes, which v0.2
 * repeats in `checkpointKeyId`; a log that goes by two different ids is not supported.
 */
function readKeyId(object: JsonObject, path: string, faults: FaultList): Buffer | null {
  const read = (name: 'logId' | 'checkpointKeyId'): Buffer | null | undefined => {
    const value = member(object, name);
    return value === undefined ? undefined : readBase64(asObject(value) ?? {}, 'keyId', memberPath(path, name), faults);
  };
  const id = read('logId');
  const checkpointId = read('checkpointKeyId');
  if (id === undefined && checkpointId === undefined) faults.add(memberPath(path, 'logId'), 'is missing');
  if (id !== undefined && checkpointId !== undefined && id !== null && checkpointId !== null) {
    if (!id.subarray(0, 4).equals(checkpointId.subarray(0, 4))) {
      faults.add(memberPath(path, 'checkpointKeyId'), 'begins otherwise than logId: such a log is not supported');
    }
  }
  return id ?? checkpointId ?? null;
}

/** Names a log by its public key: the sha256 of the DER. */
export function logAuthorityId(type: 'ctlog' | 'tlog', log: LogJson): AuthorityId {
  return `${type}:${sha256(Buffer.from(log.publicKey.rawBytes, 'base64')).slice('sha256:'.length)}` as AuthorityId;
}
