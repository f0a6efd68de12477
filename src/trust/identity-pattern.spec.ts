import { describe, expect, it } from 'vitest';
import { compilePattern, covers, patternName } from './identity-pattern.js';
import type { IdentityPattern } from './attestor.js';
import { certified, GITHUB, identityWith, WORKFLOW } from './trust.fixture.js';

const exact = identityWith({ subject: WORKFLOW, subjectGlob: null });

/** `fits`, what differs, or `stranger`. */
function compared(pattern: IdentityPattern, ...change: Parameters<typeof certified>): string {
  const match = compilePattern(pattern)(certified(...change));
  return match.fits ? 'fits' : (match.nearly ?? 'stranger');
}

describe('a certificate and an identity', () => {
  it('fit where issuer and subject are the same, or the glob covers the subject', () => {
    expect(compared(exact)).toBe('fits');
    expect(compared(identityWith())).toBe('fits');
    expect(compilePattern(exact)(certified())).toEqual({ fits: true, subject: WORKFLOW });
  });

  it.each([
    ['an issuer below it', `${GITHUB}/hammer-time`],
    ['an issuer above it', 'https://token.actions'],
    ['an issuer with a slash', `${GITHUB}/`],
    ['an issuer in capitals', GITHUB.toUpperCase()],
    ['an issuer by http', GITHUB.replace('https', 'http')],
    ['another issuer altogether', 'https://accounts.google.com'],
    ['no issuer', null],
  ])('do not fit with %s, and it is said', (_what, issuer) => {
    for (const pattern of [exact, identityWith()]) {
      expect(compared(pattern, { issuer })).toMatch(/^the issuer is (none|"http.*"), not "https:/i);
    }
  });

  it('do not fit below an issuer that the identity names, nor without one that it does', () => {
    expect(compared(identityWith({ issuer: `${GITHUB}/hammer-time` }))).toContain('the issuer is');
    expect(compared(identityWith({ issuer: null }))).toContain('the issuer is');
    expect(compared(identityWith({ issuer: null }), { issuer: null })).toBe('fits');
  });

  it.each([
    `${WORKFLOW}0`,
    `x${WORKFLOW}`,
    WORKFLOW.slice(0, -1),
    WORKFLOW.toUpperCase(),
    WORKFLOW.replace('release.yml', 'releaseXyml'),
    WORKFLOW.replace('/app/', '/%61pp/'),
    WORKFLOW.replace('tags', 'heads'),
    `${WORKFLOW}\n`,
    `https://evil.example/${WORKFLOW}`,
  ])('do not fit with the subject %j, and it is said', (subject) => {
    expect(compared(exact, { subjects: [subject] })).toBe(
      `the subject is ${JSON.stringify(subject)}, not "${WORKFLOW}"`,
    );
  });

  it('are strangers where neither issuer nor subject is right', () => {
    expect(compared(exact, { issuer: 'https://accounts.google.com', subjects: ['mira@example.com'] })).toBe('stranger');
  });

  it('fit by any of several subjects', () => {
    const plain = identityWith({ issuer: null, subject: 'build.example', subjectGlob: null });
    const identity = certified({ issuer: null, subjects: ['a.example', 'build.example'] });
    expect(compilePattern(plain)(identity)).toEqual({ fits: true, subject: 'build.example' });
  });

  it('fit only where every claim is there and matches', () => {
    const pinned = identityWith({
      claims: { sourceRepositoryUri: 'https://github.com/acme/*', sourceRepositoryRef: 'refs/tags/*' },
    });
    expect(compared(pinned)).toBe('fits');
    const claims = certified().claims;
    expect(compared(pinned, { claims: { ...claims, sourceRepositoryRef: 'refs/heads/main' } })).toBe(
      'the claim sourceRepositoryRef is "refs/heads/main", not "refs/tags/*"',
    );
    expect(compared(pinned, { claims: { ...claims, sourceRepositoryUri: 'https://github.com/acme/app/x' } })).toContain(
      'the claim sourceRepositoryUri',
    );
    expect(compared(pinned, { claims: { sourceRepositoryRef: 'refs/tags/v1' } })).toBe(
      'the claim sourceRepositoryUri is none, not "https://github.com/acme/*"',
    );
  });
});

describe('the name of a pattern', () => {
  it('differs where anything that it asks for does, and in nothing else', () => {
    const names = [
      identityWith(),
      identityWith({ issuer: null }),
      identityWith({ issuer: `${GITHUB}/` }),
      exact,
      identityWith({ subject: null, subjectGlob: WORKFLOW }),
      identityWith({ claims: { buildTrigger: 'push' } }),
      identityWith({ claims: { buildTrigger: 'none' } }),
      identityWith({ trustRoot: 'own' }),
    ].map(patternName);
    expect(new Set(names).size).toBe(names.length);
    const same = identityWith({ id: 'other', person: 'mira', validFrom: '2026-01-01T00:00:00.000Z' });
    expect(patternName(same)).toBe(patternName(identityWith()));
    const [a, b] = [
      { buildTrigger: 'push', runInvocationUri: 'x' },
      { runInvocationUri: 'x', buildTrigger: 'push' },
    ];
    expect(patternName(identityWith({ claims: a }))).toBe(patternName(identityWith({ claims: b })));
  });
});

describe('a pattern covers another', () => {
  it('where it is the same, or asks for less', () => {
    expect(covers(identityWith(), identityWith())).toBe(true);
    expect(covers(identityWith(), exact)).toBe(true);
    expect(covers(exact, identityWith())).toBe(false);
    expect(covers(exact, exact)).toBe(true);
    const pinned = identityWith({ claims: { buildTrigger: 'push' } });
    expect(covers(identityWith(), pinned)).toBe(true);
    expect(covers(pinned, identityWith())).toBe(false);
    expect(covers(pinned, identityWith({ claims: { buildTrigger: '*' } }))).toBe(false);
  });

  it('whatever the trust root where an issuer says who it is, and only under one where none does', () => {
    expect(covers(identityWith(), identityWith({ trustRoot: 'own' }))).toBe(true);
    expect(covers(identityWith({ issuer: null }), identityWith({ issuer: null, trustRoot: 'own' }))).toBe(false);
    expect(covers(identityWith(), identityWith({ issuer: null }))).toBe(false);
  });
});
