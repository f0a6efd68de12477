import { beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../json.js';
import {
  at,
  changed,
  fixture,
  flip,
  NOON,
  SINCE,
  verifyJson,
  type Fixture,
} from '../../../test/support/sigstore-fixture.js';
import { readBundle } from '../../../test/support/sigstore-bundle.js';
import { signBundle, type BundleJson } from '../../../test/support/signed-bundle.js';
import { ISSUER, SUBJECT, trustDomain, type RootJson } from '../../../test/support/trust-domain.js';
import {
  alternativeNames,
  basicConstraints,
  CODE_SIGNING,
  email,
  extendedKeyUsage,
  extension,
  fulcio,
  keyPair,
  keyUsage,
  SERVER_AUTH,
  TIME_STAMPING,
  uri,
} from '../../../test/support/x509.js';
import { verifyBundle } from './verify-bundle.js';

let f: Fixture;

beforeAll(async () => {
  f = await fixture();
});

async function expectFailure(json: BundleJson, code: string, detail: RegExp, roots = [f.root]): Promise<void> {
  const { signers, failure } = await verifyJson(json, roots);
  expect(failure?.detail).toMatch(detail);
  expect({ signers, code: failure?.code }).toEqual({ signers: [], code });
}

describe('a bundle with a certificate is refused', () => {
  const flipped = (text: string): string => flip(text);
  const to = (value: string) => (): string => value;
  it.each<[string, string, (text: string) => string | undefined, string, RegExp]>([
    ['a payload that was changed', 'envelope.payload', (text) => flip(text, 3), 'signature_invalid', /does not verify/],
    ['another payload type', 'envelope.payloadType', (text) => `${text}x`, 'signature_invalid', /does not verify/],
    ['a signature that was changed', 'envelope.signatures.0.sig', flipped, 'signature_invalid', /does not verify/],
    [
      'a promise that was changed',
      'entry.inclusionPromise.signedEntryTimestamp',
      flipped,
      'log_proof_invalid',
      /promise/,
    ],
    ['an empty promise', 'entry.inclusionPromise.signedEntryTimestamp', to(''), 'log_proof_invalid', /promise/],
    ['another time than was promised', 'entry.integratedTime', later, 'log_proof_invalid', /promise/],
    ['another index than was promised', 'entry.logIndex', to('1'), 'log_proof_invalid', /promise/],
    ['a time without a promise', 'entry.inclusionPromise', () => undefined, 'timestamp_missing', /nothing proves when/],
    ['no time with its promise', 'entry.integratedTime', to('0'), 'timestamp_missing', /nothing proves when/],
    ['a time that is no whole number', 'entry.integratedTime', (text) => `${text}.0`, 'log_proof_invalid', /no number/],
    ['a time written otherwise', 'entry.integratedTime', (text) => `0${text}`, 'log_proof_invalid', /no number/],
    ['a time in another notation', 'entry.integratedTime', (text) => `${text}e0`, 'log_proof_invalid', /no number/],
    ['a negative index', 'entry.inclusionProof.logIndex', to('-1'), 'log_proof_invalid', /no number/],
    ['an index beyond the tree', 'entry.inclusionProof.logIndex', to('1'), 'log_proof_invalid', /invalid index/],
    [
      'a checkpoint that was changed',
      'checkpoint',
      (text) => text.replace('\n1\n', '\n2\n'),
      'log_proof_invalid',
      /check/,
    ],
    ['an unsigned checkpoint', 'checkpoint', (text) => text.split('—')[0], 'log_proof_invalid', /signatures/],
    ['an empty checkpoint', 'checkpoint', to(''), 'log_proof_invalid', /checkpoint/],
    [
      'a checkpoint of another log',
      'checkpoint',
      (text) => text.replace('— rekor', '— trekor'),
      'log_proof_invalid',
      /check/,
    ],
    ['another kind than its body', 'entry.kindVersion.kind', to('intoto'), 'log_proof_invalid', /kind/],
    ['another version than its body', 'entry.kindVersion.version', to('0.0.2'), 'log_proof_invalid', /version/],
    ['a log by another id', 'entry.logId.keyId', flipped, 'log_proof_invalid', /does not list/],
    ['a body that was changed', 'entry.canonicalizedBody', (text) => flip(text, 4), 'log_proof_invalid', /body/],
    ['a body that is not JSON', 'entry.canonicalizedBody', to('ew=='), 'log_proof_invalid', /body/],
    ['a certificate that is none', 'certificate.rawBytes', to('MAA='), 'certificate_invalid', /certificate/],
    ['a certificate that was changed', 'certificate.rawBytes', (text) => flip(text, 120), 'certificate_invalid', /./],
  ])('with %s', async (_, path, change, code, detail) => {
    const json = await f.bundle();
    const { certificate, tlogEntries } = json.verificationMaterial;
    const [entry] = tlogEntries;
    const { checkpoint } = entry!.inclusionProof!;
    const parts = { envelope: json.dsseEnvelope, entry, certificate, checkpoint: checkpoint.envelope };
    if (path === 'checkpoint') checkpoint.envelope = change(checkpoint.envelope)!;
    else changeAt(parts, path, change);
    await expectFailure(json, code, detail);
  });

  it('with more of a thing than there should be', async () => {
    const json = await f.bundle({ stampedAt: NOON });
    const material = (change: (material: BundleJson['verificationMaterial']) => void): BundleJson =>
      changed(json, ({ verificationMaterial }) => {
        change(verificationMaterial);
      });
    const twice = material(({ tlogEntries }) => tlogEntries.push(tlogEntries[0]!));
    await expectFailure(twice, 'log_proof_invalid', /log entry 1 is there twice/);
    const many = material((material) => {
      material.tlogEntries = Array.from({ length: 17 }, () => material.tlogEntries[0]!);
    });
    await expectFailure(many, 'log_proof_invalid', /more than 16/);
    const hashes = material(({ tlogEntries: [entry] }) => entry!.inclusionProof!.hashes.push(flip('A'.repeat(44))));
    await expectFailure(hashes, 'log_proof_invalid', /hash count/);
    const garbage = material(({ timestampVerificationData: data }) =>
      data!.rfc3161Timestamps.push({ signedTimestamp: 'AA' }),
    );
    await expectFailure(garbage, 'timestamp_missing', /is not DER/);
  });

  it('with no entry, and so no time', async () => {
    await expectFailure(await f.bundle({ logged: 'none' }), 'timestamp_missing', /nothing proves/);
  });

  it('with no time but that of the same timestamp, given twice', async () => {
    const json = await f.bundle({ logged: 'hashedrekord/0.0.2', stampedAt: NOON });
    json.verificationMaterial.timestampVerificationData!.rfc3161Timestamps.push(
      ...json.verificationMaterial.timestampVerificationData!.rfc3161Timestamps,
    );
    await expectFailure(json, 'timestamp_missing', /duplicate/);
  });

  it('with the entry of another bundle, by the same signer or another', async () => {
    const [one, two] = [await f.bundle({ payload: '{"a":1}' }), await f.bundle({ payload: '{"a":2}' })];
    one.verificationMaterial.tlogEntries = two.verificationMaterial.tlogEntries;
    await expectFailure(one, 'log_proof_invalid', /another certificate/);
    const leaf = await f.domain.certify(NOON);
    const certificate = { keys: leaf.keys };
    const [mine, again] = [
      await f.bundle({ payload: '{"a":1}', certificate }),
      await f.bundle({ payload: '{"a":2}', certificate }),
    ];
    mine.verificationMaterial.certificate = again.verificationMaterial.certificate!;
    mine.verificationMaterial.tlogEntries = again.verificationMaterial.tlogEntries;
    await expectFailure(mine, 'log_proof_invalid', /mismatch/);
  });

  it.each(['dsse/0.0.1', 'intoto/0.0.2', 'hashedrekord/0.0.1', 'hashedrekord/0.0.2', 'dsse/0.0.2'] as const)(
    'with another certificate for the same key in the entry (%s)',
    async (logged) => {
      const keys = keyPair();
      // The library compares signature and digest, which are the same.
      const first = await f.bundle({ logged, stampedAt: NOON, certificate: { keys } });
      const second = await f.domain.certify(NOON, { keys, serial: 2 });
      first.verificationMaterial.certificate = { rawBytes: second.der.toString('base64') };
      await expectFailure(first, 'log_proof_invalid', /another certificate/);
    },
  );

  it('where the log saw it after the certificate expired, or before it was valid', async () => {
    await expectFailure(
      await f.bundle({ loggedAt: at(12 * 60 + 11) }),
      'certificate_invalid',
      /^the certificate was not valid when/,
    );
    await expectFailure(
      await f.bundle({ loggedAt: at(12 * 60 - 1) }),
      'certificate_invalid',
      /^the certificate was not valid when/,
    );
  });

  it('where one of two times is outside the validity of the certificate', async () => {
    await expectFailure(
      await f.bundle({ stampedAt: at(13 * 60) }),
      'certificate_invalid',
      /^the certificate was not valid when/,
    );
  });

  it.each<[string, (json: RootJson, window: { start: string; end: string }) => void, string, RegExp]>([
    [
      'certificate authority',
      (json, window) => {
        json.certificateAuthorities[0]!.validFor = window;
      },
      'certificate_invalid',
      /^certificate authority CN=issuer of sigstore.example did not count when/,
    ],
    [
      'certificate log',
      (json, window) => {
        json.ctlogs[0]!.publicKey.validFor = window;
      },
      'certificate_invalid',
      /^certificate transparency log https:.* did not count when/,
    ],
    [
      'transparency log',
      (json, window) => {
        json.tlogs[0]!.publicKey.validFor = window;
      },
      'log_proof_invalid',
      /^transparency log https:.* did not count when/,
    ],
    [
      'timestamp authority',
      (json, window) => {
        json.timestampAuthorities[0]!.validFor = window;
      },
      'timestamp_missing',
      /^timestamp authority .+ did not count when/,
    ],
  ])('where the %s did not count at the time', async (_, change, code, detail) => {
    const json = await f.bundle({ stampedAt: NOON });
    const early = { start: at(0).toISOString(), end: at(1).toISOString() };
    const late = { start: at(13 * 60).toISOString(), end: at(14 * 60).toISOString() };
    for (const window of [early, late]) {
      await expectFailure(json, code, detail, [
        f.rootWith((copy) => {
          change(copy, window);
        }),
      ]);
    }
  });

  it('where a log without promises did not count at the time that is proved otherwise', async () => {
    const json = await f.bundle({ logged: 'hashedrekord/0.0.2', stampedAt: NOON });
    const late = f.rootWith((copy) => {
      copy.tlogs[1]!.publicKey.validFor = { start: at(13 * 60).toISOString() };
    });
    await expectFailure(json, 'log_proof_invalid', /did not count/, [late]);
  });

  it('where the certificate log did not promise to list the certificate, or promised another', async () => {
    const listed = await f.domain.certify(NOON, { serial: 99, list: undefined });
    const sct = await f.domain.list(NOON, listed.der, f.domain.ca.keys.publicKey);
    const unlisted = (certificate: object): Promise<BundleJson> => f.bundle({ certificate });
    await expectFailure(await unlisted({ list: undefined }), 'certificate_invalid', /expected 1 SCTs/);
    await expectFailure(
      await unlisted({ list: () => Promise.resolve(sct) }),
      'certificate_invalid',
      /SCT verification/,
    );
    const broken = extension('1.3.6.1.4.1.11129.2.4.2', Buffer.of(4, 2, 0, 9));
    await expectFailure(
      await unlisted({ list: () => Promise.resolve(broken) }),
      'certificate_invalid',
      /cannot be read/,
    );
  });

  it('by an authority of no root', async () => {
    await expectFailure((await signBundle(f.other, { at: NOON })).json, 'untrusted_signer', /no trust root/);
    await expectFailure(await f.bundle(), 'untrusted_signer', /no trust root/, []);
  });

  it('by another authority of the same chain', async () => {
    const direct = await f.bundle({ certificate: { issuer: f.domain.top } });
    await expectFailure(direct, 'untrusted_signer', /no trust root/);
  });

  it('by an authority that only has the name of one', async () => {
    const twin = await trustDomain({ since: SINCE });
    await expectFailure((await signBundle(twin, { at: NOON })).json, 'untrusted_signer', /no trust root/);
    // Nothing but the signature tells that it is another: names are the same, and key identifiers left out.
    const bare = await f.bundle({ certificate: { issuer: twin.ca, bare: true } });
    await expectFailure(
      bare,
      'certificate_invalid',
      /not signed by certificate authority CN=issuer of sigstore.example/,
    );
  });

  it('with a log, or a timestamp, of another instance', async () => {
    const json = await f.bundle({ stampedAt: NOON });
    const foreignLogs = f.rootWith((copy) => {
      copy.tlogs = f.other.root.tlogs;
    });
    await expectFailure(json, 'log_proof_invalid', /does not list/, [foreignLogs]);
    const foreignCtlog = f.rootWith((copy) => {
      copy.ctlogs = f.other.root.ctlogs;
    });
    await expectFailure(json, 'certificate_invalid', /SCT/, [foreignCtlog]);
    // Their authority calls itself the same and has another key.
    const foreignTsa = f.rootWith((copy) => {
      copy.timestampAuthorities = f.other.root.timestampAuthorities;
    });
    await expectFailure(json, 'timestamp_missing', /names authority .* does not verify/, [foreignTsa]);
  });

  const extensions = [keyUsage(0), extendedKeyUsage(CODE_SIGNING), alternativeNames(uri(SUBJECT)), fulcio(8, ISSUER)];
  it.each<[string, readonly Buffer[], RegExp]>([
    [
      'of a certificate authority',
      [...extensions.slice(1), basicConstraints(true), keyUsage(0, 5)],
      /authority, not of a signer/,
    ],
    ['whose key is not for signatures', [...extensions.slice(1), keyUsage(2)], /without digital signatures/],
    ['that is for servers', [...extensions.toSpliced(1, 1), extendedKeyUsage(SERVER_AUTH)], /not for signing code/],
    [
      'that is for timestamps',
      [...extensions.toSpliced(1, 1), extendedKeyUsage(TIME_STAMPING)],
      /not for signing code/,
    ],
    [
      'with two alternative names',
      [...extensions.toSpliced(2, 1), alternativeNames(uri(SUBJECT), email('a@acme.example'))],
      /2 alternative names/,
    ],
    ['without an alternative name', extensions.toSpliced(2, 1), /0 alternative names/],
    [
      'with a NUL in its name',
      [...extensions.toSpliced(2, 1), alternativeNames(uri(`${SUBJECT}\0.evil.example`))],
      /control character/,
    ],
    ['with an extension twice', [...extensions, fulcio(8, 'https://evil.example')], /twice/],
    [
      'with an unknown critical extension',
      [...extensions, extension('1.2.3.4', Buffer.of(5, 0), true)],
      /not understood/,
    ],
  ])('where the certificate is one %s', async (_, list, detail) => {
    await expectFailure(await f.bundle({ certificate: { extensions: list } }), 'certificate_invalid', detail);
  });

  it.each(['RSA-1024', 'secp256k1'] as const)('where the key of the certificate is of %s', async (type) => {
    await expectFailure(
      await f.bundle({ certificate: { keys: keyPair(type) } }),
      'certificate_invalid',
      /cannot be used/,
    );
  });

  it('where the signature is over the digest and the key not of P-256', async () => {
    const json = await f.bundle({ isMessage: true, certificate: { keys: keyPair('P-384') } });
    await expectFailure(json, 'signature_invalid', /only those of P-256/);
  });

  it('where the digest, or the signature over it, is another', async () => {
    const json = await f.bundle({ isMessage: true });
    const digest = changed(json, ({ messageSignature }) => {
      messageSignature!.messageDigest.digest = flip(messageSignature!.messageDigest.digest);
    });
    await expectFailure(digest, 'signature_invalid', /does not verify/);
    const signature = changed(json, ({ messageSignature }) => {
      messageSignature!.signature = flip(messageSignature!.signature);
    });
    await expectFailure(signature, 'signature_invalid', /does not verify/);
  });

  it('where the envelope has two signatures', async () => {
    const read = readBundle(JSON.parse(JSON.stringify(await f.bundle())) as Json);
    if (read.content.type !== 'dsse') throw new Error('an envelope was made');
    const { envelope } = read.content;
    const twice = { ...envelope, signatures: [...envelope.signatures, ...envelope.signatures] };
    const { signers, failure } = await verifyBundle(
      { ...read, content: { type: 'dsse', envelope: twice } },
      [f.root],
      [],
    );
    expect(signers).toEqual([]);
    expect(failure?.detail).toMatch(/exactly one signature/);
  });
});

function later(seconds: string): string {
  return String(Number(seconds) + 1);
}

/** Changes the text at a dotted path, or takes it away. */
function changeAt(parts: object, path: string, change: (text: string) => string | undefined): void {
  const names = path.split('.');
  const last = names.pop()!;
  const holder = names.reduce<Record<string, unknown>>(
    (inner, name) => inner[name] as Record<string, unknown>,
    parts as Record<string, unknown>,
  );
  holder[last] = change(holder[last] as string);
}
