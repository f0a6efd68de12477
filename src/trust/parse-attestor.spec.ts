import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError, type FieldError } from '../platform/app-error.js';
import { parseAttestor, parseKey, parseRevocation } from './parse-attestor.js';

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const CI_KEY = { id: 'ci-2026', publicKey: pem(p256.publicKey) };

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

const refused = (body: unknown, name = 'ci'): ReturnType<typeof refusal> => refusal(() => parseAttestor(name, body));
const pathsOf = ({ errors }: { readonly errors: readonly FieldError[] }): string[] => errors.map(({ path }) => path);

describe('an attestor document', () => {
  it('needs a name, what may be signed, and keys; the rest is unlimited', () => {
    expect(parseAttestor('ci', { kinds: ['build'], keys: [CI_KEY] })).toEqual({
      name: 'ci',
      description: null,
      kinds: ['build'],
      predicateTypes: null,
      keys: [
        {
          id: 'ci-2026',
          thumbprint: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
          publicKey: CI_KEY.publicKey,
          schemes: ['ES256/der', 'ES256/ieee-p1363'],
          trustRoot: 'public-good',
          validFrom: null,
          validUntil: null,
          person: null,
        },
      ],
      identities: [],
      repositories: null,
      builders: [],
      mayNameApprovers: false,
    });
  });

  it('is the same however its lists are ordered and its times and keys are written', () => {
    const one = parseAttestor('ci', {
      predicateTypes: ['https://b.example/v1', 'https://a.example/v1'],
      keys: [{ ...CI_KEY, validFrom: '2026-01-01T01:00:00+01:00', person: 'Zoe\u0301' }],
      repositories: ['b.example/**', 'a.example/*', 'b.example/**'],
      builders: [
        { id: 'https://b.example', slsaLevel: 3 },
        { id: 'https://a.example', slsaLevel: 0 },
      ],
    });
    const other = parseAttestor('ci', {
      description: null,
      predicateTypes: ['https://a.example/v1', 'https://b.example/v1'],
      keys: [
        {
          ...CI_KEY,
          publicKey: p256.publicKey.export({ format: 'jwk' }),
          validFrom: '2026-01-01T00:00:00Z',
          validUntil: null,
          person: 'Zo\u00e9',
        },
      ],
      identities: [],
      repositories: ['a.example/*', 'b.example/**'],
      builders: [
        { id: 'https://a.example', slsaLevel: 0 },
        { id: 'https://b.example', slsaLevel: 3 },
      ],
      mayNameApprovers: false,
    });
    expect(one).toEqual(other);
  });

  it('may hold no key, so that it supports nothing', () => {
    expect(parseAttestor('ci', { kinds: ['build'], keys: [] }).keys).toEqual([]);
  });

  it('may name for each key the trust root that proves when it signed', () => {
    const { keys } = parseAttestor('ci', { kinds: ['build'], keys: [{ ...CI_KEY, trustRoot: 'own' }] });
    expect(keys[0]?.trustRoot).toBe('own');
    expect(pathsOf(refused({ kinds: ['build'], keys: [{ ...CI_KEY, trustRoot: 'Own' }] }))).toEqual([
      'keys[0].trustRoot',
    ]);
  });

  it('confines a key to the algorithm and encoding it names', () => {
    const { keys } = parseAttestor('ci', {
      kinds: ['build'],
      keys: [
        { ...CI_KEY, signatureEncoding: 'ieee-p1363' },
        { id: 'rsa', publicKey: pem(rsa.publicKey), algorithm: 'PS256' },
        { id: 'ed', publicKey: pem(ed25519.publicKey), algorithm: 'Ed25519' },
      ],
    });
    expect(keys.map((key) => key.schemes)).toEqual([['ES256/ieee-p1363'], ['PS256'], ['EdDSA']]);
  });

  it.each(['', 'CI', '-ci', 'a/b', 'a'.repeat(101), '__proto__', 'ci\n', 'cí'])('refuses the name %j', (name) => {
    expect(refused({ kinds: ['build'], keys: [] }, name)).toMatchObject({
      code: 'attestor_malformed',
      errors: [{ path: 'name' }],
    });
  });

  it('must say exactly one of kinds and predicateTypes, and something in it', () => {
    expect(pathsOf(refused({ keys: [] }))).toEqual(['kinds']);
    expect(pathsOf(refused({ kinds: ['build'], predicateTypes: ['https://a.example'], keys: [] }))).toEqual(['kinds']);
    expect(pathsOf(refused({ kinds: [], keys: [] }))).toEqual(['kinds']);
    expect(pathsOf(refused({ kinds: ['builds'], keys: [] }))).toEqual(['kinds[0]']);
  });

  it('tells every fault at once, each by its path', () => {
    const { code, errors } = refused(
      {
        kind: 'scan',
        predicateTypes: ['has space'],
        keys: [
          { id: 'a/b', publicKey: 'x' },
          { ...CI_KEY, validFrom: '2026-02-01T00:00:00Z', validUntil: '2026-02-01T00:00:00Z' },
          { id: 'weak', publicKey: 'not a key' },
          { ...CI_KEY, note: 'x' },
          { id: 'same-key', publicKey: CI_KEY.publicKey },
        ],
        repositories: [''],
        builders: [
          { id: 'https://b.example', slsaLevel: 4 },
          { id: 'https://b.example', slsaLevel: 1 },
        ],
        mayNameApprovers: 'yes',
      },
      'CI',
    );
    expect(code).toBe('attestor_malformed');
    expect(errors.map(({ path }) => path).sort()).toEqual(
      [
        'builders[0].slsaLevel',
        'builders[1].id',
        'keys[0].id',
        'keys[1].validUntil',
        'keys[2].publicKey',
        'keys[3].id',
        'keys[3].note',
        'keys[4].publicKey',
        'kind',
        'mayNameApprovers',
        'name',
        'predicateTypes[0]',
        'repositories[0]',
      ].sort(),
    );
  });

  it.each([null, [], 'x', 3, undefined, { keys: {} }, { kinds: ['build'], keys: [null, 7, []] }])(
    'refuses %j without failing over it',
    (body) => {
      expect(refused(body).code).toBe('attestor_malformed');
    },
  );

  it('refuses anything at all that is not a document, by its code', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(refused(body).code).toMatch(/^(attestor_malformed|key_unusable)$/);
      }),
    );
  });

  it('refuses text that the database or a reader could not hold apart', () => {
    const body = { kinds: ['build'], keys: [CI_KEY] };
    expect(pathsOf(refused({ ...body, description: 'a\0b' }))).toEqual(['description']);
    expect(pathsOf(refused({ ...body, description: 'a\ud800b' }))).toEqual(['description']);
    for (const person of ['', ' mira', 'mira ', 'mi\u200bra', 'mi\nra']) {
      expect(pathsOf(refused({ ...body, keys: [{ ...CI_KEY, person }] }))).toEqual(['keys[0].person']);
    }
    expect(parseAttestor('ci', { ...body, keys: [{ ...CI_KEY, person: 'Mira  Nováková' }] }).keys[0]?.person).toBe(
      'Mira  Nováková',
    );
  });

  it.each([
    '2026-01-01',
    '2026-01-01T00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-01-01T00:00:00',
    '1969-12-31T23:59:59Z',
    7,
  ])('refuses %j as a time', (validFrom) => {
    expect(pathsOf(refused({ kinds: ['build'], keys: [{ ...CI_KEY, validFrom }] }))).toEqual(['keys[0].validFrom']);
  });
});

