import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { changed, fixture, SINCE, type Fixture } from '../../../test/support/sigstore-fixture.js';
import { DAY, type LogJson, type RootJson } from '../../../test/support/trust-domain.js';
import {
  basicConstraints,
  extendedKeyUsage,
  issue,
  keyPair,
  keyUsage,
  pemOf,
  SERVER_AUTH,
  spki,
  TIME_STAMPING,
  type Issued,
  type KeyPair,
} from '../../../test/support/x509.js';
import { Malformed } from '../malformed.js';
import { publicGoodRoot } from './public-good-root.js';
import { trustMaterial } from './trust-material.js';
import { parseTrustRoot } from './trust-root.js';

let f: Fixture;
let top: Issued;
let lower: Issued;
let clock: Issued;
const always = { notBefore: SINCE, notAfter: new Date(SINCE.getTime() + 100 * DAY) };
const authority = [basicConstraints(true), keyUsage(5, 6)];

beforeAll(async () => {
  f = await fixture();
  top = await issue({ commonName: 'top', ...always, extensions: authority });
  const later = { notBefore: new Date(SINCE.getTime() + DAY), notAfter: new Date(SINCE.getTime() + 50 * DAY) };
  lower = await issue({ commonName: 'lower', issuer: top, ...later, extensions: authority });
  clock = await issue({ commonName: 'clock', issuer: top, ...always, extensions: [extendedKeyUsage(TIME_STAMPING)] });
});

