import { AppError, type FieldError } from '../platform/app-error.js';
import { nearestName } from './policy-fault.js';
import type { ParameterDeclaration, PolicyDocument } from './policy-document.js';
import type { Parameters, ParameterValue } from './verdict.js';

const MOST_CHARACTERS = 1024;

/**
 * The parameters of one question, as the policy declares them: those given, converted to their type, and the defaults
 * of those that were not. Values from a query string are texts and are read strictly: `5` is an integer, `05`, ` 5` and
 * `5.0` are none. A value that already has a type must have the right one.
 *
 * @throws AppError `parameter_invalid` with every missing, unknown, ill-typed or not admitted parameter by name.
 */
export function parseParameters(document: PolicyDocument, given: Readonly<Record<string, unknown>>): Parameters {
  const declared = new Map(Object.entries(document.parameters ?? {}));
  const values = new Map(Object.entries(given).filter(([, value]) => value !== undefined));
  const errors: FieldError[] = [];
  const parameters = new Map<string, ParameterValue>();
  for (const name of values.keys()) {
    if (!declared.has(name)) errors.push({ path: name, message: unknownParameter(name, [...declared.keys()]) });
  }
  for (const [name, declaration] of [...declared].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const value = values.has(name) ? converted(values.get(name), declaration) : declaration.default;
    if (value !== undefined && value !== null) parameters.set(name, value);
    else if (value === null) errors.push({ path: name, message: `expected ${expectation(declaration)}` });
    else if (declaration.required === true) {
      errors.push({ path: name, message: `is missing: expected ${expectation(declaration)}` });
    }
  }
  if (errors.length > 0) {
    const detail = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new AppError('malformed', 'parameter_invalid', detail, { errors });
  }
  return Object.fromEntries(parameters);
}

/** The value in its declared type, or null where it has or makes none that is admitted. */
function converted(value: unknown, declaration: ParameterDeclaration): ParameterValue | null {
  const typed = ofType(value, declaration);
  return typed === null || declaration.oneOf?.includes(typed) === false ? null : typed;
}

function ofType(value: unknown, { type }: ParameterDeclaration): ParameterValue | null {
  switch (type) {
    case 'string':
      return typeof value === 'string' && value.length <= MOST_CHARACTERS && isStorable(value) ? value : null;
    case 'integer': {
      const number = typeof value === 'string' && /^(?:0|-?[1-9]\d{0,15})$/.test(value) ? Number(value) : value;
      return typeof number === 'number' && Number.isSafeInteger(number) ? withoutSign(number) : null;
    }
    case 'number': {
      const written = typeof value === 'string' && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value);
      const number = written && value.length <= MOST_CHARACTERS ? Number(value) : value;
      return typeof number === 'number' && Number.isFinite(number) ? withoutSign(number) : null;
    }
    case 'boolean':
      if (typeof value === 'boolean') return value;
      return value === 'true' ? true : value === 'false' ? false : null;
  }
}

/** Zero has no sign in JSON, so a recorded answer could not be told from its replay. */
function withoutSign(number: number): number {
  return number === 0 ? 0 : number;
}

/** What a verdict says goes on record, where neither U+0000 nor half of a surrogate pair can be kept. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function expectation({ type, oneOf }: ParameterDeclaration): string {
  const what = { string: 'text', integer: 'a whole number', number: 'a number', boolean: 'true or false' }[type];
  return oneOf === undefined ? what : `${what}, one of ${oneOf.join(', ')}`;
}

function unknownParameter(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  if (near !== null) return `the policy has no such parameter; did you mean ${near}?`;
  return known.length === 0
    ? 'the policy has no parameters'
    : `the policy has no such parameter; it has ${known.join(', ')}`;
}
