import type { z } from 'zod';
import { elementPath, memberPath } from '../intoto/json-path.js';
import { AppError, type FieldError } from '../platform/app-error.js';

/** The faults of shape that a schema found, each by its path. */
export function shapeFaults(error: z.ZodError | undefined): readonly FieldError[] {
  return (error?.issues ?? []).flatMap((issue) => {
    const path = pathOf(issue.path);
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: memberPath(path, key), message: 'is not known here' }));
  });
}

/** The fault where a window holds no moment; times in UTC, as `utc` gives them. */
export function windowFaults(
  { validFrom, validUntil }: { readonly validFrom: string | null; readonly validUntil: string | null },
  path: string,
): readonly FieldError[] {
  if (validFrom === null || validUntil === null || validFrom < validUntil) return [];
  return [{ path: memberPath(path, 'validUntil'), message: 'must be later than validFrom' }];
}

/** Faults where a later element says the same as an earlier one; `undefined` says nothing. */
export function repeated(
  said: readonly (string | undefined)[],
  list: string,
  name: string,
  messageOf: (first: string) => string,
): readonly FieldError[] {
  return said.flatMap((text, index) => {
    const first = said.indexOf(text);
    if (text === undefined || first === index) return [];
    return [{ path: memberPath(elementPath(list, index), name), message: messageOf(elementPath(list, first)) }];
  });
}

/** A member of a value that may be anything. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

/** A list as far as one is taken: what exceeds the longest allowed is at fault already and not worth reading. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, 100) : [];
}

/** RFC 3339 UTC with milliseconds; null where there is none. */
export function utc(time: string | null | undefined): string | null {
  return time === null || time === undefined ? null : new Date(time).toISOString();
}

/** What exceeds it is left out, so that no document can make a long answer. */
const MAX_LISTED = 100;

/** The refusal of a document for its faults; its code is `<document>_malformed`. */
export function malformed(
  document: 'attestor' | 'key' | 'identity' | 'revocation' | 'act',
  faults: readonly FieldError[],
): AppError {
  const errors = faults.slice(0, MAX_LISTED);
  return new AppError('malformed', `${document}_malformed`, `the ${document} is malformed`, { errors });
}

function pathOf(segments: readonly PropertyKey[]): string {
  return segments.reduce<string>(
    (path, segment) =>
      typeof segment === 'number' ? elementPath(path, segment) : memberPath(path, segment.toString()),
    '',
  );
}
