import * as z from 'zod';
import { nearestName, type PolicyFaultPlace } from './policy-fault.js';
import type { Path, PolicySource } from './policy-source.js';

/** What is gathered while a document is read. */
export interface Reading {
  readonly source: PolicySource;
  readonly faults: PolicyFaultPlace[];
}

/** The value held against its shape; null where it does not fit, with every fault noted at its place. */
export function readShape<T extends z.ZodType>(
  reading: Reading,
  shape: T,
  value: unknown,
  path: Path,
): z.output<T> | null {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) reading.faults.push(...faultsOf(reading.source, shape, value, path, issue));
  return null;
}

function faultsOf(
  source: PolicySource,
  shape: z.ZodType,
  value: unknown,
  base: Path,
  issue: z.core.$ZodIssue,
): readonly PolicyFaultPlace[] {
  const steps = issue.path.filter((step) => typeof step !== 'symbol');
  const path = [...base, ...steps];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = fieldsAt(shape, steps);
      return issue.keys.map((key) => source.faultAtField(path, key, unknownField(key, known)));
    }
    case 'invalid_key':
      return [source.faultAtField(path.slice(0, -1), String(path.at(-1)), 'expected a name of letters, digits and _')];
    default: {
      const expected = issue.message.startsWith('Invalid input') ? expectedIn(issue) : issue.message;
      const absent = valueAt(value, steps) === undefined;
      return [source.faultAt(path, absent ? `is missing: ${expected}` : expected)];
    }
  }
}

/** The message for a field that no shape knows here. */
export function unknownField(key: string, known: readonly string[]): string {
  const near = nearestName(key, known);
  return near === null ? `is no field here; known are ${known.join(', ')}` : `is no field here; did you mean ${near}?`;
}

function expectedIn(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    return issue.expected === 'object' || issue.expected === 'record'
      ? 'expected fields'
      : `expected ${issue.expected}`;
  }
  return issue.message.replace(/^Invalid input: /, '');
}

function valueAt(value: unknown, steps: readonly (string | number)[]): unknown {
  let at = value;
  for (const step of steps) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[step];
  }
  return at;
}

function fieldsAt(shape: z.ZodType, steps: readonly (string | number)[]): readonly string[] {
  let at: unknown = shape;
  for (const step of [...steps, null]) {
    while (at instanceof z.ZodOptional || at instanceof z.ZodDefault) at = at.unwrap();
    if (step === null) break;
    if (at instanceof z.ZodObject) at = (at.shape as Readonly<Record<string, unknown>>)[step];
    else if (at instanceof z.ZodArray) at = at.element;
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else return [];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** Whether the value has fields: an object that is no list. */
export function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of the value's own, or undefined. */
export function fieldOf(value: unknown, field: string): unknown {
  return isFields(value) && Object.hasOwn(value, field)
    ? (value as Readonly<Record<string, unknown>>)[field]
    : undefined;
}

/** The value's elements; none where it is no list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