describe('a key that cannot be used', () => {
  it('is refused by its path, each of them', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const result = refused({
      kinds: ['build'],
      keys: [CI_KEY, { id: 'weak', publicKey: pem(weak.publicKey) }, { id: 'k1', publicKey: pem(koblitz.publicKey) }],
    });
    expect(result.code).toBe('key_unusable');
    expect(pathsOf(result)).toEqual(['keys[1].publicKey', 'keys[2].publicKey']);
  });

  it('is refused where its algorithm or encoding does not fit', () => {
    expect(refused({ kinds: ['build'], keys: [{ ...CI_KEY, algorithm: 'RS256' }] }).code).toBe('key_unusable');
    const encoded = { id: 'ed', publicKey: pem(ed25519.publicKey), signatureEncoding: 'der' };
    expect(refused({ kinds: ['build'], keys: [encoded] }).code).toBe('key_unusable');
  });

  it('never has a private part shown, wherever it was put', () => {
    const secretPem = privatePem(p256.privateKey);
    const secretJwk = p256.privateKey.export({ format: 'jwk' });
    const secrets = [secretJwk.d ?? '', secretPem.split('\n')[1] ?? ''];
    expect(secrets.every((secret) => secret.length > 20)).toBe(true);
    const bodies = [
      { kinds: ['build'], keys: [{ id: 'a', publicKey: secretPem }] },
      { kinds: ['build'], keys: [{ id: 'a', publicKey: secretJwk }] },
      { kinds: ['build'], keys: [{ ...CI_KEY, id: secretPem, person: secretPem }] },
      { kinds: ['build'], keys: [{ ...CI_KEY, algorithm: secretPem }] },
      { kinds: ['build'], keys: [{ ...CI_KEY, privateKey: secretPem }] },
      { kinds: ['build'], keys: secretPem },
      secretPem,
    ];
    for (const body of bodies) {
      let thrown: unknown;
      try {
        parseAttestor('ci', body);
      } catch (error) {
        thrown = error;
      }
      if (!(thrown instanceof AppError)) throw new Error('it was accepted');
      const told = JSON.stringify([thrown.message, thrown.errors, thrown.stack, String(thrown.cause)]);
      for (const secret of secrets) expect(told).not.toContain(secret);
    }
  });
});

describe('one key that is added', () => {
  it('is read as in a document', () => {
    const document = parseAttestor('ci', { kinds: ['build'], keys: [CI_KEY] });
    expect(parseKey(CI_KEY)).toEqual(document.keys[0]);
  });

  it('is refused by its code, with paths of its own', () => {
    const window = { validFrom: '2026-02-01T00:00:00Z', validUntil: '2026-01-01T00:00:00Z' };
    expect(refusal(() => parseKey({ ...CI_KEY, ...window }))).toMatchObject({
      code: 'key_malformed',
      errors: [{ path: 'validUntil' }],
    });
    expect(refusal(() => parseKey({ id: 'x', publicKey: 'y' }))).toMatchObject({
      code: 'key_unusable',
      errors: [{ path: 'publicKey' }],
    });
    expect(refusal(() => parseKey(null)).code).toBe('key_malformed');
  });
});

describe('a request to revoke', () => {
  it('needs a reason and may name a moment', () => {
    expect(parseRevocation({ reason: 'superseded' })).toEqual({ reason: 'superseded', effectiveFrom: null });
    expect(parseRevocation({ reason: 'compromised', effectiveFrom: '2026-01-01T01:00:00+01:00' })).toEqual({
      reason: 'compromised',
      effectiveFrom: '2026-01-01T00:00:00.000Z',
    });
  });

  it.each([
    {},
    { reason: 'lost' },
    { reason: 'superseded', effectiveFrom: 'now' },
    { reason: 'superseded', from: 1 },
    1,
  ])('refuses %j', (body) => {
    expect(refusal(() => parseRevocation(body)).code).toBe('revocation_malformed');
  });
});
