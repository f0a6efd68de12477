import { constants, sign } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { pae } from '../pae.js';
import { at, fixture, NOON, SINCE, type Fixture } from '../../../test/support/sigstore-fixture.js';
import { DAY } from '../../../test/support/trust-domain.js';
import {
  alternativeNames,
  basicConstraints,
  dns,
  email,
  extendedKeyUsage,
  issue,
  keyPair,
  keyUsage,
  pemOf,
  SERVER_AUTH,
  uri,
  type CertificateRequest,
  type Issued,
} from '../../../test/support/x509.js';
import { parseTrustRoot, type TrustRoot } from './trust-root.js';
import {
  verifyCertifiedEnvelope,
  type CertifiedEnvelope,
  type CertifiedSignature,
} from './verify-certified-envelope.js';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
const WORKLOAD = 'spiffe://acme.example/builder';
const always = { notBefore: SINCE, notAfter: new Date(SINCE.getTime() + 100 * DAY) };
const authority = [basicConstraints(true), keyUsage(5, 6)];

let f: Fixture;
let top: Issued;
let between: Issued;
let root: TrustRoot;

beforeAll(async () => {
  f = await fixture();
  top = await issue({ commonName: 'Acme root', ...always, extensions: authority, keys: keyPair('RSA-2048') });
  between = await issue({
    commonName: 'Acme builders',
    issuer: top,
    ...always,
    extensions: [basicConstraints(true, 0), keyUsage(5)],
  });
  root = parseTrustRoot(plainRoot([top]));
});

function plainRoot(chain: readonly Issued[]): object {
  const [tsa] = f.domain.root.timestampAuthorities;
  const stampers = tsa!.certChain.certificates.map(({ rawBytes }) => Buffer.from(rawBytes, 'base64'));
  return {
    certificateAuthorities: [{ certificates: pemOf(...chain.map(({ der }) => der)) }],
    timestampAuthorities: [{ certificates: pemOf(...stampers) }],
  };
}

/** A certificate of a builder, as a workload identity service issues it. */
function certify(changes: Partial<CertificateRequest> = {}): Promise<Issued> {
  return issue({
    issuer: between,
    notBefore: NOON,
    notAfter: at(13 * 60),
    extensions: [keyUsage(0), extendedKeyUsage(SERVER_AUTH), alternativeNames(uri(WORKLOAD))],
    ...changes,
  });
}

interface Making {
  readonly leaf?: Issued;
  readonly along?: readonly Issued[];
  readonly stampedAt?: readonly Date[];
  readonly padding?: number;
}

async function signature({
  leaf,
  along = [between],
  stampedAt = [NOON],
  padding,
}: Making = {}): Promise<CertifiedSignature> {
  const { der, keys } = leaf ?? (await certify());
  const made = sign(keys.privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', pae(PAYLOAD_TYPE, PAYLOAD), {
    key: keys.privateKey,
    padding,
  });
  const timestamps = await Promise.all(
    stampedAt.map(async (moment) => Buffer.from(await f.domain.stamp(moment, made), 'base64')),
  );
  return {
    keyid: null,
    signature: made,
    certificates: [der, ...along.map((one) => one.der)],
    timestamps,
    materialFault: null,
  };
}

const envelope = (...signatures: readonly CertifiedSignature[]): CertifiedEnvelope => ({
  payloadType: PAYLOAD_TYPE,
  payload: PAYLOAD,
  signatures,
});

async function expectFailure(signed: CertifiedEnvelope, code: string, detail: RegExp, roots = [root]): Promise<void> {
  const { signers, failure } = await verifyCertifiedEnvelope(signed, roots);
  expect(failure?.detail).toMatch(detail);
  expect({ signers, code: failure?.code }).toEqual({ signers: [], code });
}

