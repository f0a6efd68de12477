import { decodeBase64 } from './base64.js';
import { FaultList } from './fault-list.js';
import { asArray, asObject, member, parseStrictJson, type Json, type JsonObject } from './json.js';
import { elementPath, memberPath } from './json-path.js';
import { Malformed } from './malformed.js';
import { readSignatureMaterial, type SignatureMaterial } from './signature-material.js';

/** Every signature costs a verification for every key that could have made it. */
const LARGE_PAYLOAD_BYTES = 1024 * 1024;
const MAX_SIGNATURES_OF_LARGE = 10;
const MAX_SIGNATURES = 100;

export interface EnvelopeSignature {
  /** An unauthenticated hint; null where absent or empty, which DSSE holds to be the same. */
  readonly keyid: string | null;
  readonly signature: Buffer;
  /** Certificates and timestamps that came along; absent where there are none. Without meaning for a known key. */
  readonly material?: SignatureMaterial;
}

/** A DSSE envelope with everything decoded once: what is verified are the very bytes that are read afterwards. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signatures: readonly EnvelopeSignature[];
}

/**
 * Reads a DSSE envelope (v1.0.2) from its bytes, or from JSON that `parseStrictJson` has already read. Unknown fields
 * are ignored, but for those that `SignatureMaterial` names, whose faults are never faults of the envelope. Payload and
 * signatures may be empty strings, at least one and at most 100 signatures are accepted, 10 where the payload is above
 * 1 MiB, since each costs a pass over it for every key.
 *
 * Throws Malformed of the document `envelope` with every fault found. Says nothing about who signed.
 */
export function parseEnvelope(input: Uint8Array | Json): Envelope {
  const object = asObject(input instanceof Uint8Array ? parseStrictJson(input) : input);
  if (object === null) throw new Malformed('envelope', [{ path: '', message: 'must be a JSON object' }]);
  const faults = new FaultList();
  const envelope = {
    payloadType: readString(object, 'payloadType', '', faults),
    payload: readBytes(object, 'payload', '', faults),
    signatures: readSignatures(member(object, 'signatures'), faults),
  };
  const { payload, signatures } = envelope;
  if (payload.length > LARGE_PAYLOAD_BYTES && signatures.length > MAX_SIGNATURES_OF_LARGE) {
    faults.add('signatures', `holds ${signatures.length} over a payload above 1 MiB; at most 10 are accepted there`);
  }
  faults.throwIfAny('envelope');
  return envelope;
}

function readSignatures(value: Json | undefined, faults: FaultList): EnvelopeSignature[] {
  const list = asArray(value);
  if (list === null) faults.add('signatures', value === undefined ? 'is missing' : 'must be an array');
  else if (list.length === 0) faults.add('signatures', 'must hold at least one signature');
  else if (list.length > MAX_SIGNATURES) {
    faults.add('signatures', `holds ${list.length} signatures; at most ${MAX_SIGNATURES} are accepted`);
  } else return list.map((element, index) => readSignature(element, elementPath('signatures', index), faults));
  return [];
}

function readSignature(value: Json, path: string, faults: FaultList): EnvelopeSignature {
  const object = asObject(value);
  if (object === null) {
    faults.add(path, 'must be an object');
    return { keyid: null, signature: Buffer.alloc(0) };
  }
  const keyid = member(object, 'keyid') ?? '';
  if (typeof keyid !== 'string') faults.add(memberPath(path, 'keyid'), 'must be a string');
  const material = readSignatureMaterial(object);
  return {
    keyid: typeof keyid === 'string' && keyid !== '' ? keyid : null,
    signature: readBytes(object, 'sig', path, faults),
    ...(material === undefined ? {} : { material }),
  };
}

function readString(object: JsonObject, name: string, parent: string, faults: FaultList): string {
  const value = member(object, name);
  if (typeof value === 'string') return value;
  faults.add(memberPath(parent, name), value === undefined ? 'is missing' : 'must be a string');
  return '';
}

function readBytes(object: JsonObject, name: string, parent: string, faults: FaultList): Buffer {
  const { bytes, fault } = decodeBase64(readString(object, name, parent, faults));
  if (fault === null) return bytes;
  faults.add(memberPath(parent, name), fault);
  return Buffer.alloc(0);
}
