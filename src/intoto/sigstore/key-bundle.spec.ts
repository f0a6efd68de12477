import { sign } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { pae } from '../pae.js';
import { importPublicKey, type PublicKey } from '../public-key.js';
import { at, changed, fixture, flip, NOON, verifyJson, type Fixture } from '../../../test/support/sigstore-fixture.js';
import { type BundleJson, type BundleRequest } from '../../../test/support/signed-bundle.js';
import { keyPair, type KeyPair } from '../../../test/support/x509.js';
import { parseTrustRoot } from './trust-root.js';

let f: Fixture;

beforeAll(async () => {
  f = await fixture();
});

describe('a bundle with a public key', () => {
  let keys: KeyPair;
  let key: PublicKey;
  const publicKeyOf = (pair: KeyPair): PublicKey =>
    importPublicKey(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString());

  beforeAll(() => {
    keys = keyPair();
    key = publicKeyOf(keys);
  });
  const managed = (request: Partial<BundleRequest> = {}, hint = 'release'): Promise<BundleJson> =>
    f.bundle({ managed: { keys, hint }, ...request });

  it('proves the key and when it was used', async () => {
    const { signers, failure } = await verifyJson(await managed({ stampedAt: at(12 * 60 + 1) }), [f.root], [key]);
    expect(failure).toBeNull();
    expect(signers).toEqual([
      {
        type: 'key',
        thumbprint: key.thumbprint,
        scheme: 'ES256/der',
        times: [
          { authority: f.idOf('tlog'), at: NOON.toISOString() },
          { authority: f.idOf('tsa'), at: at(12 * 60 + 1).toISOString() },
        ],
      },
    ]);
  });

  it.each<[string, Partial<BundleRequest>, number]>([
    ['a digest', { isMessage: true }, 1],
    ['no proofs at all', { logged: 'none' }, 0],
    ['a log of the second generation', { logged: 'hashedrekord/0.0.2' }, 0],
    ['a timestamp alone', { logged: 'none', stampedAt: NOON }, 1],
  ])('verifies with %s', async (_, request, times) => {
    const { signers } = await verifyJson(await managed(request), [f.root], [key]);
    expect(signers).toHaveLength(1);
    expect(signers[0]!.times).toHaveLength(times);
  });

  it('verifies whatever its hint says, and whichever other keys are known', async () => {
    const others = [publicKeyOf(keyPair()), publicKeyOf(keyPair('Ed25519')), publicKeyOf(keyPair('RSA-2048'))];
    const json = await managed();
    for (const named of [[], [key.thumbprint], [others[0]!.thumbprint]]) {
      const { signers } = await verifyJson(json, [f.root], [...others, key], { release: named });
      expect(signers).toMatchObject([{ thumbprint: key.thumbprint }]);
    }
  });

  it('proves no time by a log or timestamp authority of no root, and is accepted all the same', async () => {
    const json = await managed({ stampedAt: NOON });
    for (const roots of [[], [parseTrustRoot({ ...f.other.root, timestampAuthorities: [] })]]) {
      expect(await verifyJson(json, roots, [key])).toMatchObject({ signers: [{ times: [] }], failure: null });
    }
  });

  it('is refused where a log or timestamp authority of a root did not sign what it seems to have', async () => {
    const json = await managed({ stampedAt: NOON });
    const refused = async (change: (copy: BundleJson) => void, detail: RegExp): Promise<void> => {
      const { signers, failure } = await verifyJson(changed(json, change), [f.root], [key]);
      expect(failure?.detail).toMatch(detail);
      expect({ signers, code: failure?.code }).toEqual({ signers: [], code: 'log_proof_invalid' });
    };
    await refused(
      ({
        verificationMaterial: {
          tlogEntries: [entry],
        },
      }) => {
        entry!.inclusionPromise!.signedEntryTimestamp = flip(entry!.inclusionPromise!.signedEntryTimestamp);
      },
      /promise/,
    );
    await refused(
      ({
        verificationMaterial: {
          tlogEntries: [entry],
        },
      }) => {
        entry!.inclusionProof!.rootHash = flip(entry!.inclusionProof!.rootHash);
        entry!.inclusionProof!.checkpoint.envelope = entry!.inclusionProof!.checkpoint.envelope.replace(
          '\n1\n',
          '\n3\n',
        );
      },
      /checkpoint/,
    );
    const foreign = (await managed({ stampedAt: NOON, payload: '{"b":1}' })).verificationMaterial;
    await refused(({ verificationMaterial }) => {
      verificationMaterial.tlogEntries = foreign.tlogEntries;
    }, /mismatch/);
    await refused(({ verificationMaterial }) => {
      verificationMaterial.timestampVerificationData = foreign.timestampVerificationData!;
    }, /timestamp/);
  });

  it('is refused where the log entry names another key, even one with the same signature', async () => {
    const json = await managed();
    const certified = await f.bundle({ certificate: { keys } });
    json.verificationMaterial.tlogEntries = certified.verificationMaterial.tlogEntries;
    expect((await verifyJson(json, [f.root], [key])).failure).toMatchObject({
      detail: 'log entry 0 names another key than signed',
    });
  });

  it('is accepted where its log verifies under one of the roots that list it', async () => {
    const late = f.rootWith((copy) => {
      copy.tlogs[0]!.publicKey.validFor = { start: at(13 * 60).toISOString() };
    });
    const { signers } = await verifyJson(await managed(), [late, f.root], [key]);
    expect(signers).toMatchObject([{ times: [{ authority: f.idOf('tlog') }] }]);
  });

  it('proves no time by a log or timestamp authority outside of its window, and is accepted all the same', async () => {
    const json = await managed({ stampedAt: NOON });
    const after = { start: at(13 * 60).toISOString() };
    const late = f.rootWith((copy) => {
      copy.tlogs[0]!.publicKey.validFor = after;
      copy.timestampAuthorities[0]!.validFor = after;
    });
    expect(await verifyJson(json, [late], [key])).toMatchObject({ signers: [{ times: [] }], failure: null });
    const tampered = changed(json, ({ verificationMaterial: { tlogEntries } }) => {
      const [promise] = tlogEntries.map(({ inclusionPromise }) => inclusionPromise!);
      promise!.signedEntryTimestamp = flip(promise!.signedEntryTimestamp);
    });
    expect((await verifyJson(tampered, [late], [key])).failure).toMatchObject({
      code: 'log_proof_invalid',
      detail: expect.stringMatching(/^the entry of log https:\/\/rekor\.sigstore\.example: .*promise/) as string,
    });
    const elsewhere = await managed({ stampedAt: NOON, payload: '{"b":1}' });
    const foreign = changed(json, ({ verificationMaterial }) => {
      verificationMaterial.timestampVerificationData = elsewhere.verificationMaterial.timestampVerificationData!;
    });
    expect((await verifyJson(foreign, [late], [key])).failure?.detail).toMatch(
      /^a timestamp that names authority .+ is not by it/,
    );
  });

  it('says by which hash it was tried where it names a key of another curve than P-256', async () => {
    const [p384, other] = [publicKeyOf(keyPair('P-384')), keyPair('P-384')];
    const json = await f.bundle({ managed: { keys: other, hint: 'release' } });
    const { failure } = await verifyJson(json, [f.root], [p384], { release: [p384.thumbprint] });
    expect(failure).toEqual({
      code: 'signature_invalid',
      detail:
        'the signature does not verify by the key that it names; ' +
        'ECDSA on P-384 is verified with SHA-384 (RFC 7518, 3.4), not with SHA-256',
    });
  });

  it('is refused where no known key signed: as damaged if it names one, as a stranger if not', async () => {
    const stranger = publicKeyOf(keyPair());
    const json = await managed();
    expect((await verifyJson(json, [f.root], [])).failure?.code).toBe('untrusted_signer');
    expect((await verifyJson(json, [f.root], [stranger])).failure?.code).toBe('untrusted_signer');
    expect((await verifyJson(json, [f.root], [stranger], { release: [stranger.thumbprint] })).failure?.code).toBe(
      'signature_invalid',
    );
    const tampered = changed(json, ({ dsseEnvelope }) => {
      dsseEnvelope!.payloadType = 'text/plain';
    });
    expect((await verifyJson(tampered, [f.root], [key], { release: [key.thumbprint] })).failure?.code).toBe(
      'signature_invalid',
    );
  });

  it('says so where a digest cannot be verified by the keys there are', async () => {
    const ed25519 = keyPair('Ed25519');
    const json = await f.bundle({ isMessage: true, managed: { keys: ed25519, hint: 'release' } });
    expect((await verifyJson(json, [f.root], [publicKeyOf(ed25519)])).failure).toEqual({
      code: 'signature_invalid',
      detail: 'signatures over the digest of an artifact are verified for P-256 keys only',
    });
  });

  it('verifies in no other encoding than the key is pinned to', async () => {
    const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const raw = importPublicKey(pem, { signatureEncoding: 'ieee-p1363' });
    for (const isMessage of [false, true]) {
      expect((await verifyJson(await managed({ isMessage }), [f.root], [raw])).signers).toEqual([]);
    }
    const json = await managed({ logged: 'none' });
    const { payloadType, payload } = json.dsseEnvelope!;
    const message = pae(payloadType, Buffer.from(payload, 'base64'));
    const signature = sign('sha256', message, { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
    json.dsseEnvelope!.signatures = [{ sig: signature.toString('base64') }];
    expect((await verifyJson(json, [f.root], [raw])).signers).toMatchObject([{ scheme: 'ES256/ieee-p1363' }]);
  });
});