function faultsOf(json: unknown): readonly string[] {
  try {
    parseTrustRoot(json);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    expect(error.document).toBe('trust_root');
    return error.faults.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const expectFault = (json: unknown, path: string, message: RegExp): void => {
  const faults = faultsOf(json);
  expect(faults.filter((fault) => fault.startsWith(`${path}: `) && message.test(fault))).toHaveLength(1);
};
const sigstore = (change: (json: RootJson) => void): RootJson => changed(f.domain.root, change);
const plain = (...chain: readonly (Issued | Buffer)[]): object => ({
  certificateAuthorities: [{ certificates: pemOf(...chain.map((one) => (Buffer.isBuffer(one) ? one : one.der))) }],
});

describe('a Sigstore trust root', () => {
  it('is read to its authorities, whose ids are of what they are and not of when they count', () => {
    const { form, authorities } = parseTrustRoot(f.domain.root);
    expect(form).toBe('sigstore');
    expect(authorities.map(({ type, name, validFrom, validUntil }) => ({ type, name, validFrom, validUntil }))).toEqual(
      [
        ['ca', 'CN=issuer of sigstore.example'],
        ['ctlog', 'https://ctfe.sigstore.example'],
        ['tlog', 'https://rekor.sigstore.example'],
        ['tlog', 'https://log2.sigstore.example'],
        ['tsa', 'CN=tsa signing, O=sigstore.mock'],
      ].map(([type, name]) => ({ type, name, validFrom: SINCE.toISOString(), validUntil: null })),
    );
    const narrowed = sigstore((json) => {
      const window = { start: '2020-01-01T00:00:00.0000001Z', end: '2030-01-01T00:00:00Z' };
      for (const log of [...json.tlogs, ...json.ctlogs]) log.publicKey.validFor = { ...window };
      for (const chain of [...json.certificateAuthorities, ...json.timestampAuthorities])
        chain.validFor = { ...window };
    });
    const other = parseTrustRoot(narrowed).authorities;
    expect(other.map(({ id }) => id)).toEqual(authorities.map(({ id }) => id));
    expect(other[0]).toMatchObject({ validFrom: '2020-01-01T00:00:00.001Z', validUntil: '2030-01-01T00:00:00.000Z' });
    for (const { id, type } of authorities) expect(id).toMatch(new RegExp(`^${type}:[0-9a-f]{64}$`));
  });

  it('is plain data that is read to the same again', () => {
    const root = parseTrustRoot(f.domain.root);
    expect(structuredClone(root)).toEqual(root);
    expect(JSON.parse(JSON.stringify(root))).toEqual(root);
    expect(parseTrustRoot(root.json)).toEqual(root);
  });

  it('is the same in each of its media types, with fields that are not known', () => {
    const root = parseTrustRoot(f.domain.root);
    for (const mediaType of ['v0.1', 'v0.2']) {
      const other = sigstore((json) => {
        json.mediaType = `application/vnd.dev.sigstore.trustedroot.${mediaType}+json`;
        Object.assign(json.tlogs[0]!, { operator: 'acme.example', checkpointKeyId: json.tlogs[0]!.logId });
      });
      expect(parseTrustRoot(other)).toEqual(root);
    }
  });

  it('may list a log by the id of its checkpoints alone, one authority for several windows, and whatever it likes', () => {
    const json = sigstore((copy) => {
      const [log] = copy.tlogs as (LogJson & { checkpointKeyId?: object })[];
      log!.checkpointKeyId = log!.logId;
      delete (log as Partial<LogJson>).logId;
      copy.tlogs = [...copy.tlogs, ...copy.tlogs];
      copy.certificateAuthorities = [...copy.certificateAuthorities, ...copy.certificateAuthorities];
      copy.ctlogs = [];
    });
    expect(parseTrustRoot(json).authorities).toHaveLength(7);
    expect(parseTrustRoot({ mediaType: json.mediaType, tlogs: f.domain.root.tlogs }).authorities).toHaveLength(2);
  });

  it.each<[string, (json: RootJson) => void, string, RegExp]>([
    ['another media type', (json) => (json.mediaType = 'application/json'), 'mediaType', /accepted are/],
    [
      'a log without a window',
      (json) => delete (json.tlogs[0]!.publicKey as Partial<LogJson['publicKey']>).validFor,
      'tlogs[0].publicKey.validFor',
      /missing/,
    ],
    [
      'a log without a start',
      (json) => (json.tlogs[0]!.publicKey.validFor = {}),
      'tlogs[0].publicKey.validFor.start',
      /missing/,
    ],
    [
      'a certificate log without a start',
      (json) => (json.ctlogs[0]!.publicKey.validFor = { end: SINCE.toISOString() }),
      'ctlogs[0].publicKey.validFor.start',
      /missing/,
    ],
    [
      'an authority without a start',
      (json) => (json.certificateAuthorities[0]!.validFor = {}),
      'certificateAuthorities[0].validFor.start',
      /missing/,
    ],
    [
      'a timestamp authority without a start',
      (json) => (json.timestampAuthorities[0]!.validFor = {}),
      'timestampAuthorities[0].validFor.start',
      /missing/,
    ],
    [
      'a day that does not exist',
      (json) => (json.tlogs[0]!.publicKey.validFor.start = '2024-02-30T00:00:00Z'),
      'tlogs[0].publicKey.validFor.start',
      /moment/,
    ],
    [
      'a time of no zone',
      (json) => (json.tlogs[0]!.publicKey.validFor.start = '2024-02-03T00:00:00'),
      'tlogs[0].publicKey.validFor.start',
      /moment/,
    ],
    [
      'an end before the start',
      (json) => (json.tlogs[0]!.publicKey.validFor.end = '2020-01-01T00:00:00Z'),
      'tlogs[0].publicKey.validFor',
      /ends before/,
    ],
    [
      'a log of another hash',
      (json) => (json.tlogs[0]!.hashAlgorithm = 'SHA2_512'),
      'tlogs[0].hashAlgorithm',
      /SHA2_256/,
    ],
    ['a log without a name', (json) => (json.tlogs[0]!.baseUrl = ''), 'tlogs[0].baseUrl', /missing/],
    ['a log without an id', (json) => (json.tlogs[0]!.logId.keyId = ''), 'tlogs[0].logId.keyId', /missing/],
    [
      'a key that is no base64',
      (json) => (json.tlogs[0]!.publicKey.rawBytes = '*'),
      'tlogs[0].publicKey.rawBytes',
      /base64/,
    ],
    [
      'a key that is none',
      (json) => (json.tlogs[0]!.publicKey.rawBytes = 'AAAA'),
      'tlogs[0].publicKey.rawBytes',
      /not a readable/,
    ],
    [
      'a key of a kind that is not known',
      (json) => (json.tlogs[0]!.publicKey.keyDetails = 'LMS_SHA256'),
      'tlogs[0].publicKey.keyDetails',
      /not supported/,
    ],
    [
      'a key of another kind than it says',
      (json) => (json.tlogs[0]!.publicKey.keyDetails = 'PKIX_ED25519'),
      'tlogs[0].publicKey.rawBytes',
      /does not fit/,
    ],
    [
      'a checkpoint id of its own',
      (json) => Object.assign(json.tlogs[0]!, { checkpointKeyId: { keyId: 'AAAAAA==' } }),
      'tlogs[0].checkpointKeyId',
      /begins otherwise/,
    ],
    ['one log id for two keys', (json) => (json.tlogs[1]!.logId = json.tlogs[0]!.logId), 'tlogs[1]', /another key/],
    [
      'a chain without certificates',
      (json) => (json.certificateAuthorities[0]!.certChain.certificates = []),
      'certificateAuthorities[0].certChain.certificates',
      /at least one/,
    ],
    [
      'a chain that starts with its root',
      (json) => json.certificateAuthorities[0]!.certChain.certificates.reverse(),
      'certificateAuthorities[0].certChain.certificates[1]',
      /self-signed/,
    ],
    [
      'a chain without its root',
      (json) => json.certificateAuthorities[0]!.certChain.certificates.pop(),
      'certificateAuthorities[0].certChain.certificates[0]',
      /self-signed/,
    ],
    [
      'a certificate that is none',
      (json) => (json.certificateAuthorities[0]!.certChain.certificates[0]!.rawBytes = 'MAA='),
      'certificateAuthorities[0].certChain.certificates[0]',
      /not a certificate/,
    ],
    [
      'a timestamp authority of one certificate',
      (json) => json.timestampAuthorities[0]!.certChain.certificates.shift(),
      'timestampAuthorities[0].certChain.certificates',
      /2 to 10/,
    ],
    [
      'an authority that is text',
      (json) => (json.certificateAuthorities as unknown[]).push('x'),
      'certificateAuthorities[1]',
      /object/,
    ],
    ['logs that are no list', (json) => Object.assign(json, { tlogs: {} }), 'tlogs', /array/],
  ])('is refused with %s', (_, change, path, message) => {
    expectFault(sigstore(change), path, message);
  });

  it('is refused with weak keys', () => {
    const withKey = ({ publicKey }: KeyPair, keyDetails: string): RootJson =>
      sigstore((json) => {
        Object.assign(json.tlogs[0]!.publicKey, { rawBytes: spki(publicKey).toString('base64'), keyDetails });
      });
    const path = 'tlogs[0].publicKey.rawBytes';
    expectFault(withKey(keyPair('RSA-1024'), 'PKIX_RSA_PKCS1V15_2048_SHA256'), path, /2048/);
    expectFault(withKey(keyPair('secp256k1'), 'PKIX_ECDSA_P256_SHA_256'), path, /not accepted/);
    expectFault(withKey(generateKeyPairSync('ed448'), 'PKIX_ED25519'), path, /not accepted/);
    expect(faultsOf(withKey(keyPair('RSA-2048'), 'PKIX_RSA_PKCS1V15_2048_SHA256'))).toEqual([]);
  });

  it('says every fault at once', () => {
    const faults = faultsOf(
      sigstore((json) => {
        json.tlogs[0]!.baseUrl = '';
        json.ctlogs[0]!.publicKey.validFor = {};
        json.certificateAuthorities[0]!.validFor = {};
      }),
    );
    expect(faults).toHaveLength(3);
  });

  it('is refused where it is nothing, too much, or no object', () => {
    const { mediaType, tlogs } = f.domain.root;
    expectFault({ mediaType }, '', /no authority/);
    expectFault({ mediaType, tlogs: Array.from({ length: 65 }, () => tlogs[0]) }, '', /65 authorities/);
    expectFault({ mediaType, tlogs, more: 'x'.repeat(1024 * 1024) }, '', /at most/);
    for (const json of [null, 'x', 7, [], undefined]) expectFault(json, '', /object/);
  });

  it('gives material once, by what it says', () => {
    const material = trustMaterial(parseTrustRoot(f.domain.root));
    expect(trustMaterial(structuredClone(parseTrustRoot(f.domain.root)))).toBe(material);
    expect(trustMaterial(parseTrustRoot(f.other.root))).not.toBe(material);
  });

  it('of the public instance is built in', () => {
    const types = publicGoodRoot().authorities.map(({ type }) => type);
    expect(types).toEqual(['ca', 'ca', 'ctlog', 'ctlog', 'tlog', 'tlog', 'tsa']);
    expect(publicGoodRoot()).toBe(publicGoodRoot());
  });
});

describe('a plain X.509 trust root', () => {
  it('is read to its authorities, each valid while its certificates are where it does not say', () => {
    const json = { ...plain(lower, top), timestampAuthorities: [{ certificates: pemOf(clock.der, top.der) }] };
    const { form, authorities } = parseTrustRoot(json);
    expect(form).toBe('x509');
    expect(authorities).toMatchObject([
      {
        type: 'ca',
        name: 'CN=lower',
        validFrom: new Date(SINCE.getTime() + DAY).toISOString(),
        validUntil: new Date(SINCE.getTime() + 50 * DAY).toISOString(),
      },
      { type: 'tsa', name: 'CN=clock' },
    ]);
  });

  it('takes a window that is given, or half of one', () => {
    const [own] = (plain(lower, top) as { certificateAuthorities: object[] }).certificateAuthorities;
    const start = '2027-01-01T00:00:00Z';
    const { authorities } = parseTrustRoot({ certificateAuthorities: [{ ...own, validFor: { start } }] });
    expect(authorities).toMatchObject([
      { validFrom: '2027-01-01T00:00:00.000Z', validUntil: new Date(SINCE.getTime() + 50 * DAY).toISOString() },
    ]);
  });

  it('gives an authority the id it has in a Sigstore root', () => {
    const [ca] = f.domain.root.certificateAuthorities;
    const ders = ca!.certChain.certificates.map(({ rawBytes }) => Buffer.from(rawBytes, 'base64'));
    expect(parseTrustRoot(plain(...ders)).authorities[0]!.id).toBe(f.idOf('ca'));
  });

  it('is refused with fields that are not known, and with PEM of anything else', () => {
    expectFault({ ...plain(top), certificateAuthority: [] }, 'certificateAuthority', /not a field/);
    const [own] = (plain(top) as { certificateAuthorities: object[] }).certificateAuthorities;
    expectFault(
      { certificateAuthorities: [{ ...own, validfor: {} }] },
      'certificateAuthorities[0].validfor',
      /not a field/,
    );
    const path = 'certificateAuthorities[0].certificates';
    for (const certificates of [undefined, 7, '', 'x', `${pemOf(top.der)}rest`, pemOf(top.der).slice(0, -30)]) {
      expectFault({ certificateAuthorities: [{ certificates }] }, path, /PEM/);
    }
    const key = top.keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expectFault({ certificateAuthorities: [{ certificates: key }] }, `${path}[0]`, /PUBLIC KEY/);
  });

  it('is refused where a certificate is not what it is listed for', async () => {
    const path = 'certificateAuthorities[0].certificates';
    const leaf = await issue({ commonName: 'leaf', issuer: top, ...always, extensions: [keyUsage(0)] });
    expectFault(plain(leaf, top), `${path}[0]`, /not of a certificate authority/);
    const noSigner = await issue({
      commonName: 'no signer',
      ...always,
      extensions: [basicConstraints(true), keyUsage(0)],
    });
    expectFault(plain(noSigner), `${path}[0]`, /not of a certificate authority/);
    expectFault(plain(top, top), `${path}[1]`, /twice/);
    const strict = await issue({
      commonName: 'strict',
      ...always,
      extensions: [basicConstraints(true, 0), keyUsage(5)],
    });
    const below = await issue({ commonName: 'below', issuer: strict, ...always, extensions: authority });
    expectFault(plain(below, strict), `${path}[1]`, /allows 0 authorities/);
    const twin = await issue({ commonName: 'top', ...always, extensions: authority });
    expectFault(plain(lower, twin), `${path}[0]`, /not signed by the next/);
    expectFault(plain(lower, below, top), `${path}[0]`, /not issued by the next/);
    const weak = await issue({ commonName: 'weak', ...always, extensions: authority, keys: keyPair('RSA-1024') });
    expectFault(plain(weak), `${path}[0]`, /2048/);
    const tsa = (...chain: Issued[]): object => ({
      timestampAuthorities: [{ certificates: pemOf(...chain.map(({ der }) => der)) }],
    });
    const server = await issue({
      commonName: 'server',
      issuer: top,
      ...always,
      extensions: [extendedKeyUsage(SERVER_AUTH)],
    });
    expectFault(tsa(server, top), 'timestampAuthorities[0].certificates[0]', /not for signing timestamps/);
    expectFault(tsa(lower, top), 'timestampAuthorities[0].certificates[0]', /signer of timestamps comes first/);
  });

  it('is refused where timestamps could not tell two authorities apart', async () => {
    const twin = await issue({
      commonName: 'clock',
      issuer: top,
      ...always,
      extensions: [extendedKeyUsage(TIME_STAMPING)],
    });
    const timestampAuthorities = [clock, twin].map(({ der }) => ({ certificates: pemOf(der, top.der) }));
    expectFault({ timestampAuthorities }, 'timestampAuthorities[1]', /issuer and serial number/);
    expect(faultsOf({ timestampAuthorities: [timestampAuthorities[0], timestampAuthorities[0]] })).toEqual([]);
  });
});
