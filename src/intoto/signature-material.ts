import { decodeBase64 } from './base64.js';
import { asArray, asObject, member, type Json, type JsonObject } from './json.js';
import { decodePemCertificates } from './pem-certificates.js';
import { timestampResponse } from './timestamp-response.js';

/**
 * What a signature of a DSSE envelope brings along to be verified by certificate. Nothing of it is authenticated, nor
 * is it part of DSSE: slsa-github-generator and Witness write it, and DSSE obliges everybody else to ignore it.
 */
export interface SignatureMaterial {
  /** X.509 certificates as DER, the signer's own first; what they hold is not looked at. */
  readonly certificates: readonly Buffer[];
  /** RFC 3161 timestamps as DER of a TimeStampResp; what they hold, and of what they are, is not looked at. */
  readonly timestamps: readonly Buffer[];
  /** Why the material cannot be used, in which case both lists are empty; null where it can be read. */
  readonly materialFault: string | null;
}

const MEMBERS = ['cert', 'certificate', 'intermediates', 'timestamps'] as const;
const MAX_CERTIFICATES = 16;
const MAX_TIMESTAMPS = 16;
/** Of base64. A timestamp with its authority's chain takes about a tenth. */
const MAX_TEXT_LENGTH = 64 * 1024;

/**
 * Reads the material of one signature: `cert`, a text of PEM (slsa-github-generator), or `certificate`, base64 of PEM,
 * with `intermediates`, a list of the same, and `timestamps`, a list of `{type: "tsp", data: base64 of DER}`
 * (go-witness, `dsse.Signature`), of which Witness writes the token alone. Timestamps of another type are passed over.
 * Undefined where the signature has none of these.
 *
 * Never throws: a signature whose material is bad is still one that a known key may have made.
 */
export function readSignatureMaterial(signature: JsonObject): SignatureMaterial | undefined {
  if (MEMBERS.every((name) => member(signature, name) === undefined)) return undefined;
  try {
    const certificates = readCertificates(signature);
    return { certificates, timestamps: readTimestamps(member(signature, 'timestamps')), materialFault: null };
  } catch (error) {
    if (!(error instanceof MaterialFault)) throw error;
    return { certificates: [], timestamps: [], materialFault: error.message };
  }
}

/** Ends the reading at the first fault: whoever sent the material cannot be told of a second one. */
class MaterialFault extends Error {}

function readCertificates(signature: JsonObject): readonly Buffer[] {
  const cert = member(signature, 'cert');
  const certificate = member(signature, 'certificate');
  if (cert !== undefined && certificate !== undefined) throw new MaterialFault('holds both cert and certificate');
  const intermediates = listOf(member(signature, 'intermediates'), 'intermediates', MAX_CERTIFICATES);
  const certificates = [
    ...(cert === undefined ? [] : inPem(textOf(cert, 'cert'), 'cert')),
    ...(certificate === undefined ? [] : inEncodedPem(certificate, 'certificate')),
    ...intermediates.flatMap((intermediate) => inEncodedPem(intermediate, 'intermediates')),
  ];
  if (certificates.length > MAX_CERTIFICATES)
    throw new MaterialFault(`holds more than ${MAX_CERTIFICATES} certificates`);
  if (certificates.length > 0 && cert === undefined && certificate === undefined) {
    throw new MaterialFault('holds intermediates without a certificate');
  }
  return certificates;
}

function readTimestamps(value: Json | undefined): readonly Buffer[] {
  return listOf(value, 'timestamps', MAX_TIMESTAMPS).flatMap((element) => {
    const timestamp = asObject(element);
    if (timestamp === null) throw new MaterialFault('timestamps must hold objects');
    if (member(timestamp, 'type') !== 'tsp') return [];
    return [timestampResponse(bytesOf(member(timestamp, 'data'), 'data of a timestamp'))];
  });
}

function inEncodedPem(value: Json, name: string): readonly Buffer[] {
  return inPem(bytesOf(value, name).toString('latin1'), name);
}

function inPem(text: string, name: string): readonly Buffer[] {
  const { certificates, fault } = decodePemCertificates(text);
  if (fault !== null) throw new MaterialFault(`${name} ${fault}`);
  return certificates;
}

function bytesOf(value: Json | undefined, name: string): Buffer {
  const { bytes, fault } = decodeBase64(textOf(value, name));
  if (fault !== null) throw new MaterialFault(`${name} ${fault}`);
  return bytes;
}

function textOf(value: Json | undefined, name: string): string {
  if (typeof value !== 'string' || value === '') throw new MaterialFault(`${name} must be a text that is not empty`);
  if (value.length > MAX_TEXT_LENGTH) throw new MaterialFault(`${name} is longer than ${MAX_TEXT_LENGTH} characters`);
  return value;
}

function listOf(value: Json | undefined, name: string, most: number): readonly Json[] {
  const list = value === undefined ? [] : asArray(value);
  if (list === null) throw new MaterialFault(`${name} must be an array`);
  if (list.length > most) throw new MaterialFault(`${name} holds ${list.length}; at most ${most} are accepted`);
  return list;
}
