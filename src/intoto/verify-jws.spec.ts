import { createHmac, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compactJws,
  encoded,
  jwsSignature,
  jwsSigner,
  makePair,
  type JwsAlgorithm,
  type JwsSigner,
} from './jws.fixture.js';
import { parseJws, type Jws } from './jws.js';
import { Malformed } from './malformed.js';
import { pae } from './pae.js';
import { sha256 } from './digest.js';
import { signedDigest, type KeyIdHints, type VerificationKey } from './verify-envelope.js';
import { signedDigestOf, verifyJws } from './verify-jws.js';

const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
const ALGORITHMS: readonly JwsAlgorithm[] = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'RS384', 'PS256', 'PS512'];
const signers: readonly JwsSigner[] = ALGORITHMS.map((alg) => {
  const isRsa = alg.startsWith('RS') || alg.startsWith('PS');
  return jwsSigner(alg, isRsa ? { algorithm: alg } : {});
});
const keys: readonly VerificationKey[] = signers.map(({ key }) => key);
const [alice, , , bob, carol] = signers as [JwsSigner, JwsSigner, JwsSigner, JwsSigner, JwsSigner];
const mallory = jwsSigner('ES256');

const jwsOf = (text: string): Jws => parseJws(Buffer.from(text));
const general = (...signatures: readonly object[]): Jws =>
  parseJws(Buffer.from(JSON.stringify({ payload: PAYLOAD.toString('base64url'), signatures })));
const schemeBy = ({ alg }: JwsSigner): string => (alg.startsWith('ES') ? `${alg}/ieee-p1363` : alg);
const match = (who: JwsSigner, ...signatures: number[]): object => ({
  thumbprint: who.key.thumbprint,
  scheme: schemeBy(who),
  signatures,
});

