import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeCertificates, pemOf, shapedBundle, shapedEnvelope } from './bundle.fixture.js';
import { parseStrictJson, type Json } from './json.js';
import { Malformed } from './malformed.js';
import { parseBundle } from './sigstore-bundle.js';

const { leaf, root } = await makeCertificates();
const good = shapedBundle(leaf);
const { certificate, tlogEntries, timestampVerificationData } = good.verificationMaterial;
const V01 = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
const V02 = 'application/vnd.dev.sigstore.bundle+json;version=0.2';

const bytesOf = (json: unknown): Buffer => Buffer.from(JSON.stringify(json));
const withMaterial = (change: object): object => ({
  ...good,
  verificationMaterial: { ...good.verificationMaterial, ...change },
});
const withEntry = (change: object): object => withMaterial({ tlogEntries: [{ ...tlogEntries[0], ...change }] });
const withProof = (change: object): object =>
  withEntry({ inclusionProof: { ...tlogEntries[0]!.inclusionProof, ...change } });
const withChain = (...certificates: readonly Buffer[]): object => ({
  ...good,
  mediaType: V02,
  verificationMaterial: {
    tlogEntries,
    x509CertificateChain: { certificates: certificates.map((der) => ({ rawBytes: der.toString('base64') })) },
  },
});
const withKey = (hint: unknown, keyid: unknown): object => ({
  ...good,
  verificationMaterial: { publicKey: { hint }, tlogEntries },
  dsseEnvelope: { ...shapedEnvelope, signatures: [{ ...shapedEnvelope.signatures[0], keyid }] },
});
const messageSignature = {
  messageDigest: { algorithm: 'SHA2_256', digest: Buffer.alloc(32, 0xab).toString('base64') },
  signature: 'c2ln',
};
const withMessage = (change: object): object => ({
  mediaType: good.mediaType,
  verificationMaterial: good.verificationMaterial,
  messageSignature: { ...messageSignature, ...change },
});

