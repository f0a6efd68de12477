import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvelope } from './envelope.js';
import { parseStrictJson, type Json } from './json.js';
import { Malformed } from './malformed.js';

const good = {
  payloadType: 'application/vnd.in-toto+json',
  payload: Buffer.from('{"a":1}').toString('base64'),
  signatures: [{ keyid: 'k1', sig: Buffer.from('signature').toString('base64') }],
};

/** A PEM block says nothing about what it holds, so that anything may stand in it here. */
const block = (() => {
  const raw = Buffer.from([0x30, 3, 1, 2, 3]);
  return { raw, pem: `-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----\n` };
})();

const bytesOf = (json: unknown): Buffer => Buffer.from(JSON.stringify(json));

function faultsOf(input: Uint8Array | Json): readonly string[] {
  try {
    parseEnvelope(input);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    expect(error.document).toBe('envelope');
    return error.faults.map((fault) => `${fault.path}: ${fault.message}`);
  }
  return [];
}

describe('parseEnvelope', () => {
  it('decodes payload and signatures once, to bytes', () => {
    const envelope = parseEnvelope(bytesOf(good));
    expect(envelope).toEqual({
      payloadType: 'application/vnd.in-toto+json',
      payload: Buffer.from('{"a":1}'),
      signatures: [{ keyid: 'k1', signature: Buffer.from('signature') }],
    });
  });

  it('reads JSON that has been parsed already', () => {
    const bytes = bytesOf(good);
    expect(parseEnvelope(parseStrictJson(bytes))).toEqual(parseEnvelope(bytes));
  });

  it('accepts url-safe and standard base64, padded or not, in payload and signature', () => {
    const payload = Buffer.from([0xfb, 0xff, 0xbf, 0x01]);
    for (const text of ['+/+/AQ==', '-_-_AQ==', '+/+/AQ', '-_-_AQ']) {
      const envelope = parseEnvelope(bytesOf({ ...good, payload: text, signatures: [{ sig: text }] }));
      expect(envelope.payload).toEqual(payload);
      expect(envelope.signatures[0]?.signature).toEqual(payload);
    }
  });

  it('holds an absent, a null and an empty keyid to be the same', () => {
    for (const keyid of [{}, { keyid: '' }, { keyid: null }]) {
      const envelope = parseEnvelope(bytesOf({ ...good, signatures: [{ ...keyid, sig: 'AA' }] }));
      expect(envelope.signatures).toEqual([{ keyid: null, signature: Buffer.from([0]) }]);
    }
  });

  it('accepts an empty payload, payload type and signature, which DSSE allows to be set empty', () => {
    const envelope = parseEnvelope(bytesOf({ payloadType: '', payload: '', signatures: [{ sig: '' }] }));
    expect(envelope).toEqual({
      payloadType: '',
      payload: Buffer.alloc(0),
      signatures: [{ keyid: null, signature: Buffer.alloc(0) }],
    });
  });

  it('ignores fields it does not know, within signatures too', () => {
    const json = { ...good, extra: [1], signatures: [{ ...good.signatures[0], more: '-----BEGIN', timestamps: null }] };
    expect(parseEnvelope(bytesOf(json))).toEqual(parseEnvelope(bytesOf(good)));
  });

  it('keeps the certificates and timestamps that came along with a signature', () => {
    const { raw, pem } = block;
    const timestamps = [
      { type: 'tsp', data: 'MAA=' },
      { type: 'other', data: 'MAE=' },
    ];
    const certificate = Buffer.from(pem).toString('base64');
    const json = {
      ...good,
      signatures: [
        { sig: 'AA', cert: `${pem}${pem}` },
        { sig: 'AA', certificate, intermediates: [certificate], timestamps },
        { sig: 'AA', timestamps },
      ],
    };
    const timestamp = Buffer.from([0x30, 0]);
    expect(parseEnvelope(bytesOf(json)).signatures.map(({ material }) => material)).toEqual([
      { certificates: [raw, raw], timestamps: [], materialFault: null },
      { certificates: [raw, raw], timestamps: [timestamp], materialFault: null },
      { certificates: [], timestamps: [timestamp], materialFault: null },
    ]);
  });

  it.each([
    ['a certificate that is cut', { cert: '-----BEGIN CERTIFICATE-----' }],
    ['a certificate of another type', { cert: 7 }],
    ['no certificate', { cert: 'somewhere else' }],
    ['another PEM block', { cert: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' }],
    ['a certificate that is no base64', { certificate: block.pem }],
    ['both spellings', { cert: block.pem, certificate: Buffer.from(block.pem).toString('base64') }],
    ['intermediates alone', { intermediates: [Buffer.from(block.pem).toString('base64')] }],
    ['too many certificates', { cert: block.pem.repeat(17) }],
    ['a text beyond all measure', { cert: block.pem + ' '.repeat(70_000) }],
    ['too many timestamps', { timestamps: Array(17).fill({ type: 'tsp', data: 'MAA=' }) }],
    ['timestamps that are no objects', { timestamps: ['MAA='] }],
    ['a timestamp without data', { timestamps: [{ type: 'tsp' }] }],
  ])('is well formed with %s, which is no use to a known key anyway', (_name, material) => {
    const { signatures, ...rest } = parseEnvelope(
      bytesOf({ ...good, signatures: [{ ...good.signatures[0], ...material }] }),
    );
    expect(signatures).toEqual([
      {
        ...parseEnvelope(bytesOf(good)).signatures[0],
        material: { certificates: [], timestamps: [], materialFault: expect.any(String) },
      },
    ]);
    expect(rest.payload).toEqual(parseEnvelope(bytesOf(good)).payload);
  });

  it('reports every fault at once, each with its path', () => {
    const json = {
      payloadType: 7,
      payload: 'not base64!',
      signatures: [{ sig: 'AA' }, { keyid: 1, sig: 'QQ=' }, 'x', { keyid: 'k' }, { sig: {} }],
    };
    expect(faultsOf(bytesOf(json))).toEqual([
      'payloadType: must be a string',
      'payload: is not base64: a character outside the alphabet at 3',
      'signatures[1].keyid: must be a string',
      'signatures[1].sig: is not base64: its padding is incomplete',
      'signatures[2]: must be an object',
      'signatures[3].sig: is missing',
      'signatures[4].sig: must be a string',
    ]);
    expect(faultsOf(bytesOf({}))).toEqual(['payloadType: is missing', 'payload: is missing', 'signatures: is missing']);
  });

  it('refuses an envelope without signatures', () => {
    expect(faultsOf(bytesOf({ ...good, signatures: [] }))).toEqual(['signatures: must hold at least one signature']);
    expect(faultsOf(bytesOf({ ...good, signatures: {} }))).toEqual(['signatures: must be an array']);
  });

  it('accepts 100 signatures and refuses 101', () => {
    const signatures = (count: number): Buffer =>
      bytesOf({ ...good, signatures: Array.from({ length: count }, () => good.signatures[0]) });
    expect(parseEnvelope(signatures(100)).signatures).toHaveLength(100);
    expect(faultsOf(signatures(101))).toEqual(['signatures: holds 101 signatures; at most 100 are accepted']);
  });

  it('refuses duplicate JSON keys, where readers would disagree on what was signed', () => {
    const text = JSON.stringify(good).replace('"payload":', '"payload":"e30=","payload":');
    expect(faultsOf(Buffer.from(text))).toEqual(['payload: stands twice in its object']);
  });

  it.each(['null', '[]', '"x"', '1', 'true'])('refuses %s', (text) => {
    expect(faultsOf(Buffer.from(text))).toEqual([': must be a JSON object']);
  });

  it('does not take inherited members for its own', () => {
    const inherited = Object.create(good) as Json;
    expect(faultsOf(inherited)).toHaveLength(3);
  });

  it('throws nothing but Malformed on any JSON and any bytes', () => {
    const field = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.base64String({ maxLength: 8 }), fc.constant(undefined));
    const likely = fc.record({
      payloadType: field,
      payload: field,
      signatures: fc.oneof(field, fc.array(fc.oneof(field, fc.record({ keyid: field, sig: field })))),
    });
    fc.assert(
      fc.property(
        fc.oneof(
          likely.map(bytesOf),
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          faultsOf(bytes);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
