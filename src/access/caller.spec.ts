import { describe, expect, it } from 'vitest';
import { AppError } from '../platform/app-error.js';
import { ROLES, type Role } from '../platform/roles.js';
import { assertRole, hasRole, type Caller } from './caller.js';
import { assertPinned } from './pins.js';

function callerWith(roles: readonly Role[], pins: Partial<Pick<Caller, 'policies' | 'parameters'>> = {}): Caller {
  return { id: '1', name: 'ci', actor: 'token:ci#1', roles: new Set(roles), policies: null, parameters: null, ...pins };
}

function refusal(action: () => unknown): AppError | null {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  return null;
}

describe('roles', () => {
  it('let through who has one of those asked for, and admin always', () => {
    expect(hasRole(callerWith(['gate']), 'auditor', 'gate')).toBe(true);
    expect(hasRole(callerWith(['gate']), 'auditor')).toBe(false);
    expect(ROLES.every((role) => hasRole(callerWith(['admin']), role))).toBe(true);
    expect(hasRole(callerWith(['admin']))).toBe(true);
    expect(hasRole(callerWith(['gate']))).toBe(false);
  });

  it('that would do are named when none is there', () => {
    const error = refusal(() => {
      assertRole(callerWith(['gate', 'attester']), ['auditor', 'policy-admin']);
    });
    expect(error).toMatchObject({ kind: 'forbidden', code: 'role_missing' });
    expect(error?.message).toBe('needs the role auditor or policy-admin or admin; this token has gate, attester');
    expect(
      refusal(() => {
        assertRole(callerWith([]), []);
      })?.message,
    ).toBe('needs the role admin; this token has none');
  });
});

describe('a pinned gate', () => {
  it('asks under its policies only', () => {
    const gate = callerWith(['gate'], { policies: ['production', 'staging'] });
    expect(assertPinned(gate, 'staging', { region: 'eu' })).toEqual({ region: 'eu' });
    expect(refusal(() => assertPinned(gate, 'lenient', {}))).toMatchObject({
      kind: 'forbidden',
      code: 'policy_not_permitted',
    });
  });

  it('under no policy at all where none is named', () => {
    expect(refusal(() => assertPinned(callerWith(['gate'], { policies: [] }), 'any', {}))?.code).toBe(
      'policy_not_permitted',
    );
  });

  it('is given its parameters, in their own type, whatever it leaves out', () => {
    const gate = callerWith(['gate'], { parameters: { region: 'eu-west1', replicas: 3, strict: true } });
    expect(assertPinned(gate, 'any', { hardware: 'cpu' })).toEqual({
      hardware: 'cpu',
      region: 'eu-west1',
      replicas: 3,
      strict: true,
    });
    expect(assertPinned(gate, 'any', { replicas: '3', strict: 'true' })).toEqual({
      region: 'eu-west1',
      replicas: 3,
      strict: true,
    });
  });

  it('is refused with every parameter that it gives another value', () => {
    const gate = callerWith(['gate'], { parameters: { region: 'eu-west1', replicas: 3 } });
    const error = refusal(() => assertPinned(gate, 'any', { region: 'us-east1', replicas: ['3'] }));
    expect(error).toMatchObject({ kind: 'forbidden', code: 'parameter_not_permitted' });
    expect(error?.errors?.map(({ path }) => path)).toEqual(['parameters.region', 'parameters.replicas']);
    for (const region of ['', null, undefined, 'EU-WEST1', { toString: (): string => 'eu-west1' }])
      expect(refusal(() => assertPinned(gate, 'any', { region }))?.code).toBe('parameter_not_permitted');
  });

  it('has no say over names that every object inherits', () => {
    const gate = callerWith(['gate'], { parameters: { constructor: 'x' } });
    expect(assertPinned(gate, 'any', {})).toEqual({ constructor: 'x' });
  });

  it('is any other caller where nothing is pinned', () => {
    const asked = { region: 'eu' };
    expect(assertPinned(callerWith(['gate']), 'any', asked)).toBe(asked);
  });
});
