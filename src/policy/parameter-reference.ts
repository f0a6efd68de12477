import type { Parameters, ParameterValue } from './verdict.js';

/** Names that can stand after `params.` in CEL; one of JavaScript's own is as good as any other. */
export const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** A parameter as the whole value. */
export const REFERENCE = /^\$\{params\.([A-Za-z][A-Za-z0-9_]{0,63})\}$/;

/** A whole reference, or text in which every literal `${` is written `$${`. */
export const TEXT_OR_REFERENCE = /^(?:\$\{params\.[A-Za-z][A-Za-z0-9_]{0,63}\}|(?:[^$]|\$\$\{|\$(?!\$?\{))+)$/;

/** The parameter a value stands for, or null where it is a plain value. */
export function referencedParameter(value: string | number): string | null {
  return typeof value === 'string' ? (REFERENCE.exec(value)?.[1] ?? null) : null;
}

/** Plain text with its escapes resolved. */
export function plainText(value: string): string {
  return value.replaceAll('$${', '${');
}

/**
 * The value of a parameter that a compiled policy refers to. Parsing has seen to it that there is one, so its absence is
 * a malfunction and never a condition that holds.
 */
export function parameterValue(parameters: Parameters, name: string): ParameterValue {
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (value === undefined) throw new Error(`parameter ${name} has no value`);
  return value;
}
