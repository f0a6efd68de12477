import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { importPublicKey } from '../public-key.js';
import { at, fixture, NOON, verifyJson, type Fixture } from '../../../test/support/sigstore-fixture.js';
import { stamp } from '../../../test/support/rfc3161.js';
import {
  signBundle,
  type BundleJson,
  type BundleRequest,
  type SignedBundle,
} from '../../../test/support/signed-bundle.js';
import { ISSUER, SUBJECT, type EntryBody, type EntryJson, type RootJson } from '../../../test/support/trust-domain.js';
import { alternativeNames, email, fulcio, keyPair, otherName, uri, keyUsage } from '../../../test/support/x509.js';
import { parseTrustRoot, type TrustRoot } from './trust-root.js';

let f: Fixture;

beforeAll(async () => {
  f = await fixture();
});

async function expectFailure(json: BundleJson, code: string, roots: readonly TrustRoot[]): Promise<void> {
  const { signers, failure } = await verifyJson(json, roots);
  expect({ signers, code: failure?.code }).toEqual({ signers: [], code });
}

describe('a bundle with a certificate', () => {
  it('proves who signed, by which authorities, and when', async () => {
    const { json, leaf } = await signBundle(f.domain, { at: NOON, stampedAt: at(12 * 60 + 1) });
    const { signers, failure } = await verifyJson(json, [f.root]);
    expect(failure).toBeNull();
    expect(signers).toEqual([
      {
        type: 'certificate',
        certificate: `sha256:${createHash('sha256').update(leaf!.der).digest('hex')}`,
        thumbprint: importPublicKey(leaf!.keys.publicKey.export({ type: 'spki', format: 'pem' }).toString()).thumbprint,
        scheme: 'ES256/der',
        identity: {
          issuer: ISSUER,
          subjects: [SUBJECT],
          claims: { sourceRepositoryUri: 'https://github.com/acme/app', buildConfigUri: SUBJECT.padEnd(200, '/') },
        },
        codeSigning: true,
        chain: f.idOf('ca'),
        ctlogs: [{ authority: f.idOf('ctlog'), at: NOON.toISOString() }],
        tlogs: [f.idOf('tlog')],
        times: [
          { authority: f.idOf('tlog'), at: NOON.toISOString() },
          { authority: f.idOf('tsa'), at: at(12 * 60 + 1).toISOString() },
        ],
      },
    ]);
  });

  it.each<[string, Partial<BundleRequest>, string[]]>([
    ['an envelope logged as dsse 0.0.1', { logged: 'dsse/0.0.1' }, ['tlog']],
    ['an envelope logged as intoto 0.0.2', { logged: 'intoto/0.0.2' }, ['tlog']],
    ['an envelope logged as hashedrekord 0.0.1', { logged: 'hashedrekord/0.0.1' }, ['tlog']],
    ['an envelope in a log of the second generation', { logged: 'hashedrekord/0.0.2', stampedAt: NOON }, ['tsa']],
    ['an envelope logged as dsse 0.0.2', { logged: 'dsse/0.0.2', stampedAt: NOON }, ['tsa']],
    ['the digest of an artifact', { isMessage: true }, ['tlog']],
    [
      'a digest in a log of the second generation',
      { isMessage: true, logged: 'hashedrekord/0.0.2', stampedAt: NOON },
      ['tsa'],
    ],
    ['an empty payload type', { payloadType: '' }, ['tlog']],
  ])('verifies with %s', async (_, request, times) => {
    const { signers, failure } = await verifyJson(await f.bundle(request), [f.root]);
    expect(failure).toBeNull();
    expect(signers).toHaveLength(1);
    expect(signers[0]!.times.map(({ authority }) => authority.split(':')[0])).toEqual(times);
  });

  it.each([
    ['P-384', 'ES384/der'],
    ['P-521', 'ES512/der'],
    ['Ed25519', 'EdDSA'],
    ['RSA-2048', 'RS256'],
  ] as const)('verifies by a key of %s in %s', async (type, scheme) => {
    const { signers } = await verifyJson(await f.bundle({ certificate: { keys: keyPair(type) } }), [f.root]);
    expect(signers).toMatchObject([{ scheme }]);
  });

  it('verifies by an RSA key in PSS, and says so', async () => {
    const json = await f.bundle({ isPss: true, certificate: { keys: keyPair('RSA-2048') } });
    expect((await verifyJson(json, [f.root])).signers).toMatchObject([{ scheme: 'PS256' }]);
  });

  it('verifies in the form of version 0.1: a chain, and a promise without a proof', async () => {
    const json = await f.bundle();
    json.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
    const { certificate } = json.verificationMaterial;
    json.verificationMaterial.x509CertificateChain = {
      certificates: [certificate!, { rawBytes: f.domain.ca.der.toString('base64') }],
    };
    delete json.verificationMaterial.certificate;
    delete json.verificationMaterial.tlogEntries[0]!.inclusionProof;
    expect((await verifyJson(json, [f.root])).signers).toHaveLength(1);
  });

  it('verifies long after the certificate expired: what counts is when it was used', async () => {
    const later = f.rootWith((json) => {
      json.certificateAuthorities[0]!.validFor.end = at(12 * 60 + 10).toISOString();
    });
    expect((await verifyJson(await f.bundle(), [later])).failure).toBeNull();
  });

  it('verifies at the first and the last moment of the certificate and of every window', async () => {
    const end = at(12 * 60 + 10);
    const windows = (json: RootJson): void => {
      for (const log of [...json.tlogs, ...json.ctlogs])
        log.publicKey.validFor = { start: NOON.toISOString(), end: end.toISOString() };
      for (const chain of [...json.certificateAuthorities, ...json.timestampAuthorities]) {
        chain.validFor = { start: NOON.toISOString(), end: end.toISOString() };
      }
    };
    for (const moment of [NOON, end]) {
      const json = await f.bundle({ loggedAt: moment, stampedAt: moment });
      expect((await verifyJson(json, [f.rootWith(windows)])).failure).toBeNull();
    }
  });

  it('does not care about the key id in the envelope', async () => {
    const json = await f.bundle();
    json.dsseEnvelope!.signatures[0]!.keyid = 'somebody else';
    expect((await verifyJson(json, [f.root])).signers).toHaveLength(1);
  });

  it('gives the same answer whatever was verified before', async () => {
    const json = await f.bundle({ stampedAt: NOON });
    const first = await verifyJson(json, [f.root]);
    await verifyJson((await signBundle(f.other, { at: NOON })).json, [f.root]);
    expect(await verifyJson(json, [parseTrustRoot(structuredClone(f.domain.root))])).toEqual(first);
    expect(await verifyJson(json, [structuredClone(f.root)])).toEqual(first);
  });

  describe('with proofs by those whom the root does not list', () => {
    /** An entry of another log for the same signature, and a timestamp of another authority over it. */
    const elsewhere = async ({ json, signature }: SignedBundle): Promise<{ entry: EntryJson; timestamp: string }> => {
      const body = Buffer.from(json.verificationMaterial.tlogEntries[0]!.canonicalizedBody, 'base64').toString();
      const clock = await f.domain.certify(NOON);
      const moment = at(12 * 60 + 1);
      return {
        entry: await f.other.log(moment, JSON.parse(body) as EntryBody),
        timestamp: stamp({ at: moment, signature, by: clock, issuer: f.domain.top }).toString('base64'),
      };
    };

    it('verifies by the others, and proves nothing by the strangers', async () => {
      const signed = await signBundle(f.domain, { at: NOON, stampedAt: NOON });
      const withoutStrangers = structuredClone(signed.json);
      const { entry, timestamp } = await elsewhere(signed);
      const { tlogEntries, timestampVerificationData } = signed.json.verificationMaterial;
      tlogEntries.push(entry);
      timestampVerificationData!.rfc3161Timestamps.push({ signedTimestamp: timestamp });
      const { signers, failure } = await verifyJson(signed.json, [f.root]);
      expect(failure).toBeNull();
      expect(signers).toEqual((await verifyJson(withoutStrangers, [f.root])).signers);
      expect(signers).toMatchObject([{ tlogs: [f.idOf('tlog')] }]);
    });

    it('is refused where the others are too few, and says what was passed over', async () => {
      const signed = await signBundle(f.domain, { at: NOON });
      const { entry, timestamp } = await elsewhere(signed);
      const { verificationMaterial } = signed.json;
      delete verificationMaterial.tlogEntries[0]!.inclusionPromise;
      verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp: timestamp }] };
      expect((await verifyJson(signed.json, [f.root])).failure).toEqual({
        code: 'timestamp_missing',
        detail:
          'nothing proves when it was signed: no timestamp, and no log entry with a promise; ' +
          'passed over: 1 timestamp by an authority that the trust root does not list',
      });
      verificationMaterial.tlogEntries = [entry];
      expect((await verifyJson(signed.json, [f.root])).failure).toEqual({
        code: 'log_proof_invalid',
        detail:
          'no log entry is of a transparency log that the trust root lists; ' +
          'passed over: 1 entry of a log that the root does not list',
      });
    });
  });

  describe('asks of a root what the root lists', () => {
    const without = (...names: readonly ('tlogs' | 'ctlogs' | 'timestampAuthorities')[]): TrustRoot =>
      f.rootWith((json) => {
        for (const name of names) json[name] = [];
      });

    it('no log entry where it lists no transparency log, and passes over what there is of it', async () => {
      const json = await f.bundle({ stampedAt: NOON });
      const { signers } = await verifyJson(json, [without('tlogs')]);
      expect(signers).toMatchObject([{ tlogs: [], times: [{ authority: f.idOf('tsa') }] }]);
      const unlogged = await f.bundle({ logged: 'none', stampedAt: NOON });
      expect((await verifyJson(unlogged, [without('tlogs')])).signers).toHaveLength(1);
      await expectFailure(unlogged, 'log_proof_invalid', [f.root]);
    });

    it('no promise where it lists no certificate log, and passes over one there is', async () => {
      const { signers } = await verifyJson(await f.bundle(), [without('ctlogs')]);
      expect(signers).toMatchObject([{ ctlogs: [], tlogs: [f.idOf('tlog')] }]);
      const unlisted = await f.bundle({ certificate: { list: undefined } });
      expect((await verifyJson(unlisted, [without('ctlogs')])).signers).toHaveLength(1);
    });

    it('a time always', async () => {
      const json = await f.bundle({ logged: 'none' });
      await expectFailure(json, 'timestamp_missing', [without('tlogs', 'ctlogs')]);
      const stamped = await f.bundle({ logged: 'none', stampedAt: NOON });
      await expectFailure(stamped, 'timestamp_missing', [without('tlogs', 'timestampAuthorities')]);
    });

    it('and proves the same once under two roots that say the same, and twice under authorities that differ', async () => {
      const json = await f.bundle({ stampedAt: NOON });
      const wider = f.rootWith((copy) => {
        copy.tlogs = [...copy.tlogs, ...f.other.root.tlogs];
      });
      expect((await verifyJson(json, [f.root, wider])).signers).toHaveLength(1);
      expect((await verifyJson(json, [f.root, without('tlogs')])).signers).toHaveLength(2);
      expect((await verifyJson(json, [parseTrustRoot(f.other.root), without('ctlogs'), f.root])).signers).toHaveLength(
        2,
      );
    });

    it('in one of several windows of an authority', async () => {
      const twice = f.rootWith((copy) => {
        const [chain] = copy.certificateAuthorities;
        copy.certificateAuthorities = [
          { ...chain!, validFor: { start: at(0).toISOString(), end: at(1).toISOString() } },
          { ...chain!, validFor: { start: at(2).toISOString() } },
        ];
      });
      expect((await verifyJson(await f.bundle(), [twice])).signers).toHaveLength(1);
    });
  });

  it.each<[string, readonly Buffer[], object]>([
    [
      'an email',
      [alternativeNames(email('ann@acme.example')), fulcio(8, 'https://accounts.google.com')],
      { subjects: ['ann@acme.example'], issuer: 'https://accounts.google.com' },
    ],
    [
      'a machine',
      [alternativeNames(otherName('machine@acme')), fulcio(1, ISSUER)],
      { subjects: ['machine@acme'], issuer: ISSUER },
    ],
    [
      'a look-alike exactly',
      [alternativeNames(uri(`${SUBJECT}.evil`)), fulcio(8, `${ISSUER}/acme`)],
      { subjects: [`${SUBJECT}.evil`], issuer: `${ISSUER}/acme` },
    ],
  ])('names %s', async (_, extensions, identity) => {
    const json = await f.bundle({ certificate: { extensions: [keyUsage(0), ...extensions] } });
    expect((await verifyJson(json, [f.root])).signers).toMatchObject([{ identity }]);
  });
});