describe('verifyJws', () => {
  it.each(signers.map((signer) => [signer.alg, signer] as const))(
    'names the key that signed by %s, and its scheme',
    async (_alg, signer) => {
      expect(await verifyJws(jwsOf(compactJws(signer, PAYLOAD)), keys)).toEqual({
        matches: [match(signer, 0)],
        unmatched: [],
      });
    },
  );

  it('takes Ed25519 for EdDSA, as its registration has it', async () => {
    const jws = jwsOf(compactJws({ ...bob, alg: 'Ed25519' }, PAYLOAD));
    expect((await verifyJws(jws, keys)).matches).toEqual([match(bob, 0)]);
  });

  it('names each key that signed and the signatures that are by nobody known', async () => {
    const jws = general(...[mallory, bob, alice, carol].map((who) => jwsSignature(who, PAYLOAD)));
    const { matches, unmatched } = await verifyJws(jws, keys);
    expect(matches).toHaveLength(3);
    expect(matches).toEqual(expect.arrayContaining([match(bob, 1), match(alice, 2), match(carol, 3)]));
    expect(unmatched).toEqual([0]);
  });

  it('matches nothing where there are no keys', async () => {
    expect(await verifyJws(jwsOf(compactJws(alice, PAYLOAD)), [])).toEqual({ matches: [], unmatched: [0] });
  });

  it('rejects a payload that was changed after signing', async () => {
    const [header = '', , signature = ''] = compactJws(alice, PAYLOAD).split('.');
    const jws = jwsOf(`${header}.${Buffer.from('{}').toString('base64url')}.${signature}`);
    expect((await verifyJws(jws, keys)).matches).toEqual([]);
  });

  it('never takes a key from the header', async () => {
    const jwk = mallory.key.key.export({ format: 'jwk' });
    const x5c = [Buffer.from('certificate').toString('base64')];
    for (const header of [{ jwk }, { jku: 'https://example.com/keys' }, { x5c }, { x5u: 'https://example.com/x' }]) {
      expect((await verifyJws(jwsOf(compactJws(mallory, PAYLOAD, header)), keys)).matches).toEqual([]);
      const beside = general({ ...jwsSignature(mallory, PAYLOAD), header });
      expect((await verifyJws(beside, keys)).matches).toEqual([]);
    }
  });

  it('finds the key whatever the kid says, and trusts none because the kid names it', async () => {
    const hints: KeyIdHints = new Map([
      ['alice', [alice.key.thumbprint]],
      ['mallory', [mallory.key.thumbprint]],
    ]);
    for (const kid of ['alice', undefined, 'unheard of', 'mallory', '__proto__']) {
      const jws = jwsOf(compactJws(alice, PAYLOAD, { kid }));
      expect((await verifyJws(jws, keys, hints)).matches).toEqual([match(alice, 0)]);
      const forged = jwsOf(compactJws(mallory, PAYLOAD, { kid }));
      expect((await verifyJws(forged, keys, hints)).matches).toEqual([]);
    }
  });

  it('rejects an algorithm that the key is not registered for', async () => {
    const pair = makePair('RS256');
    const signed = (alg: JwsAlgorithm): Jws => jwsOf(compactJws(jwsSigner(alg, {}, pair), PAYLOAD));
    const registered = (algorithm?: string): VerificationKey =>
      jwsSigner('RS256', algorithm === undefined ? {} : { algorithm }, pair).key;
    const schemes = async (jws: Jws, key: VerificationKey): Promise<readonly string[]> =>
      (await verifyJws(jws, [key])).matches.map(({ scheme }) => scheme);
    expect(await schemes(signed('RS256'), registered())).toEqual(['RS256']);
    expect(await schemes(signed('PS256'), registered())).toEqual(['PS256']);
    expect(await schemes(signed('RS384'), registered())).toEqual([]);
    expect(await schemes(signed('RS384'), registered('RS384'))).toEqual(['RS384']);
    expect(await schemes(signed('PS256'), registered('RS256'))).toEqual([]);
    expect(await schemes(signed('RS256'), registered('PS256'))).toEqual([]);
  });

  it('rejects a DER signature, and every JWS where the key is confined to DER', async () => {
    const pair = makePair('ES256');
    const jws = jwsOf(compactJws(jwsSigner('ES256', {}, pair), PAYLOAD));
    const key = (signatureEncoding: string): VerificationKey => jwsSigner('ES256', { signatureEncoding }, pair).key;
    expect((await verifyJws(jws, [key('ieee-p1363')])).matches).toHaveLength(1);
    expect((await verifyJws(jws, [key('der')])).matches).toEqual([]);
    const inDer: JwsSigner = {
      ...jwsSigner('ES256', {}, pair),
      sign: (text) => sign('sha256', Buffer.from(text), pair.privateKey),
    };
    expect((await verifyJws(jwsOf(compactJws(inDer, PAYLOAD)), [jwsSigner('ES256', {}, pair).key])).matches).toEqual(
      [],
    );
  });

  it('has no HMAC whose secret is a public key: such a JWS is not even read', () => {
    const secret = alice.key.pem;
    const confused: JwsSigner = {
      ...alice,
      alg: 'HS256',
      sign: (text) => createHmac('sha256', secret).update(text).digest(),
    };
    expect(parsed(Buffer.from(compactJws(confused, PAYLOAD)))).toBeNull();
  });

  it('rejects an algorithm nobody knows, beside which others count', async () => {
    const { signature } = jwsSignature(alice, PAYLOAD);
    const unknown = ['ES256K', 'RS1', 'ML-DSA-44', 'constructor', '__proto__'].map((alg) => ({
      protected: encoded({ alg }),
      signature,
    }));
    const { matches, unmatched } = await verifyJws(general(...unknown, jwsSignature(bob, PAYLOAD)), keys);
    expect(matches).toEqual([match(bob, 5)]);
    expect(unmatched).toEqual([0, 1, 2, 3, 4]);
  });

  it('rejects a signature over the PAE of the same payload', async () => {
    const over: JwsSigner = {
      ...alice,
      sign: () => alice.sign(pae('application/vnd.in-toto+json', PAYLOAD).toString()),
    };
    expect((await verifyJws(jwsOf(compactJws(over, PAYLOAD)), keys)).matches).toEqual([]);
  });

  it('is not led astray by signatures that are nonsense', async () => {
    const nonsense = [0, 1, 63, 64, 65, 256, 4096].flatMap((length) =>
      ALGORITHMS.map((alg) => ({
        protected: encoded({ alg }),
        signature: Buffer.alloc(length, 1).toString('base64url'),
      })),
    );
    const { matches } = await verifyJws(general(...nonsense, jwsSignature(alice, PAYLOAD)), keys);
    expect(matches).toEqual([match(alice, nonsense.length)]);
  });

  describe('whatever is tried', () => {
    const pool = signers.map((signer) => jwsSignature(signer, PAYLOAD));

    it('gives the same signers for every order, repetition and kid of the signatures and order of the keys', async () => {
      const drawn = fc.array(
        fc.record({ at: fc.nat({ max: pool.length - 1 }), kid: fc.constantFrom(undefined, 'a', 'b') }),
        { minLength: 1, maxLength: 12 },
      );
      const hints: KeyIdHints = new Map([['a', [alice.key.thumbprint]]]);
      const shuffled = fc.shuffledSubarray([...keys], { minLength: keys.length });
      await fc.assert(
        fc.asyncProperty(drawn, shuffled, async (signatures, inOrder) => {
          const jws = general(...signatures.map(({ at, kid }) => ({ ...pool[at], header: { kid } })));
          const { matches, unmatched } = await verifyJws(jws, inOrder, hints);
          const distinct = [...new Set(signatures.map(({ at }) => at))].sort();
          const plain = await verifyJws(general(...distinct.map((at) => pool[at]!)), keys);
          const names = (list: typeof matches): string[] =>
            list.map(({ thumbprint, scheme }) => `${thumbprint} ${scheme}`);
          expect(names(matches)).toEqual(names(plain.matches));
          expect(unmatched).toEqual([]);
          const places = matches.flatMap((each) => each.signatures).sort((a, b) => a - b);
          expect(places).toEqual(signatures.map((_, index) => index));
        }),
        { numRuns: 60 },
      );
    });

    it('verifies no JWS of which one byte was changed, unless it says the very same', async () => {
      const texts = signers.flatMap((signer, at) => [
        compactJws(signer, PAYLOAD),
        JSON.stringify({ payload: PAYLOAD.toString('base64url'), signatures: [pool[at]] }),
      ]);
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...texts),
          fc.nat(),
          fc.integer({ min: 1, max: 255 }),
          async (text, position, difference) => {
            const bytes = Buffer.from(text);
            const at = position % bytes.length;
            bytes[at] = bytes[at]! ^ difference;
            const changed = parsed(bytes);
            if (changed === null) return;
            if ((await verifyJws(changed, keys)).matches.length === 0) return;
            expect(changed).toEqual(jwsOf(text));
          },
        ),
        { numRuns: 1500 },
      );
    });

    it('verifies a signature by no other key and under no other algorithm than its own', async () => {
      const any = fc.constantFrom(...signers);
      await fc.assert(
        fc.asyncProperty(any, any, fc.constantFrom(...ALGORITHMS), async (signer, other, alg) => {
          const claimed = jwsOf(compactJws({ ...signer, alg }, PAYLOAD));
          const expected = signer === other && alg === signer.alg ? [match(signer, 0)] : [];
          expect((await verifyJws(claimed, [other.key])).matches).toEqual(expected);
        }),
        { numRuns: 300 },
      );
    });
  });
});

describe('signedDigestOf', () => {
  it('is that of the same statement in an envelope, whoever signed and whatever the header says', () => {
    const payloadType = 'application/vnd.in-toto+json';
    expect(signedDigestOf(PAYLOAD)).toBe(signedDigest({ payloadType, payload: PAYLOAD }));
    expect(signedDigestOf(PAYLOAD)).toBe(sha256(pae(payloadType, PAYLOAD)));
    expect(signedDigestOf(Buffer.concat([PAYLOAD, PAYLOAD]))).not.toBe(signedDigestOf(PAYLOAD));
  });
});

function parsed(bytes: Uint8Array): Jws | null {
  try {
    return parseJws(bytes);
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
