import type { FaultList } from '../fault-list.js';
import { asObject, member, type Json, type JsonObject } from '../json.js';
import { memberPath } from '../json-path.js';

/** When an authority counts, RFC 3339 UTC with milliseconds, both ends included; without an end, for good. */
export interface WindowJson {
  readonly start: string;
  readonly end?: string;
}

/**
 * Reads a TimeRange; null where a fault was added. Without `otherwise` a start is required (sigstore_common.proto): who
 * leaves it out trusts an authority since ever.
 */
export function readWindow(
  value: Json | undefined,
  path: string,
  faults: FaultList,
  otherwise?: Required<WindowJson>,
): WindowJson | null {
  const object = asObject(value);
  if (object === null) {
    faults.add(path, value === undefined ? 'is missing' : 'must be an object');
    return null;
  }
  const start = readMoment(object, 'start', path, faults) ?? otherwise?.start ?? null;
  const end = readMoment(object, 'end', path, faults) ?? otherwise?.end ?? null;
  if (start === null) {
    if (member(object, 'start') === undefined) faults.add(memberPath(path, 'start'), 'is missing');
    return null;
  }
  // Both are written in one form of one length, whose order as text is that in time.
  if (end !== null && end < start) faults.add(path, 'ends before it starts');
  return end === null ? { start } : { start, end };
}

const MOMENT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z$/;

/** A moment as protobuf writes it in JSON, rounded up to a millisecond; null where it is absent or a fault was added. */
function readMoment(object: JsonObject, name: string, parent: string, faults: FaultList): string | null {
  const value = member(object, name);
  if (value === undefined) return null;
  const [, seconds, fraction = ''] = (typeof value === 'string' ? MOMENT.exec(value) : null) ?? [];
  const whole = seconds === undefined ? NaN : Date.parse(`${seconds}Z`);
  if (Number.isNaN(whole) || new Date(whole).toISOString().slice(0, 19) !== seconds) {
    faults.add(memberPath(parent, name), 'must be a moment in UTC such as "2024-05-01T00:00:00Z"');
    return null;
  }
  // An end that is rounded up gains less than a millisecond, the precision of every time that is compared with it.
  return new Date(whole + Math.ceil(Number(`0.${fraction}`) * 1000)).toISOString();
}