function faultsOf(input: Uint8Array | Json): readonly string[] {
  try {
    parseBundle(input);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    expect(error.document).toBe('bundle');
    return error.faults.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const pathsOf = (json: unknown): readonly string[] =>
  faultsOf(bytesOf(json)).map((fault) => fault.slice(0, fault.indexOf(': ')));

describe('parseBundle', () => {
  it('reads the envelope as DSSE has it, and the material as the Sigstore libraries do', () => {
    const { bundle, content, keyHint } = parseBundle(bytesOf(good));
    expect(content).toEqual({
      type: 'dsse',
      envelope: {
        payloadType: 'application/vnd.in-toto+json',
        payload: Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}'),
        signatures: [{ keyid: null, signature: Buffer.from('signature') }],
      },
    });
    expect(keyHint).toBeNull();
    expect(bundle.verificationMaterial.tlogEntries).toHaveLength(1);
    expect(bundle.verificationMaterial.content).toEqual({ $case: 'certificate', certificate: { rawBytes: leaf } });
  });

  it('reads JSON that has been parsed already', () => {
    expect(parseBundle(parseStrictJson(bytesOf(good)))).toEqual(parseBundle(bytesOf(good)));
  });

  it('reads a message signature as the digest of its artifact', () => {
    expect(parseBundle(bytesOf(withMessage({}))).content).toEqual({
      type: 'message',
      digest: `sha256:${'ab'.repeat(32)}`,
      signature: Buffer.from('sig'),
    });
  });

  it.each([V01, V02, 'application/vnd.dev.sigstore.bundle+json;version=0.3', good.mediaType])(
    'reads %s',
    (mediaType) => {
      const old = { ...withChain(leaf), mediaType };
      expect(faultsOf(bytesOf(mediaType.includes('0.3') ? { ...good, mediaType } : old))).toEqual([]);
    },
  );

  it.each([
    'application/vnd.dev.sigstore.bundle+json;version=0.4',
    'application/vnd.dev.sigstore.bundle+json;version=0.1 ',
    'application/vnd.dev.sigstore.bundle.v0.4+json',
    'application/vnd.dev.sigstore.bundle.v0.3+json;x',
    'application/json',
    '',
    3,
    null,
  ])('refuses the media type %s', (mediaType) => {
    expect(pathsOf({ ...good, mediaType })).toContain('mediaType');
  });

  it('takes int64 as digits and as a number, and an absent one for zero', () => {
    const entry = { ...tlogEntries[0], integratedTime: 1_700_000_000, logIndex: undefined };
    const { bundle } = parseBundle(bytesOf(withMaterial({ tlogEntries: [entry] })));
    expect(bundle.verificationMaterial.tlogEntries[0]).toMatchObject({ integratedTime: '1700000000', logIndex: '0' });
  });

  it.each(['-1', -1, '1.5', 1.5, '01', '+1', ' 1', '', 'x', '1e3', 2 ** 60, '9223372036854775808', true, [], {}])(
    'refuses %j where a count is expected',
    (count) => {
      expect(pathsOf(withEntry({ logIndex: count }))).toEqual(['verificationMaterial.tlogEntries[0].logIndex']);
      expect(pathsOf(withEntry({ integratedTime: count }))).toHaveLength(1);
      expect(pathsOf(withProof({ treeSize: count }))).toHaveLength(1);
      expect(pathsOf(withProof({ logIndex: count }))).toHaveLength(1);
    },
  );

  it.each(['YQ=', 'Y Q==', 'YQ==\n', 'Y', 'YR==', '-_-_', 'YQ==YQ==', 7, {}, []])(
    'refuses %j where bytes are expected, which the libraries read all the same',
    (bytes) => {
      const at = 'verificationMaterial';
      const entry = `${at}.tlogEntries[0]`;
      expect(pathsOf(withMaterial({ certificate: { rawBytes: bytes } }))).toEqual([`${at}.certificate.rawBytes`]);
      expect(pathsOf(withEntry({ canonicalizedBody: bytes }))).toEqual([`${entry}.canonicalizedBody`]);
      expect(pathsOf(withEntry({ logId: { keyId: bytes } }))).toEqual([`${entry}.logId.keyId`]);
      expect(pathsOf(withEntry({ inclusionPromise: { signedEntryTimestamp: bytes } }))).toEqual([
        `${entry}.inclusionPromise.signedEntryTimestamp`,
      ]);
      expect(pathsOf(withProof({ rootHash: bytes }))).toEqual([`${entry}.inclusionProof.rootHash`]);
      expect(pathsOf(withProof({ hashes: ['YQ==', bytes] }))).toEqual([`${entry}.inclusionProof.hashes[1]`]);
      const timestamps = { rfc3161Timestamps: [{ signedTimestamp: bytes }] };
      expect(pathsOf(withMaterial({ timestampVerificationData: timestamps }))).toEqual([
        `${at}.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp`,
      ]);
      expect(pathsOf(withMessage({ signature: bytes }))).toEqual(['messageSignature.signature']);
    },
  );

  it('accepts URL-safe base64 in the envelope alone, as DSSE obliges it to', () => {
    const payload = Buffer.from([0xfb, 0xff, 0xbf]).toString('base64url');
    const { content } = parseBundle(bytesOf({ ...good, dsseEnvelope: { ...shapedEnvelope, payload } }));
    expect(content).toMatchObject({ envelope: { payload: Buffer.from([0xfb, 0xff, 0xbf]) } });
  });

  it('refuses an envelope that DSSE refuses, by its path in the bundle', () => {
    const dsseEnvelope = { ...shapedEnvelope, payload: '!', signatures: [{ sig: 7 }] };
    expect(pathsOf({ ...good, dsseEnvelope })).toEqual(['dsseEnvelope.payload', 'dsseEnvelope.signatures[0].sig']);
    expect(pathsOf({ ...good, dsseEnvelope: [] })).toEqual(['dsseEnvelope']);
  });

  it.each([0, 2, 3])('refuses an envelope with %i signatures', (count) => {
    const signatures = Array.from({ length: count }, () => shapedEnvelope.signatures[0]);
    expect(pathsOf({ ...good, dsseEnvelope: { ...shapedEnvelope, signatures } })).toEqual(['dsseEnvelope.signatures']);
  });

  it('refuses an empty payload and an empty signature', () => {
    const dsseEnvelope = { ...shapedEnvelope, payload: '', signatures: [{ sig: '' }] };
    expect(pathsOf({ ...good, dsseEnvelope })).toEqual(['dsseEnvelope.payload', 'dsseEnvelope.signatures[0].sig']);
  });

  it.each([
    ['k1', 'k1', 'k1'],
    ['k1', '', 'k1'],
    ['k1', undefined, 'k1'],
    ['', 'k1', null],
    [undefined, 'k1', null],
  ])('names a known key by the hint %j, where the keyid is %j', (hint, keyid, keyHint) => {
    expect(parseBundle(bytesOf(withKey(hint, keyid))).keyHint).toBe(keyHint);
  });

  it('refuses a keyid that is another than the hint', () => {
    expect(pathsOf(withKey('k1', 'k2'))).toEqual(['dsseEnvelope.signatures[0].keyid']);
  });

  it('refuses a message digest other than SHA-256, or of another length', () => {
    const digest = (change: object): object =>
      withMessage({ messageDigest: { ...messageSignature.messageDigest, ...change } });
    expect(pathsOf(digest({ algorithm: 'SHA2_512' }))).toEqual(['messageSignature.messageDigest.algorithm']);
    expect(pathsOf(digest({ algorithm: undefined }))).toEqual(['messageSignature.messageDigest.algorithm']);
    expect(pathsOf(digest({ digest: 'YWJj' }))).toEqual(['messageSignature.messageDigest.digest']);
    expect(pathsOf(withMessage({ messageDigest: null }))).toEqual(['messageSignature.messageDigest']);
    expect(pathsOf(digest({ algorithm: 1 }))).toEqual([]);
  });

  it('refuses more than one content, and none', () => {
    expect(pathsOf({ ...good, messageSignature })).toEqual(['messageSignature']);
    expect(faultsOf(bytesOf({ ...good, dsseEnvelope: null }))).toEqual([
      ': must hold one of dsseEnvelope, messageSignature',
    ]);
  });

  it('refuses more than one kind of key, and none', () => {
    expect(pathsOf(withMaterial({ publicKey: { hint: 'k' } }))).toEqual(['verificationMaterial.certificate']);
    expect(pathsOf(withMaterial({ certificate: null }))).toEqual(['verificationMaterial']);
  });

  it('has a chain before 0.3 and a single certificate since', () => {
    expect(pathsOf({ ...withChain(leaf), mediaType: good.mediaType })).toEqual([
      'verificationMaterial.x509CertificateChain',
    ]);
    expect(pathsOf({ ...good, mediaType: V02 })).toEqual(['verificationMaterial.certificate']);
  });

  it('asks for an inclusion promise in 0.1 and for a proof with a checkpoint since 0.2', () => {
    const [entry] = tlogEntries;
    const promised = { x509CertificateChain: { certificates: [certificate] } };
    const without = (mediaType: string, change: object): readonly string[] =>
      pathsOf({ ...good, mediaType, verificationMaterial: { ...promised, tlogEntries: [{ ...entry, ...change }] } });
    const at = 'verificationMaterial.tlogEntries[0]';
    expect(without(V01, { inclusionPromise: null })).toEqual([`${at}.inclusionPromise`]);
    expect(without(V01, { inclusionProof: null })).toEqual([]);
    expect(without(V02, { inclusionPromise: null })).toEqual([]);
    expect(without(V02, { inclusionProof: null })).toEqual([`${at}.inclusionProof`]);
    expect(without(V02, { inclusionProof: { ...entry!.inclusionProof, checkpoint: null } })).toEqual([
      `${at}.inclusionProof.checkpoint`,
    ]);
  });

  it('refuses an empty chain, and what is no certificate in DER', () => {
    const at = 'verificationMaterial.x509CertificateChain.certificates';
    expect(pathsOf(withChain())).toEqual([at]);
    for (const der of [Buffer.from('x'), Buffer.from(pemOf(leaf)), Buffer.concat([leaf, leaf]), leaf.subarray(0, -1)]) {
      expect(pathsOf(withChain(der))).toEqual([`${at}[0].rawBytes`]);
    }
  });

  it('refuses a root in a chain, but as its last certificate, where old bundles have it', () => {
    const at = 'verificationMaterial.x509CertificateChain.certificates';
    expect(pathsOf(withChain(leaf, root))).toEqual([]);
    expect(pathsOf(withChain(root))).toEqual([`${at}[0].rawBytes`]);
    expect(pathsOf(withChain(root, leaf))).toEqual([`${at}[0].rawBytes`]);
    expect(pathsOf(withChain(leaf, root, leaf))).toEqual([`${at}[1].rawBytes`]);
  });

  it('accepts sixteen log entries, timestamps and certificates each, and refuses seventeen', () => {
    const timestamps = (length: number): object => ({
      rfc3161Timestamps: Array.from({ length }, () => timestampVerificationData.rfc3161Timestamps[0]),
    });
    const many = (length: number): readonly object[] => [
      withMaterial({ tlogEntries: Array.from({ length }, () => tlogEntries[0]) }),
      withMaterial({ timestampVerificationData: timestamps(length) }),
      withChain(...Array.from({ length }, () => leaf)),
    ];
    expect(many(16).map(pathsOf)).toEqual([[], [], []]);
    expect(many(17).map((each) => pathsOf(each).length)).toEqual([1, 1, 1]);
  });

  it('reports every fault at once, each with its path', () => {
    const broken = {
      ...good,
      mediaType: 'x',
      verificationMaterial: { tlogEntries: [{ ...tlogEntries[0], logIndex: '-1', logId: null }, 7] },
      dsseEnvelope: { ...shapedEnvelope, payloadType: null },
    };
    expect(pathsOf(broken)).toEqual([
      'mediaType',
      'verificationMaterial',
      'verificationMaterial.tlogEntries[1]',
      'verificationMaterial.tlogEntries[0].logIndex',
      'verificationMaterial.tlogEntries[0].logId',
      'dsseEnvelope.payloadType',
    ]);
  });

  it.each(['null', '[]', '"x"', '7'])('refuses %s', (text) => {
    expect(faultsOf(Buffer.from(text))).toEqual([': must be a JSON object']);
  });

  it('refuses a member that stands twice, where readers would disagree on what is proved', () => {
    const text = JSON.stringify(good).replace('"logIndex":"735"', '"logIndex":"735","logIndex":"736"');
    expect(faultsOf(Buffer.from(text))).toEqual([
      'verificationMaterial.tlogEntries[0].logIndex: stands twice in its object',
    ]);
  });

  it('throws nothing but Malformed, whatever a bundle has in whatever place', () => {
    const places = placesIn(good);
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 2 }), (place, value) => {
        faultsOf(bytesOf(replaced(good, place, value)));
      }),
      { numRuns: 1000 },
    );
  });
});

type Place = readonly (string | number)[];

/** The path of every value within the value. */
function placesIn(value: unknown, place: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [place];
  const names = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [
    place,
    ...names.flatMap((name) => placesIn((value as Record<string | number, unknown>)[name], [...place, name])),
  ];
}

function replaced(value: unknown, [name, ...rest]: Place, by: unknown): unknown {
  if (name === undefined) return by;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
    string | number,
    unknown
  >;
  copy[name] = replaced(copy[name], rest, by);
  return copy;
}
