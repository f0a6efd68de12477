import { describe, expect, it } from 'vitest';
import type { SigstoreBundle } from './bundle-content.js';
import { makeCertificates, pemOf, shapedBundle, shapedEnvelope } from './bundle.fixture.js';
import { parseCosignLayer } from './cosign-layer.js';
import { parseEnvelope } from './envelope.js';
import { Malformed } from './malformed.js';
import { parseBundle } from './sigstore-bundle.js';

const { leaf, root } = await makeCertificates();
const [entry] = shapedBundle(leaf).verificationMaterial.tlogEntries;
const body = entry!.canonicalizedBody;
const rekor = {
  SignedEntryTimestamp: entry!.inclusionPromise.signedEntryTimestamp,
  Payload: { body, integratedTime: 1_700_000_000, logIndex: 735, logID: Buffer.from('log').toString('hex') },
};
const timestamp = { SignedRFC3161Timestamp: Buffer.from('timestamp').toString('base64') };
const annotations = {
  'dev.cosignproject.cosign/signature': '',
  'dev.sigstore.cosign/bundle': JSON.stringify(rekor),
  'dev.sigstore.cosign/certificate': pemOf(leaf),
  'dev.sigstore.cosign/chain': pemOf(root),
  predicateType: 'https://example.com/whatever',
};
const BUNDLE = 'annotations["dev.sigstore.cosign/bundle"]';

const bytesOf = (json: unknown): Buffer => Buffer.from(JSON.stringify(json));
const withRekor = (change: object): object => ({
  dsseEnvelope: shapedEnvelope,
  annotations: { ...annotations, 'dev.sigstore.cosign/bundle': JSON.stringify({ ...rekor, ...change }) },
});
const withPayload = (change: object): object => withRekor({ Payload: { ...rekor.Payload, ...change } });
const withAnnotations = (change: object): object => ({
  dsseEnvelope: shapedEnvelope,
  annotations: { ...annotations, ...change },
});

function bundleOf(json: unknown): SigstoreBundle {
  const layer = parseCosignLayer(bytesOf(json));
  if (layer.type !== 'bundle') throw new Error('expected a bundle');
  return layer.bundle;
}

function pathsOf(json: unknown): readonly string[] {
  try {
    parseCosignLayer(bytesOf(json));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    expect(error.document).toBe('bundle');
    return error.faults.map(({ path }) => path);
  }
  return [];
}

