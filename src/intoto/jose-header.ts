import { decodeBase64url } from './base64.js';
import type { FaultList } from './fault-list.js';
import { asObject, member, parseStrictJson, type Json, type JsonObject } from './json.js';
import { memberPath, quoted } from './json-path.js';
import { isStatementPayloadType } from './statement.js';

/** What is read of a signature's JOSE header. Keys and addresses of keys (jwk, jku, x5c, x5u) are never looked at. */
export interface JoseHeader {
  readonly alg: string;
  readonly kid: string | null;
}

/**
 * Reads the JOSE header of one signature (RFC 7515, 4 and 7.2.1) at the path: base64url of a strict JSON object that is
 * integrity protected, and perhaps an object beside it that is not, of which no name may be in both.
 *
 * Refused are a signature without a protected `alg` (10.7), `none` (RFC 7518, 3.6) and HMAC, whose key whoever verifies
 * could sign with too, any `crit`, since none of its extensions is understood here (RFC 7515, 4.1.11), and `b64` (RFC
 * 7797). A `typ` must be that of an in-toto Statement, with or without `application/` (4.1.9), or `JOSE` or
 * `JOSE+JSON`; `JWT` is refused, so that no token issued for another purpose passes for evidence (RFC 8725, 3.12). A
 * `cty` must be that of an in-toto Statement (4.1.10). Every other parameter is ignored.
 */
export function readJoseHeader(
  protectedHeader: Json | undefined,
  unprotectedHeader: Json | undefined,
  path: string,
  faults: FaultList,
): JoseHeader {
  const signedPath = memberPath(path, 'protected');
  const unsignedPath = memberPath(path, 'header');
  const signed = readProtected(protectedHeader, signedPath, faults);
  const unsigned = readUnprotected(unprotectedHeader, unsignedPath, faults);
  refuseParameters(unsigned, unsignedPath, faults);
  if (signed === null) return { alg: '', kid: null };
  refuseParameters(signed, signedPath, faults);
  for (const name of Object.keys(unsigned)) {
    if (Object.hasOwn(signed, name)) faults.add(memberPath(unsignedPath, name), 'stands in the protected header too');
  }
  const kid = member(signed, 'kid') ?? member(unsigned, 'kid');
  return {
    alg: readAlgorithm(signed, memberPath(signedPath, 'alg'), faults),
    kid: typeof kid === 'string' && kid !== '' ? kid : null,
  };
}

/** The object that is signed, or null where the fault has been said. */
function readProtected(value: Json | undefined, path: string, faults: FaultList): JsonObject | null {
  if (value === undefined || value === '') faults.add(path, 'is missing: alg must be protected');
  else if (typeof value !== 'string') faults.add(path, 'must be a string');
  else {
    const { bytes, fault } = decodeBase64url(value);
    if (fault === null) return readSignedObject(bytes, path, faults);
    faults.add(path, fault);
  }
  return null;
}

function readSignedObject(bytes: Buffer, path: string, faults: FaultList): JsonObject | null {
  const json = faults.within(path, () => parseStrictJson(bytes, { document: 'jws' }));
  const object = asObject(json);
  if (json !== undefined && object === null) faults.add(path, 'must be a JSON object in base64url');
  return object;
}

function readUnprotected(value: Json | undefined, path: string, faults: FaultList): JsonObject {
  const object = value === undefined ? {} : asObject(value);
  if (object === null) faults.add(path, 'must be an object');
  return object ?? {};
}

function readAlgorithm(signed: JsonObject, path: string, faults: FaultList): string {
  const alg = member(signed, 'alg');
  if (typeof alg !== 'string' || alg === '') {
    faults.add(path, 'must be the name of an algorithm, in the protected header');
    return '';
  }
  if (/^(?:none|HS\d+)$/i.test(alg)) {
    faults.add(path, `is ${quoted(alg)}; only signatures by a private key are accepted`);
  }
  return alg;
}

function refuseParameters(header: JsonObject, path: string, faults: FaultList): void {
  if (Object.hasOwn(header, 'crit')) faults.add(memberPath(path, 'crit'), 'names extensions; none is understood here');
  if (Object.hasOwn(header, 'b64')) faults.add(memberPath(path, 'b64'), 'is an extension that is not understood here');
  for (const name of ['kid', 'typ', 'cty'] as const) {
    const value = member(header, name);
    if (value === undefined) continue;
    if (typeof value !== 'string') faults.add(memberPath(path, name), 'must be a string');
    else if (name === 'typ' && !isJose(value) && !isStatementType(value)) {
      faults.add(memberPath(path, name), `is ${quoted(value)}; expected vnd.in-toto+json, JOSE or JOSE+JSON, or none`);
    } else if (name === 'cty' && !isStatementType(value)) {
      faults.add(memberPath(path, name), `is ${quoted(value)}; expected application/vnd.in-toto+json, or none`);
    }
  }
}

function isJose(type: string): boolean {
  return /^(?:application\/)?jose(?:\+json)?$/i.test(type);
}

function isStatementType(type: string): boolean {
  return isStatementPayloadType(type.includes('/') ? type : `application/${type}`);
}