describe('an envelope with certificates', () => {
  it('proves who signed, through certificates that came along, and when', async () => {
    const { signers, failure } = await verifyCertifiedEnvelope(envelope(await signature()), [root]);
    expect(failure).toBeNull();
    const [chain, tsa] = root.authorities;
    expect(signers).toMatchObject([
      {
        type: 'certificate',
        scheme: 'ES256/der',
        identity: { issuer: null, subjects: [WORKLOAD], claims: {} },
        codeSigning: false,
        chain: chain!.id,
        ctlogs: [],
        tlogs: [],
        times: [{ authority: tsa!.id, at: NOON.toISOString() }],
      },
    ]);
  });

  it('verifies where the root holds the whole chain, whatever came along and in whatever order', async () => {
    const whole = parseTrustRoot(plainRoot([between, top]));
    const lower = await issue({ commonName: 'lower', issuer: top, ...always, extensions: authority });
    const lowest = await issue({ commonName: 'lowest', issuer: lower, ...always, extensions: authority });
    const deep = await certify({ issuer: lowest });
    for (const along of [[], [top], [between, top, lower]]) {
      expect((await verifyCertifiedEnvelope(envelope(await signature({ along })), [whole])).signers).toHaveLength(1);
    }
    for (const along of [
      [lowest, lower],
      [lower, lowest],
      [between, lower, top, lowest],
    ]) {
      const signed = envelope(await signature({ leaf: deep, along }));
      expect((await verifyCertifiedEnvelope(signed, [root])).signers).toHaveLength(1);
    }
  });

  it('names every alternative name, or the common name where there is none', async () => {
    const names = alternativeNames(
      uri(WORKLOAD),
      dns('builder.acme.example'),
      email('ann@acme.example'),
      dns('builder.acme.example'),
    );
    const both = await certify({ commonName: 'ignored', extensions: [names] });
    const common = await certify({ commonName: 'Ann of Acme', extensions: [keyUsage(0)] });
    const { signers } = await verifyCertifiedEnvelope(
      envelope(await signature({ leaf: both }), await signature({ leaf: common })),
      [root],
    );
    expect(signers.map(({ identity }) => identity.subjects).sort()).toEqual([
      ['Ann of Acme'],
      ['ann@acme.example', 'builder.acme.example', WORKLOAD],
    ]);
  });

  it.each([
    ['PKCS#1 v1.5', constants.RSA_PKCS1_PADDING, 'RS256'],
    ['PSS', constants.RSA_PKCS1_PSS_PADDING, 'PS256'],
  ])('verifies by an RSA key in %s, and says so', async (_, padding, scheme) => {
    const leaf = await certify({ keys: keyPair('RSA-2048') });
    const { signers } = await verifyCertifiedEnvelope(envelope(await signature({ leaf, padding })), [root]);
    expect(signers).toMatchObject([{ scheme }]);
  });

  it('says by which hash it was tried where the key is of another curve than P-256', async () => {
    const leaf = await certify({ keys: keyPair('P-384') });
    await expectFailure(
      envelope(await signature({ leaf })),
      'signature_invalid',
      /ECDSA on P-384 is verified with SHA-384 \(RFC 7518, 3\.4\)/,
    );
  });

  it('counts good signatures beside bad ones and beside those without certificates', async () => {
    const good = await signature();
    const bad = { ...(await signature()), signature: good.signature };
    const plain = { ...good, certificates: [], timestamps: [] };
    expect((await verifyCertifiedEnvelope(envelope(bad, plain, good, good), [root])).signers).toHaveLength(1);
    expect(await verifyCertifiedEnvelope(envelope(plain), [root])).toEqual({ signers: [], failure: null });
  });

  it('verifies under a Sigstore root that lists no logs, if meant for signing code', async () => {
    const { tlogs: _tlogs, ctlogs: _ctlogs, ...rest } = f.domain.root;
    const unlogged = parseTrustRoot(rest);
    const leaf = await f.domain.certify(NOON);
    const signed = envelope(await signature({ leaf, along: [] }));
    expect((await verifyCertifiedEnvelope(signed, [unlogged])).signers).toHaveLength(1);
    const server = await f.domain.certify(NOON, {
      extensions: [extendedKeyUsage(SERVER_AUTH), alternativeNames(uri(WORKLOAD))],
    });
    await expectFailure(
      envelope(await signature({ leaf: server, along: [] })),
      'certificate_invalid',
      /not for signing code/,
      [unlogged],
    );
  });

  it('does not satisfy a root that lists logs', async () => {
    const leaf = await f.domain.certify(NOON);
    await expectFailure(envelope(await signature({ leaf, along: [] })), 'log_proof_invalid', /lists logs/, [f.root]);
  });

  describe('is refused', () => {
    it('where nothing, or nobody the root lists, proves when it was signed', async () => {
      await expectFailure(envelope(await signature({ stampedAt: [] })), 'timestamp_missing', /no timestamp/);
      const { timestampAuthorities: _, ...rest } = plainRoot([top]) as { timestampAuthorities: unknown };
      await expectFailure(envelope(await signature()), 'timestamp_missing', /no timestamp/, [parseTrustRoot(rest)]);
    });

    it('where a certificate came along without time or log, as from a generator of provenance that leaves both to Rekor', async () => {
      const leaf = await f.domain.certify(NOON);
      await expectFailure(
        envelope(await signature({ leaf, along: [], stampedAt: [] })),
        'timestamp_missing',
        /no timestamp/,
        [f.root],
      );
    });

    it('where the authority of the timestamp did not count at its time, which it names', async () => {
      const late = plainRoot([top]) as { timestampAuthorities: { validFor?: object }[] };
      late.timestampAuthorities[0]!.validFor = { start: at(13 * 60).toISOString() };
      const window = new RegExp(`^timestamp authority .+ did not count when .* from ${at(13 * 60).toISOString()} `);
      await expectFailure(envelope(await signature()), 'timestamp_missing', window, [parseTrustRoot(late)]);
    });

    it('where the timestamp is of another signature, or signed by another', async () => {
      const [one, two] = [await signature(), await signature()];
      const swapped = { ...one, timestamps: two.timestamps };
      await expectFailure(envelope(swapped), 'timestamp_missing', /does not verify/);
      // Their authority calls itself the same and has another key.
      const theirs = Buffer.from(await f.other.stamp(NOON, one.signature), 'base64');
      await expectFailure(
        envelope({ ...one, timestamps: [...one.timestamps, theirs] }),
        'timestamp_missing',
        /does not verify/,
      );
      await expectFailure(envelope({ ...one, timestamps: [Buffer.of(1)] }), 'timestamp_missing', /is not DER/);
    });

    it('where the certificate, or one above it, was not valid at one of the times', async () => {
      await expectFailure(
        envelope(await signature({ stampedAt: [at(11 * 60)] })),
        'certificate_invalid',
        /not valid when/,
      );
      await expectFailure(
        envelope(await signature({ stampedAt: [NOON, at(14 * 60)] })),
        'certificate_invalid',
        /not valid when/,
      );
      const brief = await issue({
        commonName: 'brief',
        issuer: top,
        notBefore: SINCE,
        notAfter: at(60),
        extensions: authority,
      });
      const leaf = await certify({ issuer: brief });
      await expectFailure(envelope(await signature({ leaf, along: [brief] })), 'certificate_invalid', /not valid when/);
      const closed = plainRoot([top]) as { certificateAuthorities: { validFor?: object }[] };
      closed.certificateAuthorities[0]!.validFor = { end: at(60).toISOString() };
      const window = new RegExp(
        `^certificate authority CN=Acme root did not count when .* until ${at(60).toISOString()}`,
      );
      await expectFailure(envelope(await signature()), 'certificate_invalid', window, [parseTrustRoot(closed)]);
    });

    it('where no path leads to the root', async () => {
      await expectFailure(envelope(await signature({ along: [] })), 'untrusted_signer', /no trust root/);
      await expectFailure(envelope(await signature()), 'untrusted_signer', /no trust root/, []);
      const stranger = await issue({ commonName: 'Acme root', ...always, extensions: authority });
      const leaf = await certify({ issuer: stranger });
      // A root that came along is not trusted for that, even under the name of one that is.
      await expectFailure(envelope(await signature({ leaf, along: [stranger] })), 'untrusted_signer', /no trust root/);
      await expectFailure(
        envelope(await signature({ leaf, along: [stranger, top] })),
        'untrusted_signer',
        /no trust root/,
      );
    });

    it('where another authority below the same root issued it', async () => {
      const whole = parseTrustRoot(plainRoot([between, top]));
      const sibling = await issue({ commonName: 'Acme servers', issuer: top, ...always, extensions: authority });
      for (const issuer of [sibling, top]) {
        const leaf = await certify({ issuer });
        const signed = envelope(await signature({ leaf, along: [sibling, top] }));
        await expectFailure(signed, 'untrusted_signer', /no trust root/, [whole]);
        expect((await verifyCertifiedEnvelope(signed, [root])).signers).toHaveLength(1);
      }
    });

    it.each<[string, readonly Buffer[]]>([
      ['no authority', [keyUsage(5)]],
      ['an authority that may not sign certificates', [basicConstraints(true), keyUsage(0)]],
      ['an end entity', [basicConstraints(false), keyUsage(0, 5)]],
    ])('where one that came along and issued is %s', async (_, extensions) => {
      const issuer = await issue({ commonName: 'lower', issuer: top, ...always, extensions });
      const leaf = await certify({ issuer });
      await expectFailure(envelope(await signature({ leaf, along: [issuer] })), 'untrusted_signer', /no trust root/);
    });

    it('where an authority stands above more of them than it allows', async () => {
      const below = await issue({ commonName: 'below', issuer: between, ...always, extensions: authority });
      const leaf = await certify({ issuer: below });
      const signed = envelope(await signature({ leaf, along: [below, between] }));
      await expectFailure(signed, 'untrusted_signer', /no trust root/);
      await expectFailure(signed, 'untrusted_signer', /no trust root/, [parseTrustRoot(plainRoot([between, top]))]);
    });

    it('where one that came along has a weak key', async () => {
      const weak = await issue({
        commonName: 'weak',
        issuer: top,
        ...always,
        extensions: authority,
        keys: keyPair('RSA-1024'),
      });
      const leaf = await certify({ issuer: weak });
      await expectFailure(envelope(await signature({ leaf, along: [weak] })), 'untrusted_signer', /no trust root/);
    });

    it('where what came along cannot be read, or is more than anybody needs', async () => {
      const good = await signature();
      await expectFailure(
        envelope({ ...good, certificates: [Buffer.of(48, 0)] }),
        'certificate_invalid',
        /certificate/,
      );
      await expectFailure(
        envelope({ ...good, certificates: [...good.certificates, Buffer.of(48, 0)] }),
        'certificate_invalid',
        /certificate/,
      );
      await expectFailure(envelope({ ...good, materialFault: 'is no PEM' }), 'certificate_invalid', /is no PEM/);
      const many = { ...good, certificates: Array.from({ length: 12 }, () => good.certificates[0]!) };
      await expectFailure(envelope(many), 'certificate_invalid', /more certificates/);
    });

    it('in the time it takes where everything that came along signed everything else', async () => {
      const keys = keyPair();
      const ring = await Promise.all(
        Array.from({ length: 10 }, (_, serial) =>
          issue({ commonName: 'ring', keys, ...always, extensions: authority, serial: serial + 1 }),
        ),
      );
      const leaf = await certify({ issuer: ring[0]! });
      const signed = envelope(await signature({ leaf, along: ring }));
      await expectFailure(signed, 'untrusted_signer', /no trust root/);
    });

    it('where payload, payload type or signature is another', async () => {
      const signed = envelope(await signature());
      await expectFailure({ ...signed, payload: Buffer.from('{}') }, 'signature_invalid', /does not verify/);
      await expectFailure({ ...signed, payloadType: 'text/plain' }, 'signature_invalid', /does not verify/);
    });
  });
});
