import { decodeBase64 } from '../base64.js';
import type { FaultList } from '../fault-list.js';
import { member, type JsonObject } from '../json.js';
import { memberPath } from '../json-path.js';

const MAX_TEXT_LENGTH = 500;

/** A member that must hold base64 of at least one byte; null where a fault was added. */
export function readBase64(object: JsonObject, name: string, parent: string, faults: FaultList): Buffer | null {
  const value = member(object, name);
  const path = memberPath(parent, name);
  if (typeof value !== 'string' || value === '') {
    faults.add(path, value === undefined || value === '' ? 'is missing' : 'must be base64 text');
    return null;
  }
  const { bytes, fault } = decodeBase64(value);
  if (fault !== null) faults.add(path, fault);
  return bytes;
}

/** A member that may hold text; empty where it is absent. */
export function readOptionalText(object: JsonObject, name: string, parent: string, faults: FaultList): string {
  const value = member(object, name) ?? '';
  if (typeof value === 'string' && value.length <= MAX_TEXT_LENGTH) return value;
  faults.add(memberPath(parent, name), `must be text of at most ${MAX_TEXT_LENGTH} characters`);
  return '';
}
