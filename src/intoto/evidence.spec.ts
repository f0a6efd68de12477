import { describe, expect, it } from 'vitest';
import { makeCertificates, pemOf, shapedBundle, shapedEnvelope } from './bundle.fixture.js';
import { parseEnvelope } from './envelope.js';
import { parseEvidence, statementOf } from './evidence.js';
import { FormatUnrecognized } from './format-unrecognized.js';
import { compactJws, jwsSignature, jwsSigner } from './jws.fixture.js';
import { parseJws } from './jws.js';
import { Malformed } from './malformed.js';
import { kindOf } from './predicate-kind.js';
import { parseBundle } from './sigstore-bundle.js';
import { parseStatement } from './statement.js';
import { signedDigest } from './verify-envelope.js';
import { signedDigestOf } from './verify-jws.js';

const { leaf } = await makeCertificates();
const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
const alice = jwsSigner('ES256');
const bundle = shapedBundle(leaf);
const { verificationMaterial, mediaType } = bundle;
const messageSignature = {
  messageDigest: { algorithm: 'SHA2_256', digest: Buffer.alloc(32, 0xab).toString('base64') },
  signature: 'c2ln',
};
const general = { payload: PAYLOAD.toString('base64url'), signatures: [jwsSignature(alice, PAYLOAD)] };
const flattened = { payload: general.payload, ...general.signatures[0] };
const bytesOf = (json: unknown): Buffer => Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));

function refusalOf(json: unknown): string {
  try {
    parseEvidence(bytesOf(json));
  } catch (error) {
    if (error instanceof Malformed) return error.document;
    if (error instanceof FormatUnrecognized) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('parseEvidence', () => {
  it('reads a DSSE envelope', () => {
    const bytes = bytesOf(shapedEnvelope);
    expect(parseEvidence(bytes)).toEqual({ format: 'dsse', envelope: parseEnvelope(bytes) });
  });

  it('reads a Sigstore bundle', () => {
    for (const json of [bundle, { mediaType, verificationMaterial, messageSignature }]) {
      expect(parseEvidence(bytesOf(json))).toEqual({ format: 'bundle', bundle: parseBundle(bytesOf(json)) });
    }
  });

  it('reads a JWS in each serialization', () => {
    for (const json of [general, flattened, `${flattened.protected}.${flattened.payload}.${flattened.signature}\n`]) {
      expect(parseEvidence(bytesOf(json))).toEqual({ format: 'jws', jws: parseJws(bytesOf(json)) });
    }
  });

  it('reads a cosign attestation layer, with what its annotations prove and without', () => {
    const annotations = { 'dev.sigstore.cosign/certificate': pemOf(leaf) };
    expect(parseEvidence(bytesOf({ dsseEnvelope: shapedEnvelope, annotations }))).toMatchObject({
      format: 'cosign',
      layer: { type: 'bundle', bundle: { content: { type: 'dsse' } } },
    });
    expect(parseEvidence(bytesOf({ dsseEnvelope: shapedEnvelope }))).toMatchObject({
      format: 'cosign',
      layer: { type: 'envelope', envelope: parseEnvelope(bytesOf(shapedEnvelope)) },
    });
  });

  it('holds what lacks something to be what it lacks least of', () => {
    expect(refusalOf({ payload: '', payloadType: 'x' })).toBe('envelope');
    expect(refusalOf({ payloadType: 'x' })).toBe('envelope');
    expect(refusalOf({ payload: '', signatures: [{ sig: '' }] })).toBe('envelope');
    expect(refusalOf({ signatures: [] })).toBe('envelope');
    expect(refusalOf({ mediaType })).toBe('bundle');
    expect(refusalOf({ mediaType: 'application/vnd.dev.sigstore.bundle.v9.9+json' })).toBe('bundle');
    expect(refusalOf({ verificationMaterial: {} })).toBe('bundle');
    expect(refusalOf({ verificationMaterial, dsseEnvelope: shapedEnvelope })).toBe('bundle');
    expect(refusalOf({ messageSignature })).toBe('bundle');
    expect(refusalOf({ dsseEnvelope: {} })).toBe('bundle');
    expect(refusalOf({ payload: '', signatures: [{ signature: '' }] })).toBe('jws');
    expect(refusalOf({ payload: '', signature: '' })).toBe('jws');
    expect(refusalOf({ protected: '' })).toBe('jws');
    expect(refusalOf('eyJhbGciOiJub25lIn0.e30.')).toBe('jws');
    expect(refusalOf('eyJ.')).toBe('jws');
  });

  it('says of text that is no JSON which document it was meant to be', () => {
    const cut = (json: unknown): string => JSON.stringify(json).slice(0, -1);
    expect(refusalOf(cut(shapedEnvelope))).toBe('envelope');
    expect(refusalOf(cut(bundle))).toBe('bundle');
    expect(refusalOf(cut({ dsseEnvelope: shapedEnvelope, annotations: {} }))).toBe('bundle');
    expect(refusalOf(cut(general))).toBe('jws');
    for (const text of ['', ' \n ', '{', '{}{}', '\ufeff{}', 'hello', '[[']) expect(refusalOf(text)).toBe('envelope');
    expect(refusalOf('{"payload":"","payload":"e30=","payloadType":"x","signatures":[]}')).toBe('envelope');
  });

  it.each([
    ['nothing in particular', {}],
    ['a list', [shapedEnvelope]],
    ['a text', '"x"'],
    ['a number', '7'],
    ['null', 'null'],
    ['what gh attestation verify answers', { attestation: { bundle }, verificationResult: {} }],
    ['what the GitHub API answers', { attestations: [{ bundle, repository_id: 1 }] }],
    ['a bare statement', { _type: 'https://in-toto.io/Statement/v1', subject: [], predicateType: 'x' }],
    ['a JWK', { kty: 'EC', crv: 'P-256' }],
    ['inherited names', { constructor: {}, toString: 1 }],
  ])('does not recognize %s', (_name, json) => {
    expect(refusalOf(json)).toBe('format_unrecognized');
  });
});

describe('statementOf', () => {
  const statements = [
    shapedEnvelope,
    bundle,
    { dsseEnvelope: shapedEnvelope },
    { dsseEnvelope: shapedEnvelope, annotations: { 'dev.sigstore.cosign/certificate': pemOf(leaf) } },
    general,
    compactJws(alice, PAYLOAD, { typ: 'JOSE' }),
  ].map((json) => statementOf(parseEvidence(bytesOf(json))));

  it('is the same of the same statement in every format', () => {
    for (const statement of statements) {
      expect(statement).toEqual({
        payloadType: 'application/vnd.in-toto+json',
        payload: PAYLOAD,
      });
    }
  });

  it('says that an artifact was signed, where a bundle holds a message signature, and nothing else', () => {
    const signed = statementOf(parseEvidence(bytesOf({ mediaType, verificationMaterial, messageSignature })));
    expect(signed.payload.toString()).toBe(
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"${'ab'.repeat(32)}"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}`,
    );
    expect(signedDigest(signed)).toBe(signedDigestOf(signed.payload));
    const { subjects, predicateType, predicate } = parseStatement(signed.payload);
    expect(subjects).toEqual([{ name: null, digests: [`sha256:${'ab'.repeat(32)}`] }]);
    expect(kindOf(predicateType)).toBe('other');
    expect(predicate).toEqual({});
  });
});
