import { decodeBase64url } from './base64.js';
import { FaultList } from './fault-list.js';
import { readJoseHeader } from './jose-header.js';
import { asArray, asObject, member, parseStrictJson, type Json, type JsonObject } from './json.js';
import { elementPath, memberPath } from './json-path.js';
import { Malformed } from './malformed.js';

const MAX_SIGNATURES = 100;
/** Every signature costs a pass over the payload for the key that could have made it. */
const LARGE_PAYLOAD_BYTES = 1024 * 1024;
const MAX_SIGNATURES_OF_LARGE = 10;

export interface JwsSignature {
  /** The protected header as it stands in the JWS and is signed: base64url of JSON. */
  readonly protectedHeader: string;
  /** What the protected header says that it was signed by; which algorithms count belongs to the registered key. */
  readonly alg: string;
  /** An unauthenticated hint, as DSSE's keyid is; null where absent or empty. */
  readonly kid: string | null;
  readonly signature: Buffer;
  /** The ASCII text that is signed: protected header, a dot and the payload, both in base64url (RFC 7515, 5.1). */
  readonly signingInput: string;
}

/** A JSON Web Signature in whatever serialization, decoded once: what is verified are the very bytes that are read. */
export interface Jws {
  readonly payload: Buffer;
  readonly signatures: readonly JwsSignature[];
}

/**
 * Reads a JSON Web Signature (RFC 7515) from its bytes, in the compact (7.1), general JSON (7.2.1) or flattened JSON
 * (7.2.2) serialization, told apart by structure, or from JSON that `parseStrictJson` has already read. One line end
 * may follow the compact form. Every part is base64url without padding; a payload that is kept elsewhere (appendix F)
 * is nowhere looked for, unknown members are ignored. What of a header is accepted says `readJoseHeader`. At most 100
 * signatures are accepted, 10 where the payload is above 1 MiB.
 *
 * Throws Malformed of the document `jws` with every fault found. Says nothing about who signed, nor whether the payload
 * is a statement.
 */
export function parseJws(input: Uint8Array | Json): Jws {
  const faults = new FaultList();
  const jws = readSerialized(input instanceof Uint8Array ? fromBytes(input) : input, faults);
  const { payload, signatures } = jws;
  if (payload.length > LARGE_PAYLOAD_BYTES && signatures.length > MAX_SIGNATURES_OF_LARGE) {
    faults.add('signatures', `holds ${signatures.length} over a payload above 1 MiB; at most 10 are accepted there`);
  }
  faults.throwIfAny('jws');
  return jws;
}

/**
 * Whether the bytes begin as a compact JWS does: with the base64url of the brace that opens its header, and with a dot
 * somewhere. No JSON text does.
 */
export function looksLikeCompactJws(bytes: Uint8Array): boolean {
  return /^e[w-z0-9_-]/.test(Buffer.from(bytes.subarray(0, 2)).toString('latin1')) && bytes.includes(0x2e);
}

/** The JSON that the bytes hold, or the flattened form of what they hold in compact form: the two mean the same. */
function fromBytes(bytes: Uint8Array): Json {
  if (!looksLikeCompactJws(bytes)) return parseStrictJson(bytes, { document: 'jws' });
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const parts = text.replace(/\r?\n$/, '').split('.', 4);
  const [header = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3) {
    throw new Malformed('jws', [{ path: '', message: 'must have three parts divided by dots, or be JSON' }]);
  }
  return { protected: header, payload, signature };
}

function readSerialized(json: Json, faults: FaultList): Jws {
  const object = asObject(json);
  if (object === null) throw new Malformed('jws', [{ path: '', message: 'must be a JSON object or in compact form' }]);
  const payload = readPart(object, 'payload', '', faults);
  const payloadText = payload.toString('base64url');
  const general = member(object, 'signatures');
  if (general === undefined) return { payload, signatures: [readSignature(object, '', payloadText, faults)] };
  for (const name of ['protected', 'header', 'signature']) {
    if (member(object, name) !== undefined) faults.add(name, 'must not stand beside signatures (RFC 7515, 7.2.2)');
  }
  return { payload, signatures: readSignatures(general, payloadText, faults) };
}

function readSignatures(value: Json, payloadText: string, faults: FaultList): JwsSignature[] {
  const list = asArray(value);
  if (list === null) faults.add('signatures', 'must be an array');
  else if (list.length === 0) faults.add('signatures', 'must hold at least one signature');
  else if (list.length > MAX_SIGNATURES) {
    faults.add('signatures', `holds ${list.length} signatures; at most ${MAX_SIGNATURES} are accepted`);
  } else {
    return list.flatMap((element, index) => {
      const path = elementPath('signatures', index);
      const object = asObject(element);
      if (object !== null) return [readSignature(object, path, payloadText, faults)];
      faults.add(path, 'must be an object');
      return [];
    });
  }
  return [];
}

function readSignature(object: JsonObject, path: string, payloadText: string, faults: FaultList): JwsSignature {
  const protectedHeader = member(object, 'protected');
  const { alg, kid } = readJoseHeader(protectedHeader, member(object, 'header'), path, faults);
  const signed = typeof protectedHeader === 'string' ? protectedHeader : '';
  return {
    protectedHeader: signed,
    alg,
    kid,
    signature: readPart(object, 'signature', path, faults),
    signingInput: `${signed}.${payloadText}`,
  };
}

function readPart(object: JsonObject, name: string, parent: string, faults: FaultList): Buffer {
  const value = member(object, name);
  if (typeof value === 'string') {
    const { bytes, fault } = decodeBase64url(value);
    if (fault === null) return bytes;
    faults.add(memberPath(parent, name), fault);
  } else faults.add(memberPath(parent, name), value === undefined ? 'is missing' : 'must be a string');
  return Buffer.alloc(0);
}
