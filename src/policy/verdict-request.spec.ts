import { describe, expect, it } from 'vitest';
import { AppError } from '../platform/app-error.js';
import { parseImageReference, parseVerdictQuery } from './verdict-request.js';

const digest = `sha256:${'ab'.repeat(32)}`;

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('parseImageReference', () => {
  it.each([
    [digest, null],
    [`registry.example.com/team/app@${digest}`, 'registry.example.com/team/app'],
    [`registry.example.com:5000/team/app:1.2.3@${digest}`, 'registry.example.com:5000/team/app'],
    [`app@${digest}`, 'app'],
    [`app:1.2@${digest}`, 'app'],
  ])('reads %s', (text, repository) => {
    expect(parseImageReference(text, 'images[0]')).toEqual({ digest, repository });
  });

  it.each([
    ['registry.example.com/team/app:latest', 'digest_required'],
    ['registry.example.com/team/app', 'digest_required'],
    ['', 'digest_required'],
    [digest.toUpperCase().replace('SHA256', 'sha256'), 'digest_malformed'],
    [digest.slice(0, -1), 'digest_malformed'],
    [`sha512:${'ab'.repeat(64)}`, 'digest_malformed'],
    [`app@${digest}x`, 'digest_malformed'],
    [`Registry.example.com/App@${digest}`, 'repository_malformed'],
    [`@${digest}`, 'repository_malformed'],
    [`a/../b@${digest}`, 'repository_malformed'],
  ])('refuses %j as %s', (text, code) => {
    expect(codeOf(() => parseImageReference(text, 'images[0]'))).toBe(code);
  });

  it('takes a repository of many repeated separators in no time', () => {
    const started = performance.now();
    codeOf(() => parseImageReference(`${'a-'.repeat(240)}!@${digest}`, 'images[0]'));
    expect(performance.now() - started).toBeLessThan(50);
  });
});

describe('parseVerdictQuery', () => {
  it('takes policy, repository and parameters', () => {
    const query = new URLSearchParams({
      policy: 'production',
      repository: 'a/b',
      'param.region': 'eu',
      'param.__proto__': 'x',
    });
    const asked = parseVerdictQuery(digest, query);
    expect(asked).toMatchObject({ digest, policy: 'production', repository: 'a/b' });
    expect(Object.keys(asked.parameters)).toEqual(['region', '__proto__']);
  });

  it.each([
    '',
    'policy=',
    'policy=a&policy=b',
    'policy=a&polcy=b',
    'policy=a&param.x=1&param.x=2',
    'policy=a&region=eu',
  ])('refuses %j, since a question half understood must not be answered', (text) => {
    expect(codeOf(() => parseVerdictQuery(digest, new URLSearchParams(text)))).toBe('request_invalid');
  });
});

describe('the moment of a verdict query', () => {
  const asked = (at: string) => parseVerdictQuery(digest, new URLSearchParams({ policy: 'p', at }));

  it('is null where none is named', () => {
    expect(parseVerdictQuery(digest, new URLSearchParams({ policy: 'p' })).at).toBeNull();
  });

  it('is read with its offset, to the millisecond', () => {
    expect(asked('2026-03-01T12:00:00.123456+02:00').at).toEqual(new Date('2026-03-01T10:00:00.123Z'));
  });

  it.each(['', 'now', '2026-03-01', '2026-03-01T12:00:00', '2026-13-01T12:00:00Z'])('refuses %j', (at) => {
    expect(codeOf(() => asked(at))).toBe('request_invalid');
  });
});
