import { describe, expect, it } from 'vitest';
import { AppError } from '../platform/app-error.js';
import type { Caller } from './caller.js';
import { callerOf, type KnownTokens } from './known-tokens.js';
import { hashToken } from './token.js';

const NOW = new Date('2026-03-01T12:00:00.000Z');

const caller: Caller = {
  id: '1',
  name: 'ci',
  actor: 'token:ci#1',
  roles: new Set(['attester']),
  policies: null,
  parameters: null,
};
const known: KnownTokens = {
  revision: 1,
  byHash: new Map([
    [hashToken('lasting'), { caller, expiresAt: null }],
    [hashToken('ending'), { caller, expiresAt: NOW }],
  ]),
};

function codeOf(authorization: string | undefined, now = NOW): string | null {
  try {
    callerOf(known, authorization, now);
  } catch (error) {
    if (error instanceof AppError && error.kind === 'unauthenticated') return error.code;
    throw error;
  }
  return null;
}

describe('callerOf', () => {
  it('knows who holds a token', () => {
    expect(callerOf(known, 'Bearer lasting', NOW)).toBe(caller);
  });

  it('refuses a token from the moment it expires', () => {
    expect(codeOf('Bearer ending', new Date(NOW.getTime() - 1))).toBeNull();
    expect(codeOf('Bearer ending')).toBe('token_expired');
  });

  it('refuses what is missing, unknown, or no token', () => {
    expect(codeOf(undefined)).toBe('token_missing');
    expect(codeOf(' ')).toBe('token_missing');
    expect(codeOf('Bearer unknown')).toBe('token_invalid');
    expect(codeOf('Bearer LASTING')).toBe('token_invalid');
    expect(codeOf('Basic lasting')).toBe('token_invalid');
    expect(codeOf('lasting')).toBe('token_invalid');
  });

  it('does not take the hash of a token for the token', () => {
    expect(codeOf(`Bearer ${hashToken('lasting')}`)).toBe('token_invalid');
  });
});
