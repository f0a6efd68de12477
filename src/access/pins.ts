import { AppError } from '../platform/app-error.js';
import type { Caller } from './caller.js';

/**
 * The parameters with which a caller asks for a verdict under a policy: those given, and the caller's pinned ones in their
 * own type. A gate can thus be given a token that only ever asks its own question, however it is called.
 *
 * @throws AppError `policy_not_permitted` where the caller is pinned to other policies; `parameter_not_permitted` where a
 * pinned parameter is given with another value. Values given as text equal what they spell.
 */
export function assertPinned(
  caller: Caller,
  policy: string,
  parameters: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (caller.policies !== null && !caller.policies.includes(policy)) {
    throw new AppError(
      'forbidden',
      'policy_not_permitted',
      `this token asks under ${caller.policies.join(', ')} only, not under ${policy}`,
    );
  }
  if (caller.parameters === null) return parameters;
  const errors = Object.entries(caller.parameters)
    .filter(([name, value]) => Object.hasOwn(parameters, name) && !spells(parameters[name], value))
    .map(([name, value]) => ({ path: `parameters.${name}`, message: `this token asks with ${String(value)} only` }));
  if (errors.length > 0) {
    throw new AppError('forbidden', 'parameter_not_permitted', 'this token is pinned to other parameters', { errors });
  }
  return { ...parameters, ...caller.parameters };
}

function spells(given: unknown, pinned: string | number | boolean): boolean {
  return given === pinned || (typeof given === 'string' && given === String(pinned));
}
