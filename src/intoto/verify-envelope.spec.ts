import { createHash, generateKeyPairSync, sign, type KeyObject, type SigningOptions } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvelope, type Envelope } from './envelope.js';
import { pae } from './pae.js';
import { importPublicKey, type PublicKey, type PublicKeyUse } from './public-key.js';
import type { SignatureScheme } from './signature-scheme.js';
import { signedDigest, verifySignatures, type KeyIdHints } from './verify-envelope.js';

interface TestSigner {
  readonly key: PublicKey;
  readonly sign: (message: Uint8Array) => Buffer;
}

function signer(
  pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  hash: string | null,
  options: SigningOptions = {},
  use: PublicKeyUse = {},
): TestSigner {
  const key = importPublicKey(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(), use);
  return { key, sign: (message) => sign(hash, message, { key: pair.privateKey, ...options }) };
}

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const alice = signer(p256, 'sha256');
const aliceRaw = signer(p256, 'sha256', { dsaEncoding: 'ieee-p1363' });
const bob = signer(generateKeyPairSync('ed25519'), null);
const carol = signer(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256');
const dave = signer(generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'sha256');
const mallory = signer(generateKeyPairSync('ed25519'), null);

const trusted = [dave.key, bob.key, carol.key, alice.key];
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
const MESSAGE = pae(PAYLOAD_TYPE, PAYLOAD);

function envelopeOf(...signatures: { keyid?: string; signature: Buffer }[]): Envelope {
  return {
    payloadType: PAYLOAD_TYPE,
    payload: PAYLOAD,
    signatures: signatures.map(({ keyid, signature }) => ({ keyid: keyid ?? null, signature })),
  };
}

const by = (who: TestSigner, keyid?: string): { keyid?: string; signature: Buffer } => ({
  ...(keyid === undefined ? {} : { keyid }),
  signature: who.sign(MESSAGE),
});

const match = (who: TestSigner, scheme: SignatureScheme, ...signatures: number[]): object => ({
  thumbprint: who.key.thumbprint,
  scheme,
  signatures,
});

describe('verifySignatures', () => {
  it('names each key that signed, the scheme and the signatures, and those by nobody known', async () => {
    const envelope = envelopeOf(by(bob), by(mallory), by(alice), by(carol));
    const { matches, unmatched } = await verifySignatures(envelope, trusted);
    expect(matches).toHaveLength(3);
    expect(matches).toEqual(
      expect.arrayContaining([match(bob, 'EdDSA', 0), match(alice, 'ES256/der', 2), match(carol, 'RS256', 3)]),
    );
    expect(unmatched).toEqual([1]);
  });

  it('matches nothing where there are no keys, or no signatures', async () => {
    expect(await verifySignatures(envelopeOf(by(alice)), [])).toEqual({ matches: [], unmatched: [0] });
    expect(await verifySignatures(envelopeOf(), trusted)).toEqual({ matches: [], unmatched: [] });
  });

  it('rejects an envelope whose payload was changed after signing', async () => {
    const envelope = { ...envelopeOf(by(alice), by(bob), by(carol)), payload: Buffer.from(`${PAYLOAD.toString()} `) };
    expect(await verifySignatures(envelope, trusted)).toEqual({ matches: [], unmatched: [0, 1, 2] });
  });

  it('rejects an envelope whose payloadType was changed after signing', async () => {
    for (const payloadType of ['application/vnd.in-toto.provenance+json', PAYLOAD_TYPE.toUpperCase(), '']) {
      const envelope = { ...envelopeOf(by(alice), by(bob), by(carol)), payloadType };
      expect((await verifySignatures(envelope, trusted)).matches).toEqual([]);
    }
  });

  it('rejects a signature over the payload alone, and over a PAE with another header', async () => {
    const over = (message: Buffer): Envelope => envelopeOf({ signature: bob.sign(message) });
    for (const message of [
      PAYLOAD,
      Buffer.from(MESSAGE.toString().replace('DSSEv1', 'DSSEv2')),
      Buffer.from(MESSAGE.toString().replace('DSSEv1 28', 'DSSEv1 028')),
      MESSAGE.subarray(1),
    ]) {
      expect((await verifySignatures(over(message), trusted)).unmatched).toEqual([0]);
    }
    expect((await verifySignatures(over(MESSAGE), trusted)).unmatched).toEqual([]);
  });

  it('rejects a signature by an unknown key', async () => {
    expect(await verifySignatures(envelopeOf(by(mallory)), trusted)).toEqual({ matches: [], unmatched: [0] });
  });

  it('rejects a signature whose keyid names a trusted key but which was made by another', async () => {
    const hints: KeyIdHints = new Map([['alice', [alice.key.thumbprint]]]);
    expect(await verifySignatures(envelopeOf(by(mallory, 'alice')), trusted, hints)).toEqual({
      matches: [],
      unmatched: [0],
    });
  });

  it('finds the key whatever the keyid says: right, missing, unknown, or naming another', async () => {
    const hints: KeyIdHints = new Map([
      ['alice', [alice.key.thumbprint]],
      ['bob', [bob.key.thumbprint, mallory.key.thumbprint]],
      ['nobody', []],
    ]);
    for (const keyid of ['alice', undefined, 'unheard of', 'bob', 'nobody', '__proto__']) {
      const { matches } = await verifySignatures(envelopeOf(by(alice, keyid)), trusted, hints);
      expect(matches).toEqual([match(alice, 'ES256/der', 0)]);
    }
  });

  it('does not trust a key because a hint names it', async () => {
    const hints: KeyIdHints = new Map([['m', [mallory.key.thumbprint]]]);
    expect((await verifySignatures(envelopeOf(by(mallory, 'm')), trusted, hints)).matches).toEqual([]);
  });

  it('counts the same signature repeated once', async () => {
    const once = by(alice);
    const { matches, unmatched } = await verifySignatures(
      envelopeOf(once, { ...once, keyid: 'a' }, { ...once, keyid: 'b' }, by(mallory)),
      trusted,
    );
    expect(matches).toEqual([match(alice, 'ES256/der', 0, 1, 2)]);
    expect(unmatched).toEqual([3]);
  });

  it('counts two signatures by one key once', async () => {
    const [one, two] = [by(alice), by(alice)];
    expect(one.signature.equals(two.signature)).toBe(false);
    expect((await verifySignatures(envelopeOf(one, by(bob), two), [alice.key])).matches).toEqual([
      match(alice, 'ES256/der', 0, 2),
    ]);
  });

  it('lists the places of signatures in ascending order, repeated or not', async () => {
    const [one, two, other, another] = [by(alice), by(alice), by(mallory), by(dave)];
    const { matches, unmatched } = await verifySignatures(envelopeOf(one, two, one, other, another, other), [
      alice.key,
    ]);
    expect(matches).toEqual([match(alice, 'ES256/der', 0, 1, 2)]);
    expect(unmatched).toEqual([3, 4, 5]);
  });

  it('shows one key under one thumbprint when it signs as DER and as raw r||s', async () => {
    const { matches } = await verifySignatures(envelopeOf(by(aliceRaw), by(alice)), trusted);
    expect(matches).toEqual([match(alice, 'ES256/der', 1), match(alice, 'ES256/ieee-p1363', 0)]);
    expect(new Set(matches.map(({ thumbprint }) => thumbprint)).size).toBe(1);
  });

  it('accepts raw or DER ECDSA only, where the key is confined to it', async () => {
    const derOnly = signer(p256, 'sha256', {}, { signatureEncoding: 'der' }).key;
    const rawOnly = signer(p256, 'sha256', {}, { signatureEncoding: 'ieee-p1363' }).key;
    const envelope = envelopeOf(by(alice), by(aliceRaw));
    expect((await verifySignatures(envelope, [derOnly])).unmatched).toEqual([1]);
    expect((await verifySignatures(envelope, [rawOnly])).unmatched).toEqual([0]);
    expect((await verifySignatures(envelope, [derOnly, rawOnly])).unmatched).toEqual([]);
  });

  it('verifies a non-ASCII payloadType, whose length in the PAE counts bytes', async () => {
    const payloadType = 'application/vnd.prüfung+json; 試験';
    const signed = (message: Buffer): Envelope => ({
      ...envelopeOf({ signature: bob.sign(message) }),
      payloadType,
    });
    const characters = Buffer.from(
      `DSSEv1 ${payloadType.length} ${payloadType} ${PAYLOAD.length} ${PAYLOAD.toString()}`,
    );
    expect((await verifySignatures(signed(pae(payloadType, PAYLOAD)), trusted)).matches).toHaveLength(1);
    expect((await verifySignatures(signed(characters), trusted)).matches).toEqual([]);
  });

  it('verifies url-safe and standard base64 alike', async () => {
    const { signature } = by(alice);
    for (const encoding of ['base64', 'base64url'] as const) {
      const json = {
        payloadType: PAYLOAD_TYPE,
        payload: PAYLOAD.toString(encoding),
        signatures: [{ sig: signature.toString(encoding) }],
      };
      const envelope = parseEnvelope(Buffer.from(JSON.stringify(json)));
      expect((await verifySignatures(envelope, trusted)).matches).toEqual([match(alice, 'ES256/der', 0)]);
    }
  });

  it('is not led astray by signatures that are nonsense', async () => {
    const nonsense = [0, 1, 63, 64, 65, 72, 256, 4096].map((length) => ({ signature: Buffer.alloc(length, 0x30) }));
    const { matches, unmatched } = await verifySignatures(envelopeOf(...nonsense, by(bob)), trusted);
    expect(matches).toEqual([match(bob, 'EdDSA', 8)]);
    expect(unmatched).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('verifies an empty payload and one of megabytes', async () => {
    for (const payload of [Buffer.alloc(0), Buffer.alloc(3_000_000, 7)]) {
      const message = pae(PAYLOAD_TYPE, payload);
      const envelope = { ...envelopeOf({ signature: carol.sign(message) }, { signature: bob.sign(message) }), payload };
      expect((await verifySignatures(envelope, trusted)).matches).toHaveLength(2);
    }
  });

  describe('whatever is tried', () => {
    const signers = [alice, aliceRaw, bob, carol, dave, mallory];
    const pool = signers.map((who) => by(who));

    it('gives the same set of signers for every order, repetition and key id of the signatures and order of the keys', async () => {
      const drawn = fc.array(
        fc.record({
          at: fc.nat({ max: pool.length - 1 }),
          keyid: fc.option(fc.constantFrom('alice', 'bob', 'x'), { nil: null }),
        }),
        { minLength: 1, maxLength: 12 },
      );
      const hints: KeyIdHints = new Map([
        ['alice', [alice.key.thumbprint]],
        ['bob', [bob.key.thumbprint, carol.key.thumbprint]],
      ]);
      await fc.assert(
        fc.asyncProperty(
          drawn,
          fc.shuffledSubarray(trusted, { minLength: trusted.length }),
          async (drawnSignatures, keys) => {
            const envelope = envelopeOf(
              ...drawnSignatures.map(({ at, keyid }) => ({
                signature: pool[at]!.signature,
                ...(keyid === null ? {} : { keyid }),
              })),
            );
            const { matches, unmatched } = await verifySignatures(envelope, keys, hints);
            const distinct = [...new Set(drawnSignatures.map(({ at }) => at))].sort();
            const plain = await verifySignatures(envelopeOf(...distinct.map((at) => pool[at]!)), trusted);
            const names = (list: typeof matches): string[] =>
              list.map(({ thumbprint, scheme }) => `${thumbprint} ${scheme}`);
            expect(names(matches)).toEqual(names(plain.matches));
            const places = [...matches.flatMap(({ signatures }) => signatures), ...unmatched].sort((a, b) => a - b);
            expect(places).toEqual(drawnSignatures.map((_, index) => index));
          },
        ),
        { numRuns: 60 },
      );
    });

    it('verifies no envelope of which one byte of payload, payloadType or signature was changed', async () => {
      const place = fc.constantFrom('payload', 'payloadType', 'signature');
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: 4 }),
          place,
          fc.nat(),
          fc.integer({ min: 1, max: 255 }),
          async (who, where, position, difference) => {
            const changed = (bytes: Buffer): Buffer => {
              const copy = Buffer.from(bytes);
              const at = position % copy.length;
              copy[at] = copy[at]! ^ difference;
              return copy;
            };
            const envelope = envelopeOf(pool[who]!);
            const damaged: Envelope = {
              payload: where === 'payload' ? changed(PAYLOAD) : PAYLOAD,
              payloadType:
                where === 'payloadType' ? changed(Buffer.from(PAYLOAD_TYPE)).toString('latin1') : PAYLOAD_TYPE,
              signatures:
                where === 'signature'
                  ? [{ keyid: null, signature: changed(pool[who]!.signature) }]
                  : envelope.signatures,
            };
            expect((await verifySignatures(envelope, trusted)).matches).toHaveLength(1);
            expect(await verifySignatures(damaged, trusted)).toEqual({ matches: [], unmatched: [0] });
          },
        ),
        { numRuns: 300 },
      );
    });
  });
});

describe('signedDigest', () => {
  it('is the sha256 of the PAE, whoever signed and however it was wrapped', () => {
    const expected = `sha256:${createHash('sha256').update(MESSAGE).digest('hex')}`;
    expect(signedDigest(envelopeOf())).toBe(expected);
    expect(signedDigest(envelopeOf(by(alice), by(mallory)))).toBe(expected);
  });

  it('differs for another payload type or payload', () => {
    const envelope = envelopeOf();
    const digests = [
      signedDigest(envelope),
      signedDigest({ ...envelope, payloadType: `${PAYLOAD_TYPE} ` }),
      signedDigest({ ...envelope, payload: Buffer.concat([PAYLOAD, PAYLOAD]) }),
    ];
    expect(new Set(digests).size).toBe(3);
  });
});
