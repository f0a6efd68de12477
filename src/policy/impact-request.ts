import { AppError, type FieldError } from '../platform/app-error.js';
import { parseParameters } from './parse-parameters.js';
import type { ParameterDeclaration, PolicyDocument } from './policy-document.js';
import type { Parameters } from './verdict.js';
import { parseRepository } from './verdict-request.js';

/** How to ask about images that nobody has asked about under the policy. */
export interface ImpactRequest {
  readonly repository: string | null;
  readonly parameters: Readonly<Record<string, string>>;
}

const PARAMETER_PREFIX = 'param.';

/**
 * Reads `repository` and `param.NAME` from a query.
 *
 * @throws AppError `request_invalid` for any other name or one given twice, `repository_malformed`
 */
export function parseImpactRequest(query: URLSearchParams): ImpactRequest {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const parameters: [string, string][] = [];
  for (const [name, value] of query) {
    const path = `query.${name}`;
    if (seen.has(name)) errors.push({ path, message: 'given more than once' });
    seen.add(name);
    if (name.startsWith(PARAMETER_PREFIX)) parameters.push([name.slice(PARAMETER_PREFIX.length), value]);
    else if (name !== 'repository') errors.push({ path, message: 'is not known here' });
  }
  if (errors.length > 0) {
    throw new AppError('malformed', 'request_invalid', 'the question is not understood', { errors });
  }
  const repository = query.get('repository');
  return {
    repository: repository === null ? null : parseRepository(repository, 'query.repository'),
    parameters: Object.fromEntries(parameters),
  };
}

/** The parameters with which each of two revisions is asked one question. */
export interface AskedParameters {
  readonly current: Readonly<Record<string, unknown>>;
  readonly candidate: Readonly<Record<string, unknown>>;
}

/**
 * The parameters for images that nobody has asked about: as given, to each revision as far as it declares them. null where
 * not enough was given to ask both.
 *
 * @throws AppError `parameter_invalid` for a value that the candidate does not admit, or a parameter that neither declares.
 */
export function parametersForUnasked(
  current: PolicyDocument,
  candidate: PolicyDocument,
  given: Readonly<Record<string, string>>,
): AskedParameters | null {
  const dropped = Object.keys(given).filter((name) => declares(current, name) && !declares(candidate, name));
  const asked = {
    current: keep(given, (name) => declares(current, name)),
    candidate: keep(given, (name) => !dropped.includes(name)),
  };
  const fault = faultOf(candidate, asked.candidate);
  if (fault !== null && !onlyMissing(fault, asked.candidate)) throw fault;
  const before = faultOf(current, asked.current);
  return fault !== null || (before !== null && onlyMissing(before, asked.current)) ? null : asked;
}

/**
 * The parameters of a question on record: to the current revision as they are; to the candidate with what is given for
 * those that the question lacks, and without those that it does not declare and that stood at their default, which most
 * likely nobody sent.
 */
export function parametersOfRecorded(
  current: PolicyDocument,
  candidate: PolicyDocument,
  recorded: Parameters,
  given: Readonly<Record<string, string>>,
): AskedParameters {
  const sent = (name: string): boolean =>
    declares(candidate, name) || recorded[name] !== declarationOf(current, name)?.default;
  return {
    current: recorded,
    candidate: { ...keep(given, (name) => declares(candidate, name)), ...keep(recorded, sent) },
  };
}

function faultOf(document: PolicyDocument, given: Readonly<Record<string, unknown>>): AppError | null {
  try {
    parseParameters(document, given);
    return null;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function onlyMissing({ errors = [] }: AppError, given: Readonly<Record<string, unknown>>): boolean {
  return errors.every(({ path }) => !Object.hasOwn(given, path));
}

function declarationOf({ parameters = {} }: PolicyDocument, name: string): ParameterDeclaration | undefined {
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined;
}

function declares(document: PolicyDocument, name: string): boolean {
  return declarationOf(document, name) !== undefined;
}

function keep<T>(values: Readonly<Record<string, T>>, isKept: (name: string) => boolean): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => isKept(name)));
}
