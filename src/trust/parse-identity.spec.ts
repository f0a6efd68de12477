import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLAIM_NAMES } from '../intoto/proved-signer.js';
import { AppError, type FieldError } from '../platform/app-error.js';
import { parseAttestor } from './parse-attestor.js';
import { parseIdentity } from './parse-identity.js';
import { GITHUB, WORKFLOW } from './trust.fixture.js';

const RELEASE = { id: 'release', issuer: GITHUB, subject: WORKFLOW };

function refusal(parse: () => unknown): { readonly code: string; readonly errors: readonly FieldError[] } {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.kind).toBe('malformed');
    return { code: error.code, errors: error.errors ?? [] };
  }
  throw new Error('it was accepted');
}

const pathsOf = (body: unknown): string[] => refusal(() => parseIdentity(body)).errors.map(({ path }) => path);

describe('an identity document', () => {
  it('needs an id, an issuer and a subject; the rest is unlimited', () => {
    expect(parseIdentity(RELEASE)).toEqual({
      id: 'release',
      issuer: GITHUB,
      subject: WORKFLOW,
      subjectGlob: null,
      claims: {},
      trustRoot: 'public-good',
      validFrom: null,
      validUntil: null,
      person: null,
    });
  });

  it('may pin claims, name a trust root, a window and a person', () => {
    const document = parseIdentity({
      id: 'mira',
      issuer: 'https://accounts.google.com',
      subject: 'mira@example.com',
      claims: { sourceRepositoryUri: 'https://github.com/acme/*', githubWorkflowName: 'Release build' },
      trustRoot: 'own',
      validFrom: '2026-01-01T01:00:00+01:00',
      validUntil: '2027-01-01T00:00:00Z',
      person: 'Zoe\u0301',
    });
    expect(document).toMatchObject({
      claims: { sourceRepositoryUri: 'https://github.com/acme/*', githubWorkflowName: 'Release build' },
      trustRoot: 'own',
      validFrom: '2026-01-01T00:00:00.000Z',
      validUntil: '2027-01-01T00:00:00.000Z',
      person: 'Zo\u00e9',
    });
  });

  it('keeps issuer and subject byte for byte', () => {
    const issuer = `${GITHUB}/`;
    const subject = `${WORKFLOW}/%2e Zoe\u0301`;
    expect(parseIdentity({ ...RELEASE, issuer, subject })).toMatchObject({ issuer, subject });
  });

  it('may go without an issuer under a trust root of its own alone', () => {
    const plain = { id: 'build', subject: 'build.example.com' };
    expect(pathsOf(plain)).toEqual(['issuer']);
    expect(pathsOf({ ...plain, issuer: null })).toEqual(['issuer']);
    expect(pathsOf({ ...plain, trustRoot: 'public-good' })).toEqual(['issuer']);
    expect(parseIdentity({ ...plain, trustRoot: 'own' }).issuer).toBeNull();
  });

  it.each([
    '',
    'token.actions.githubusercontent.com',
    'http://issuer.example',
    'https://*.example',
    'https://a b',
    'https://',
    7,
  ])('refuses %j as an issuer', (issuer) => {
    expect(pathsOf({ ...RELEASE, issuer })).toContain('issuer');
  });

  it('must say exactly one of subject and subjectGlob', () => {
    expect(pathsOf({ id: 'release', issuer: GITHUB })).toEqual(['subject']);
    expect(pathsOf({ ...RELEASE, subjectGlob: 'https://github.com/acme/**' })).toEqual(['subject']);
  });

  it.each(['**', 'https://*/acme/**', '*@*', 'release', 'https**', ''])('refuses the glob %j', (subjectGlob) => {
    expect(pathsOf({ id: 'release', issuer: GITHUB, subjectGlob })).toEqual(['subjectGlob']);
  });

  it('may name a person only beside one subject', () => {
    expect(parseIdentity({ ...RELEASE, person: 'mira' }).person).toBe('mira');
    const glob = { id: 'all', issuer: GITHUB, subjectGlob: '*@example.com' };
    expect(pathsOf({ ...glob, person: 'mira' })).toEqual(['person']);
  });

  it('says which claims there are where one is not known', () => {
    const { errors } = refusal(() => parseIdentity({ ...RELEASE, claims: { repository: 'x', buildTrigger: 'push' } }));
    expect(errors.map(({ path }) => path)).toEqual(['claims.repository', 'claims']);
    for (const name of CLAIM_NAMES) expect(errors[1]?.message).toContain(name);
    expect(pathsOf({ ...RELEASE, claims: { buildTrigger: '' } })).toEqual(['claims.buildTrigger']);
    expect(pathsOf({ ...RELEASE, claims: [] })).toEqual(['claims']);
  });

  it('refuses a window without a moment, unknown fields and text that cannot be told apart', () => {
    const window = { validFrom: '2026-02-01T00:00:00Z', validUntil: '2026-02-01T00:00:00Z' };
    expect(pathsOf({ ...RELEASE, ...window })).toEqual(['validUntil']);
    expect(pathsOf({ ...RELEASE, scheme: 'x' })).toEqual(['scheme']);
    expect(pathsOf({ ...RELEASE, subject: 'mi\u200bra@example.com' })).toEqual(['subject']);
    expect(pathsOf({ ...RELEASE, subject: ' mira@example.com' })).toEqual(['subject']);
    expect(pathsOf({ ...RELEASE, id: 'a/b' })).toEqual(['id']);
  });

  it('refuses anything at all that is not one, by its code', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(refusal(() => parseIdentity(body)).code).toBe('identity_malformed');
      }),
    );
  });
});

describe('the identities of an attestor document', () => {
  const parse = (...identities: readonly unknown[]): ReturnType<typeof parseAttestor> =>
    parseAttestor('ci', { kinds: ['build'], keys: [], identities });

  it('are read as one that is added', () => {
    expect(parse(RELEASE).identities).toEqual([parseIdentity(RELEASE)]);
  });

  it('are told every fault with its path', () => {
    const { code, errors } = refusal(() =>
      parse(
        { ...RELEASE, issuer: null },
        { id: 'release', issuer: GITHUB, subjectGlob: '*', person: 'mira' },
        { ...RELEASE, id: 'c', claims: { x: 'y' } },
        7,
      ),
    );
    expect(code).toBe('attestor_malformed');
    expect(errors.map(({ path }) => path).sort()).toEqual([
      'identities[0].issuer',
      'identities[1].id',
      'identities[1].person',
      'identities[1].subjectGlob',
      'identities[2].claims',
      'identities[2].claims.x',
      'identities[3]',
    ]);
  });

  it('may not be for the same certificates twice, however long they count and whose they are', () => {
    const { errors } = refusal(() => parse(RELEASE, { ...RELEASE, id: 'other', person: 'mira', claims: {} }));
    expect(errors).toEqual([
      { path: 'identities[1].subject', message: 'is for the same certificates as identities[0]' },
    ]);
    expect(parse(RELEASE, { ...RELEASE, id: 'other', trustRoot: 'own' }).identities).toHaveLength(2);
  });

  it('are a hundred at most', () => {
    const many = Array.from({ length: 101 }, (_, index) => ({ ...RELEASE, id: `i${index}`, subject: `s${index}` }));
    expect(parse(...many.slice(1)).identities).toHaveLength(100);
    expect(refusal(() => parse(...many)).errors.map(({ path }) => path)).toEqual(['identities']);
  });
});