describe('parseCosignLayer', () => {
  /** What the layer says, written as a bundle by hand. */
  const written = (material: object, envelope: object = shapedEnvelope): SigstoreBundle =>
    parseBundle(
      bytesOf({
        mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
        verificationMaterial: material,
        dsseEnvelope: envelope,
      }),
    );
  const chain = { certificates: [{ rawBytes: leaf.toString('base64') }] };
  const entries = [{ ...entry, inclusionProof: undefined }];

  it('makes a bundle of version 0.1 of a certificate and a log entry, without the root', () => {
    expect(bundleOf({ dsseEnvelope: shapedEnvelope, annotations })).toEqual(
      written({ x509CertificateChain: chain, tlogEntries: entries }),
    );
  });

  it('reads the envelope as an object, as text and as base64', () => {
    const text = JSON.stringify(shapedEnvelope);
    const expected = bundleOf({ dsseEnvelope: shapedEnvelope, annotations });
    for (const dsseEnvelope of [text, ` ${text}\n`, Buffer.from(text).toString('base64')]) {
      expect(bundleOf({ dsseEnvelope, annotations })).toEqual(expected);
    }
  });

  it('makes a bundle of a known key of a log entry alone, with the keyid for its hint', () => {
    const kept = { 'dev.sigstore.cosign/bundle': annotations['dev.sigstore.cosign/bundle'] };
    for (const keyid of ['k1', '']) {
      const envelope = { ...shapedEnvelope, signatures: [{ ...shapedEnvelope.signatures[0], keyid }] };
      const bundle = bundleOf({ dsseEnvelope: envelope, annotations: kept });
      expect(bundle).toEqual(written({ publicKey: { hint: keyid }, tlogEntries: entries }, envelope));
      expect(bundle.keyHint).toBe(keyid === '' ? null : keyid);
    }
  });

  it('keeps an RFC 3161 timestamp, with a certificate or without', () => {
    const stamped = { 'dev.sigstore.cosign/rfc3161timestamp': JSON.stringify(timestamp) };
    const timestampVerificationData = {
      rfc3161Timestamps: [{ signedTimestamp: timestamp.SignedRFC3161Timestamp }],
    };
    expect(bundleOf(withAnnotations(stamped))).toEqual(
      written({ x509CertificateChain: chain, tlogEntries: entries, timestampVerificationData }),
    );
    expect(bundleOf({ dsseEnvelope: shapedEnvelope, annotations: stamped })).toEqual(
      written({ publicKey: { hint: '' }, timestampVerificationData }),
    );
  });

  it.each([undefined, null, {}, { predicateType: 'x' }, { 'dev.sigstore.cosign/certificate': '' }])(
    'is the envelope alone with the annotations %j, of several signatures too',
    (kept) => {
      const signatures = [...shapedEnvelope.signatures, { sig: 'AA' }];
      const dsseEnvelope = { ...shapedEnvelope, signatures };
      const envelope = parseEnvelope(bytesOf(dsseEnvelope));
      expect(parseCosignLayer(bytesOf({ dsseEnvelope, annotations: kept }))).toEqual({ type: 'envelope', envelope });
    },
  );

  it('passes over a chain without a certificate', () => {
    const kept = { 'dev.sigstore.cosign/chain': pemOf(root) };
    expect(parseCosignLayer(bytesOf({ dsseEnvelope: shapedEnvelope, annotations: kept })).type).toBe('envelope');
  });

  it.each<[string, readonly string[], object]>([
    ['a body that is no base64', [`${BUNDLE}.Payload.body`], withPayload({ body: '!' })],
    ['a body that is no text', [`${BUNDLE}.Payload.body`], withPayload({ body: {} })],
    [
      'a body in the URL-safe alphabet',
      [`${BUNDLE}.Payload.body`],
      withPayload({ body: Buffer.from('{"apiVersion":"0.0.1","kind":"dsse","x":"ÿÿÿ~~~"}').toString('base64url') }),
    ],
    ['a body without its kind', [`${BUNDLE}.Payload.body`], withPayload({ body: 'e30=' })],
    ['a log id that is not hexadecimal', [`${BUNDLE}.Payload.logID`], withPayload({ logID: 'bG9n' })],
    ['no log id', [`${BUNDLE}.Payload.logID`], withPayload({ logID: undefined })],
    ['a negative index', [`${BUNDLE}.Payload.logIndex`], withPayload({ logIndex: -1 })],
    ['a fraction of a second', [`${BUNDLE}.Payload.integratedTime`], withPayload({ integratedTime: 1.5 })],
    ['no payload', [`${BUNDLE}.Payload`], withRekor({ Payload: null })],
    ['no promise', [`${BUNDLE}.SignedEntryTimestamp`], withRekor({ SignedEntryTimestamp: undefined })],
    ['a promise that is no base64', [`${BUNDLE}.SignedEntryTimestamp`], withRekor({ SignedEntryTimestamp: '!' })],
    ['a log entry that is no JSON', [BUNDLE], withAnnotations({ 'dev.sigstore.cosign/bundle': 'x' })],
    ['a log entry that is no object', [BUNDLE], withAnnotations({ 'dev.sigstore.cosign/bundle': '[]' })],
    [
      'a member that stands twice in the log entry',
      [`${BUNDLE}.Payload`],
      withAnnotations({ 'dev.sigstore.cosign/bundle': '{"Payload":{},"Payload":{}}' }),
    ],
    [
      'no timestamp',
      ['annotations["dev.sigstore.cosign/rfc3161timestamp"].SignedRFC3161Timestamp'],
      withAnnotations({ 'dev.sigstore.cosign/rfc3161timestamp': '{}' }),
    ],
    [
      'a certificate that is none',
      ['annotations["dev.sigstore.cosign/certificate"]'],
      withAnnotations({ 'dev.sigstore.cosign/certificate': pemOf(Buffer.from('x')) }),
    ],
    [
      'a certificate that is no PEM',
      ['annotations["dev.sigstore.cosign/certificate"]'],
      withAnnotations({ 'dev.sigstore.cosign/certificate': 'x' }),
    ],
    [
      'a root for a certificate',
      ['annotations["dev.sigstore.cosign/certificate"]'],
      withAnnotations({ 'dev.sigstore.cosign/certificate': pemOf(root) }),
    ],
    [
      'a chain that is none',
      ['annotations["dev.sigstore.cosign/chain"]'],
      withAnnotations({ 'dev.sigstore.cosign/chain': 'x' }),
    ],
    ['an annotation that is no text', ['annotations.other'], withAnnotations({ other: 1 })],
    ['annotations that are none', ['annotations'], { dsseEnvelope: shapedEnvelope, annotations: [] }],
    ['no envelope', ['dsseEnvelope'], { annotations }],
    ['an envelope that is no JSON', ['dsseEnvelope'], { dsseEnvelope: '{', annotations }],
    ['an envelope that is neither JSON nor base64', ['dsseEnvelope'], { dsseEnvelope: '!', annotations }],
    ['an envelope that is none', ['dsseEnvelope'], { dsseEnvelope: 'bnVsbA==', annotations }],
    ['an envelope without type', ['dsseEnvelope.payloadType'], { dsseEnvelope: { ...shapedEnvelope, payloadType: 7 } }],
    [
      'two signatures for one certificate',
      ['dsseEnvelope.signatures'],
      { dsseEnvelope: { ...shapedEnvelope, signatures: Array(2).fill(shapedEnvelope.signatures[0]) }, annotations },
    ],
  ])('refuses %s, by its path in the layer', (_name, paths, json) => {
    expect(pathsOf(json)).toEqual(paths);
  });

  it('reports every fault at once', () => {
    const json = { ...withPayload({ logID: 'x', body: '!' }), dsseEnvelope: { ...shapedEnvelope, payload: '!' } };
    expect(pathsOf(json)).toEqual(['dsseEnvelope.payload', `${BUNDLE}.Payload.logID`, `${BUNDLE}.Payload.body`]);
  });
});
