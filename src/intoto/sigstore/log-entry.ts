import type { TransparencyLogEntry } from '@sigstore/bundle';
import { decodeBase64 } from '../base64.js';
import { asArray, asObject, member, parseStrictJson, type Json, type JsonObject } from '../json.js';
import { Malformed } from '../malformed.js';
import { importPublicKey } from '../public-key.js';
import type { Thumbprint } from '../thumbprint.js';
import { pemOf, readPem } from './pem.js';

/** By what a log entry must say that the signature was made: the certificate's DER, or the key. */
export type EntrySigner =
  { readonly type: 'certificate'; readonly der: Buffer } | { readonly type: 'key'; readonly thumbprint: Thumbprint };

const SECONDS = /^(?:0|[1-9]\d{0,11})$/;
const INDEX = /^(?:0|[1-9]\d{0,15})$/;

/**
 * What keeps a log entry from being about this signer, as a predicate of it; null where it is. The client specification
 * (section 4, step "transparency log entry") has the certificate or key in the entry's body equal the bundle's, which the
 * library leaves out; so it does numbers that it would read in more than one way.
 */
export function entryFault(entry: TransparencyLogEntry, signer: EntrySigner): string | null {
  const { integratedTime, logIndex, inclusionProof } = entry;
  if (!SECONDS.test(integratedTime) || !INDEX.test(logIndex) || !INDEX.test(inclusionProof?.logIndex ?? '0')) {
    return 'has a time or an index that is no number';
  }
  if (inclusionProof !== undefined && inclusionProof.checkpoint === undefined)
    return 'has a proof without a checkpoint';
  let body: JsonObject | null;
  try {
    body = asObject(parseStrictJson(entry.canonicalizedBody));
  } catch (error) {
    if (error instanceof Malformed) return `has a body that cannot be read: ${error.message}`;
    throw error;
  }
  const found = body === null ? null : signerIn(body);
  if (found === null) return 'has a body of a kind that is not supported, or without a signer';
  return isSigner(found, signer) ? null : `names another ${signer.type === 'key' ? 'key' : 'certificate'} than signed`;
}

/** What an entry's body says it was signed by: the bytes of a certificate, or of a SubjectPublicKeyInfo. */
interface FoundSigner {
  readonly type: 'certificate' | 'key';
  readonly der: Buffer;
}

function signerIn(body: JsonObject): FoundSigner | null {
  const spec = asObject(member(body, 'spec')) ?? {};
  switch (`${textAt(body, 'kind')}/${textAt(body, 'apiVersion')}`) {
    case 'hashedrekord/0.0.1':
      return inPem(at(spec, 'signature', 'publicKey', 'content'));
    case 'dsse/0.0.1':
      return inPem(at(onlyElement(at(spec, 'signatures')), 'verifier'));
    case 'intoto/0.0.2':
      return inPem(at(onlyElement(at(spec, 'content', 'envelope', 'signatures')), 'publicKey'));
    case 'hashedrekord/0.0.2':
      return inVerifier(at(spec, 'hashedRekordV002', 'signature', 'verifier'));
    case 'dsse/0.0.2':
      return inVerifier(at(onlyElement(at(spec, 'dsseV002', 'signatures')), 'verifier'));
    default:
      return null;
  }
}

function textAt(object: JsonObject, name: string): string {
  const value = member(object, name);
  return typeof value === 'string' ? value : '';
}

function at(value: Json | undefined, ...names: readonly string[]): Json | undefined {
  return names.reduce<Json | undefined>((inner, name) => member(asObject(inner) ?? {}, name), value);
}

function onlyElement(value: Json | undefined): Json | undefined {
  const list = asArray(value);
  return list?.length === 1 ? list[0] : undefined;
}

/** Rekor v1: PEM in base64. */
function inPem(value: Json | undefined): FoundSigner | null {
  const bytes = typeof value === 'string' ? decodeBase64(value).bytes : null;
  const [block, ...more] = (bytes === null ? null : readPem(bytes.toString('latin1'))) ?? [];
  if (block === undefined || more.length > 0) return null;
  if (block.label === 'CERTIFICATE') return { type: 'certificate', der: block.der };
  return block.label === 'PUBLIC KEY' ? { type: 'key', der: block.der } : null;
}

/** Rekor v2: a Verifier with the DER of either. */
function inVerifier(value: Json | undefined): FoundSigner | null {
  const read = (name: string): Buffer | null => {
    const text = at(value, name, 'rawBytes');
    return typeof text === 'string' ? decodeBase64(text).bytes : null;
  };
  const certificate = read('x509Certificate');
  const key = read('publicKey');
  if (certificate !== null) return key === null ? { type: 'certificate', der: certificate } : null;
  return key === null ? null : { type: 'key', der: key };
}

function isSigner(found: FoundSigner, signer: EntrySigner): boolean {
  if (signer.type === 'certificate') return found.type === 'certificate' && found.der.equals(signer.der);
  if (found.type !== 'key') return false;
  try {
    // The same key may be written in several ways.
    return importPublicKey(pemOf('PUBLIC KEY', found.der)).thumbprint === signer.thumbprint;
  } catch {
    return false;
  }
}
