import { constants, generateKeyPairSync, sign, type KeyObject, type SigningOptions } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signatureMatches } from './signature-matches.js';
import { SIGNATURE_SCHEMES, type SignatureScheme } from './signature-scheme.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });

const message = Buffer.from('a message');
const PSS = constants.RSA_PKCS1_PSS_PADDING;
const DIGEST_SALT = constants.RSA_PSS_SALTLEN_DIGEST;

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** How each scheme is made, stated apart from how it is verified. */
const made: Readonly<Record<SignatureScheme, readonly [Pair, string | null, SigningOptions]>> = {
  'ES256/der': [p256, 'sha256', { dsaEncoding: 'der' }],
  'ES256/ieee-p1363': [p256, 'sha256', { dsaEncoding: 'ieee-p1363' }],
  'ES384/der': [p384, 'sha384', { dsaEncoding: 'der' }],
  'ES384/ieee-p1363': [p384, 'sha384', { dsaEncoding: 'ieee-p1363' }],
  'ES512/der': [p521, 'sha512', { dsaEncoding: 'der' }],
  'ES512/ieee-p1363': [p521, 'sha512', { dsaEncoding: 'ieee-p1363' }],
  EdDSA: [ed25519, null, {}],
  RS256: [rsa, 'sha256', {}],
  RS384: [rsa, 'sha384', {}],
  RS512: [rsa, 'sha512', {}],
  PS256: [rsa, 'sha256', { padding: PSS, saltLength: DIGEST_SALT }],
  PS384: [rsa, 'sha384', { padding: PSS, saltLength: DIGEST_SALT }],
  PS512: [rsa, 'sha512', { padding: PSS, saltLength: DIGEST_SALT }],
};

function signatureIn(scheme: SignatureScheme): Buffer {
  const [{ privateKey }, hash, options] = made[scheme];
  return sign(hash, message, { key: privateKey, ...options });
}

