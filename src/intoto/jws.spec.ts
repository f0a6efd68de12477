import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactJws, encoded, jwsSignature, jwsSigner } from './jws.fixture.js';
import { looksLikeCompactJws, parseJws } from './jws.js';
import { parseStrictJson, type Json } from './json.js';
import { Malformed } from './malformed.js';

const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
const alice = jwsSigner('ES256');
const compact = compactJws(alice, PAYLOAD, { kid: 'a' });
const [header = '', payload = '', signature = ''] = compact.split('.');
const flattened = { payload, protected: header, signature };
const bytesOf = (json: unknown): Buffer => Buffer.from(JSON.stringify(json));

function faultsOf(input: Uint8Array | Json): readonly string[] {
  try {
    parseJws(input);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    expect(error.document).toBe('jws');
    return error.faults.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const pathsOf = (json: unknown): readonly string[] =>
  faultsOf(bytesOf(json)).map((fault) => fault.slice(0, fault.indexOf(': ')));
const withHeader = (protectedHeader: unknown, unprotected?: unknown): object => ({
  payload,
  protected: typeof protectedHeader === 'string' ? protectedHeader : encoded(protectedHeader),
  ...(unprotected === undefined ? {} : { header: unprotected }),
  signature,
});

describe('parseJws', () => {
  const read = {
    payload: PAYLOAD,
    signatures: [
      {
        protectedHeader: header,
        alg: 'ES256',
        kid: 'a',
        signature: Buffer.from(signature, 'base64url'),
        signingInput: `${header}.${payload}`,
      },
    ],
  };

  it('reads the compact, the flattened and the general serialization alike', () => {
    const general = { payload, signatures: [{ protected: header, signature }] };
    for (const bytes of [Buffer.from(compact), bytesOf(flattened), bytesOf(general)]) {
      expect(parseJws(bytes)).toEqual(read);
    }
    expect(parseJws(parseStrictJson(bytesOf(flattened)))).toEqual(read);
  });

  it('reads a compact JWS with a line end, as a file has it, and nothing else around it', () => {
    for (const end of ['\n', '\r\n']) expect(parseJws(Buffer.from(compact + end))).toEqual(read);
    for (const other of [`${compact}\n\n`, `${compact} `, `${compact}\t`]) {
      expect(faultsOf(Buffer.from(other))).toEqual([expect.stringContaining('signature: ')]);
    }
    expect(faultsOf(Buffer.from(` ${compact}`))).not.toEqual([]);
  });

  it.each([1, 2, 4, 5, 1000])('refuses %i parts', (count) => {
    const text = Array.from({ length: count }, () => header).join('.');
    if (count > 1) expect(faultsOf(Buffer.from(text))).toEqual([': must have three parts divided by dots, or be JSON']);
    else expect(faultsOf(Buffer.from(text))).not.toEqual([]);
  });

  it('keeps every signature of the general serialization, with its own header', () => {
    const bob = jwsSigner('EdDSA');
    const signatures = [jwsSignature(alice, PAYLOAD), { ...jwsSignature(bob, PAYLOAD), header: { kid: 'b' } }];
    expect(parseJws(bytesOf({ payload, signatures })).signatures).toMatchObject([
      { alg: 'ES256', kid: null },
      { alg: 'EdDSA', kid: 'b' },
    ]);
  });

  it('holds an absent and an empty kid to be the same', () => {
    for (const kid of ['', undefined, null]) {
      expect(parseJws(bytesOf(withHeader({ alg: 'ES256', kid }))).signatures[0]?.kid).toBeNull();
    }
  });

  it('ignores members and header parameters it does not know, keys among them', () => {
    const header = { alg: 'ES256', jwk: { kty: 'EC' }, jku: 'https://x', x5c: ['MII'], x5u: 'https://x', more: 1 };
    expect(faultsOf(bytesOf({ ...withHeader(header, { other: true }), more: 1 }))).toEqual([]);
  });

  it.each(['none', 'None', 'NONE', 'HS256', 'HS384', 'HS512', 'hs256'])('refuses the algorithm %s', (alg) => {
    expect(pathsOf(withHeader({ alg }))).toEqual(['protected.alg']);
    expect(pathsOf({ payload, signatures: [{ protected: header, signature }, withHeader({ alg })] })).toEqual([
      'signatures[1].protected.alg',
    ]);
  });

  it.each([undefined, null, '', 7, ['ES256']])('refuses %j for an algorithm', (alg) => {
    expect(pathsOf(withHeader({ alg, kid: 'a' }))).toEqual(['protected.alg']);
  });

  it('refuses an algorithm that is not protected, and a JWS without protected header', () => {
    expect(pathsOf(withHeader({ kid: 'a' }, { alg: 'ES256' }))).toEqual(['protected.alg']);
    expect(pathsOf(withHeader('e30', { alg: 'ES256' }))).toEqual(['protected.alg']);
    expect(pathsOf({ payload, signature, header: { alg: 'ES256' } })).toEqual(['protected']);
    expect(pathsOf(withHeader('', { alg: 'ES256' }))).toEqual(['protected']);
  });

  it('refuses every crit, empty, unknown or known to others, and b64', () => {
    for (const crit of [[], ['exp'], ['b64'], ['alg'], 'b64', null]) {
      expect(pathsOf(withHeader({ alg: 'ES256', crit }))).toEqual(['protected.crit']);
      expect(pathsOf(withHeader({ alg: 'ES256' }, { crit }))).toEqual(['header.crit']);
    }
    for (const b64 of [true, false]) {
      expect(pathsOf(withHeader({ alg: 'ES256', b64 }))).toEqual(['protected.b64']);
      expect(pathsOf(withHeader({ alg: 'ES256', b64, crit: ['b64'] }))).toEqual(['protected.crit', 'protected.b64']);
      expect(pathsOf(withHeader({ alg: 'ES256' }, { b64 }))).toEqual(['header.b64']);
    }
  });

  it('refuses a parameter that is protected and unprotected', () => {
    expect(pathsOf(withHeader({ alg: 'ES256', kid: 'a' }, { kid: 'a', alg: 'ES256' }))).toEqual([
      'header.kid',
      'header.alg',
    ]);
  });

  it('refuses a parameter that stands twice in the protected header', () => {
    const twice = Buffer.from('{"alg":"ES256","alg":"none"}').toString('base64url');
    expect(faultsOf(bytesOf(withHeader(twice)))).toEqual(['protected.alg: stands twice in its object']);
  });

  it.each([
    'vnd.in-toto+json',
    'application/vnd.in-toto+json',
    'application/vnd.in-toto.provenance+json',
    'JOSE',
    'jose',
    'JOSE+JSON',
    'application/jose+json',
  ])('accepts the type %s', (typ) => {
    expect(faultsOf(bytesOf(withHeader({ alg: 'ES256', typ })))).toEqual([]);
  });

  it.each(['JWT', 'at+jwt', 'json', '', 'application/json', 7, { a: 1 }])('refuses the type %j', (typ) => {
    expect(pathsOf(withHeader({ alg: 'ES256', typ }))).toEqual(['protected.typ']);
    expect(pathsOf(withHeader({ alg: 'ES256' }, { typ }))).toEqual(['header.typ']);
  });

  it('accepts the content type of a statement, and refuses any other', () => {
    for (const cty of ['vnd.in-toto+json', 'application/vnd.in-toto.spdx+json']) {
      expect(faultsOf(bytesOf(withHeader({ alg: 'ES256', cty })))).toEqual([]);
    }
    for (const cty of ['JWT', 'JOSE', 'json', 'application/vnd.cncf.notary.payload.v1+json', '', 7]) {
      expect(pathsOf(withHeader({ alg: 'ES256', cty }))).toEqual(['protected.cty']);
    }
  });

  it.each(['YQ==', 'YQ=', '+/+/', 'Y Q', 'YQ\n', 'Y', 'YR', 'é', 7, {}, null])(
    'refuses %j where base64url is expected',
    (part) => {
      expect(pathsOf({ ...flattened, payload: part })).toEqual(['payload']);
      expect(pathsOf({ ...flattened, signature: part })).toEqual(['signature']);
      expect(pathsOf({ ...flattened, protected: part })).toEqual(['protected']);
    },
  );

  it('refuses a protected header that is no object of strict JSON', () => {
    for (const text of ['[]', 'null', '"x"', '{', '{"alg":"ES256"}x', '{"alg":"\\ud800"}']) {
      expect(pathsOf(withHeader(Buffer.from(text).toString('base64url')))[0]).toMatch(/^protected/);
    }
  });

  it('refuses members of the flattened form beside signatures, and signatures that are none', () => {
    const signatures = [{ protected: header, signature }];
    expect(pathsOf({ ...flattened, signatures })).toEqual(['protected', 'signature']);
    expect(pathsOf({ payload, signatures: [] })).toEqual(['signatures']);
    expect(pathsOf({ payload, signatures: {} })).toEqual(['signatures']);
    expect(pathsOf({ payload, signatures: ['x', ...signatures, null] })).toEqual(['signatures[0]', 'signatures[2]']);
  });

  it('accepts 100 signatures and refuses 101, or 11 over a payload above 1 MiB', () => {
    const many = (count: number, over = payload): object => ({
      payload: over,
      signatures: Array.from({ length: count }, () => ({ protected: header, signature })),
    });
    expect(parseJws(bytesOf(many(100))).signatures).toHaveLength(100);
    expect(pathsOf(many(101))).toEqual(['signatures']);
    const large = Buffer.alloc(1024 * 1024 + 1).toString('base64url');
    expect(pathsOf(many(10, large))).toEqual([]);
    expect(pathsOf(many(11, large))).toEqual(['signatures']);
  });

  it('reports every fault at once, each with its path', () => {
    const signatures = [{ protected: encoded({ alg: 'none', crit: [] }), signature: '=' }, { header: 7 }];
    expect(pathsOf({ signatures })).toEqual([
      'payload',
      'signatures[0].protected.crit',
      'signatures[0].protected.alg',
      'signatures[0].signature',
      'signatures[1].protected',
      'signatures[1].header',
      'signatures[1].signature',
    ]);
  });

  it.each(['null', '[]', '"x"', '7', ''])('refuses %j', (text) => {
    expect(faultsOf(Buffer.from(text))).toHaveLength(1);
  });

  it('throws nothing but Malformed on any JSON and any bytes', () => {
    const field = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(header, payload, undefined));
    const likely = fc.record({
      payload: field,
      protected: field,
      header: field,
      signature: field,
      signatures: fc.oneof(field, fc.array(fc.record({ protected: field, header: field, signature: field }))),
    });
    const textual = fc
      .tuple(fc.constant('e'), fc.string())
      .map((parts) => Buffer.from(`${parts.join('y.')}.${header}`));
    fc.assert(
      fc.property(fc.oneof(likely.map(bytesOf), fc.uint8Array(), textual), (bytes) => {
        faultsOf(bytes);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('looksLikeCompactJws', () => {
  it('is true of what opens a header in base64url, and of no JSON', () => {
    for (const opening of ['{"a":1}', '{ "a":1}', '{\n"a":1}', '{\t', '{}']) {
      expect(looksLikeCompactJws(Buffer.from(`${Buffer.from(opening).toString('base64url')}.e30.AA`))).toBe(true);
    }
    for (const text of ['', 'e', 'ey', '{"a.b":1}', ' e30.e30.AA', '"e30.e30.AA"', '1.5', 'true.']) {
      expect(looksLikeCompactJws(Buffer.from(text))).toBe(false);
    }
  });
});
