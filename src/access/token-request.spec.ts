import { describe, expect, it } from 'vitest';
import { tokenRequest } from './token-request.js';

function pathsOf(body: unknown): readonly string[] {
  const result = tokenRequest.safeParse(body);
  return result.success ? [] : result.error.issues.map((issue) => issue.path.join('.'));
}

describe('the request for a token', () => {
  it('takes a name and roles, and pins for a gate', () => {
    expect(pathsOf({ name: 'ci', roles: ['attester'] })).toEqual([]);
    expect(
      pathsOf({
        name: 'cluster-eu',
        roles: ['gate', 'break-glass'],
        expiresAt: '2030-01-01T00:00:00+01:00',
        policies: ['production'],
        parameters: { region: 'eu-west1', replicas: 3, strict: true },
      }),
    ).toEqual([]);
    expect(pathsOf({ name: 'on-call', roles: ['break-glass'], policies: ['production'] })).toEqual([]);
    expect(pathsOf({ name: 'ci', roles: ['auditor'], expiresAt: null, policies: null, parameters: null })).toEqual([]);
  });

  it('is refused with every faulty field', () => {
    expect(pathsOf({ name: 'No Name', roles: [], expiresAt: 'tomorrow', policies: [], parameters: {} })).toEqual([
      'name',
      'roles',
      'expiresAt',
      'policies',
      'parameters',
    ]);
  });

  it.each([
    [{ name: 'ci' }, 'roles'],
    [{ roles: ['gate'] }, 'name'],
    [{ name: 'ci', roles: ['root'] }, 'roles.0'],
    [{ name: 'ci#1', roles: ['gate'] }, 'name'],
    [{ name: 'ci', roles: ['gate'], expiresAt: '2030-01-01' }, 'expiresAt'],
    [{ name: 'ci', roles: ['gate'], expiresAt: '2030-02-30T00:00:00Z' }, 'expiresAt'],
    [{ name: 'ci', roles: ['gate'], parameters: { region: null } }, 'parameters.region'],
    [{ name: 'ci', roles: ['gate'], parameters: { region: 'a\0b' } }, 'parameters.region'],
    [{ name: 'ci', roles: ['gate'], parameters: { region: '\ud800' } }, 'parameters.region'],
    [{ name: 'ci', roles: ['gate'], parameters: { 'a b': 'c' } }, 'parameters.a b'],
    [{ name: 'ci', roles: ['gate'], expiry: '2030-01-01T00:00:00Z' }, ''],
  ])('is refused as %j at %s', (body, path) => {
    expect(pathsOf(body)).toEqual([path]);
  });

  it('is refused pins that would bind nothing', () => {
    expect(pathsOf({ name: 'ci', roles: ['auditor'], policies: ['production'] })).toEqual(['policies']);
    expect(pathsOf({ name: 'ci', roles: ['gate', 'admin'], policies: ['production'], parameters: { a: 1 } })).toEqual([
      'policies',
      'parameters',
    ]);
  });
});