describe('signatureMatches', () => {
  it.each(SIGNATURE_SCHEMES)('matches a signature in %s in that scheme only', async (scheme) => {
    const signature = signatureIn(scheme);
    const { publicKey } = made[scheme][0];
    const matching: SignatureScheme[] = [];
    for (const candidate of SIGNATURE_SCHEMES) {
      if (await signatureMatches(candidate, publicKey, message, signature)) matching.push(candidate);
    }
    expect(matching).toEqual([scheme]);
    expect(await signatureMatches(scheme, publicKey, Buffer.from('another message'), signature)).toBe(false);
  });

  it('matches DER signatures of every length that random signatures have', async () => {
    for (const [pair, scheme, hash] of [
      [p256, 'ES256/der', 'sha256'],
      [p521, 'ES512/der', 'sha512'],
    ] as const) {
      const lengths = new Set<number>();
      for (let round = 0; round < 60; round++) {
        const signature = sign(hash, message, pair.privateKey);
        lengths.add(signature.length);
        expect(await signatureMatches(scheme, pair.publicKey, message, signature)).toBe(true);
      }
      expect(lengths.size).toBeGreaterThan(1);
    }
  });

  it.each([
    ['none at all', 0],
    ['as long as the digest', DIGEST_SALT],
    ['filling the room there is, as Go and OpenSSL sign', constants.RSA_PSS_SALTLEN_MAX_SIGN],
  ])('matches PSS with a salt %s', async (_name, saltLength) => {
    const signature = sign('sha256', message, { key: rsa.privateKey, padding: PSS, saltLength });
    expect(await signatureMatches('PS256', rsa.publicKey, message, signature)).toBe(true);
  });

  it('does not match a scheme of another type or curve, even if OpenSSL would verify the signature so', async () => {
    const byP384 = sign('sha256', message, p384.privateKey);
    expect(await signatureMatches('ES256/der', p384.publicKey, message, byP384)).toBe(false);
    const byK1 = sign('sha256', message, { key: secp256k1.privateKey, dsaEncoding: 'ieee-p1363' });
    expect(await signatureMatches('ES256/ieee-p1363', secp256k1.publicKey, message, byK1)).toBe(false);
    const byRsa = sign('sha256', message, rsa.privateKey);
    // Of a small RSA key, to which no hash means the usual one, a signature is as long as one of Ed25519.
    const small = generateKeyPairSync('rsa', { modulusLength: 512 });
    const bySmall = sign(null, message, small.privateKey);
    expect(bySmall).toHaveLength(64);
    expect(await signatureMatches('EdDSA', small.publicKey, message, bySmall)).toBe(false);
    expect(await signatureMatches('ES256/der', rsa.publicKey, message, byRsa)).toBe(false);
  });

  describe('ECDSA in DER', () => {
    const integer = (bytes: Buffer): Buffer => {
      const start = bytes.findIndex((byte) => byte !== 0);
      const trimmed = bytes.subarray(start === -1 ? bytes.length - 1 : start);
      const padded = (trimmed[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed;
      return Buffer.concat([Buffer.from([0x02, padded.length]), padded]);
    };
    const sequence = (...parts: Buffer[]): Buffer => {
      const content = Buffer.concat(parts);
      return Buffer.concat([Buffer.from([0x30, content.length]), content]);
    };
    const raw = sign('sha256', message, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' });
    const [r, s] = [raw.subarray(0, 32), raw.subarray(32)];
    const [rDer, sDer] = [integer(r), integer(s)];
    const zero = integer(Buffer.alloc(1));
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
    const matches = (signature: Buffer): Promise<boolean> =>
      signatureMatches('ES256/der', p256.publicKey, message, signature);

    it('matches when it is canonical', async () => {
      expect(await matches(sequence(rDer, sDer))).toBe(true);
    });

    it.each([
      [
        'with a length in long form',
        () => Buffer.concat([Buffer.from([0x30, 0x81, rDer.length + sDer.length]), rDer, sDer]),
      ],
      ['of indefinite length', () => Buffer.concat([Buffer.from([0x30, 0x80]), rDer, sDer, Buffer.from([0, 0])])],
      [
        'with a needless leading zero',
        () => {
          const padded = Buffer.concat([Buffer.from([0x02, (rDer[1] ?? 0) + 1, 0]), rDer.subarray(2)]);
          return sequence(padded, sDer);
        },
      ],
      ['with bytes after it', () => Buffer.concat([sequence(rDer, sDer), Buffer.from([0])])],
      ['with a third integer', () => sequence(rDer, sDer, zero)],
      ['with r of zero', () => sequence(zero, sDer)],
      ['with s of zero', () => sequence(rDer, zero)],
      ['with both of zero', () => sequence(zero, zero)],
      ['with s of the group order', () => sequence(rDer, integer(order))],
      ['with a negative r', () => sequence(Buffer.concat([Buffer.from([0x02, 1]), Buffer.from([0xff])]), sDer)],
      ['cut short', () => sequence(rDer, sDer).subarray(0, -1)],
      ['that is only a tag', () => Buffer.from([0x30])],
      ['that is empty', () => Buffer.alloc(0)],
    ])('does not match %s', async (_name, signature) => {
      expect(await matches(signature())).toBe(false);
    });

    it.each([
      ['r of zero', () => Buffer.concat([Buffer.alloc(32), s])],
      ['s of zero', () => Buffer.concat([r, Buffer.alloc(32)])],
      ['all zeros', () => Buffer.alloc(64)],
      ['a byte more', () => Buffer.concat([raw, Buffer.from([0])])],
      ['a byte less', () => raw.subarray(1)],
      ['nothing', () => Buffer.alloc(0)],
    ])('does not match r||s with %s', async (_name, signature) => {
      expect(await signatureMatches('ES256/ieee-p1363', p256.publicKey, message, signature())).toBe(false);
    });
  });

  it('takes an error within crypto for a signature that does not match', async () => {
    // A modulus of 512 bits leaves no room for a SHA-512 digest: OpenSSL fails instead of answering.
    const small = generateKeyPairSync('rsa', { modulusLength: 512 });
    expect(await signatureMatches('PS512', small.publicKey, message, Buffer.alloc(64, 1))).toBe(false);
    expect(await signatureMatches('RS512', small.publicKey, message, Buffer.alloc(64, 1))).toBe(false);
    expect(await signatureMatches('RS256', rsa.publicKey, message, Buffer.alloc(256, 0xff))).toBe(false);
    // A private key is no key to verify by; whatever crypto makes of it, the answer comes.
    expect(await signatureMatches('EdDSA', ed25519.privateKey, message, Buffer.alloc(64))).toBe(false);
  });
});
