import { decodeBase64 } from './base64.js';
import type { FaultList } from './fault-list.js';
import { asArray, asObject, member, type Json, type JsonObject } from './json.js';
import { elementPath, memberPath } from './json-path.js';

/**
 * An object within a document in the JSON mapping of protocol buffers (proto3), and where it stands. The readers below
 * answer null for a member that is absent, which is no fault, and for one of the wrong type, which is added to the
 * faults.
 */
export interface Place {
  readonly object: JsonObject;
  readonly path: string;
  readonly faults: FaultList;
}

/** An int64 at its largest. */
const MOST = 2n ** 63n - 1n;

/** Adds a fault at a member of the place, or at the place itself where the name is empty. */
export function faultAt({ path, faults }: Place, name: string, message: string): void {
  faults.add(name === '' ? path : memberPath(path, name), message);
}

/** Whether the member is there and not null. */
export function holds({ object }: Place, name: string): boolean {
  return member(object, name) !== undefined;
}

/** The member as a place of its own. */
export function objectIn(place: Place, name: string): Place | null {
  const value = member(place.object, name);
  const object = asObject(value);
  if (object === null) {
    if (value !== undefined) faultAt(place, name, 'must be an object');
    return null;
  }
  return { object, path: memberPath(place.path, name), faults: place.faults };
}

/**
 * Those elements of the member, a list of at most so many, that are objects as they should be; none where it is absent.
 */
export function objectsIn(place: Place, name: string, most: number): readonly Place[] {
  const path = memberPath(place.path, name);
  return (listIn(place, name, most) ?? []).flatMap((element, index) => {
    const object = asObject(element);
    if (object === null) place.faults.add(elementPath(path, index), 'must be an object');
    return object === null ? [] : [{ object, path: elementPath(path, index), faults: place.faults }];
  });
}

export function textIn(place: Place, name: string): string | null {
  const value = member(place.object, name);
  if (typeof value === 'string') return value;
  if (value !== undefined) faultAt(place, name, 'must be a string');
  return null;
}

/** Bytes: standard base64, padded or not. */
export function bytesIn(place: Place, name: string): Buffer | null {
  const text = textIn(place, name);
  return text === null ? null : decoded(text, memberPath(place.path, name), place.faults);
}

/** Checks that the member is a list of at most so many texts, each of them bytes. */
export function checkBytesListIn(place: Place, name: string, most: number): void {
  const path = memberPath(place.path, name);
  for (const [index, element] of (listIn(place, name, most) ?? []).entries()) {
    if (typeof element === 'string') decoded(element, elementPath(path, index), place.faults);
    else place.faults.add(elementPath(path, index), 'must be a string');
  }
}

/** Checks that the member is an int64 that is not negative: digits in a string, or a number that a double holds. */
export function checkCountIn(place: Place, name: string): void {
  const value = member(place.object, name);
  if (value === undefined) return;
  const isCount =
    typeof value === 'string'
      ? /^(?:0|[1-9]\d{0,18})$/.test(value) && BigInt(value) <= MOST
      : Number.isSafeInteger(value) && Number(value) >= 0;
  if (!isCount) faultAt(place, name, 'must be a whole number that is not negative, in digits');
}

function listIn(place: Place, name: string, most: number): readonly Json[] | null {
  const value = member(place.object, name);
  if (value === undefined) return null;
  const list = asArray(value);
  if (list === null) faultAt(place, name, 'must be an array');
  else if (list.length > most) faultAt(place, name, `holds ${list.length} elements; at most ${most} are accepted`);
  else return list;
  return null;
}

function decoded(text: string, path: string, faults: FaultList): Buffer | null {
  const { bytes, fault } = decodeBase64(text);
  if (fault !== null) faults.add(path, fault);
  else if (/[-_]/.test(text)) faults.add(path, 'is base64 in the URL-safe alphabet; expected the standard one');
  else return bytes;
  return null;
}
