import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Json } from './json.js';
import { KeyUnusable } from './key-unusable.js';
import { importPublicKey, type PublicKeyUse } from './public-key.js';
import { SIGNATURE_SCHEMES } from './signature-scheme.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });

const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const derOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const jwkOf = (key: KeyObject): Record<string, Json> => ({
  ...(key.export({ format: 'jwk' }) as Record<string, string>),
});
const pemFrom = (der: Buffer, label = 'PUBLIC KEY'): string =>
  `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;

function refusal(input: Json, use?: PublicKeyUse): string {
  try {
    importPublicKey(input, use);
  } catch (error) {
    if (!(error instanceof KeyUnusable)) throw error;
    expect(error.code).toBe('key_unusable');
    return error.message;
  }
  return 'accepted';
}

/** The DER of a tag, a length and contents. */
function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const ID_EC_PUBLIC_KEY = hex('06072a8648ce3d0201');
const ID_RSASSA_PSS = hex('06092a864886f70d01010a');
const SHA256_IDENTIFIER = hex('300d06096086480165030402010500');
const MGF1 = hex('06092a864886f70d010108');

const pkcs1Der = (key: KeyObject): Buffer => key.export({ type: 'pkcs1', format: 'der' });
const bitString = (content: Uint8Array): Buffer => der(0x03, Buffer.from([0]), content);

/** The RSA key under the type id-RSASSA-PSS, with the parameters given. */
function asPss(key: KeyObject, ...parameters: Buffer[]): string {
  return pemFrom(der(0x30, der(0x30, ID_RSASSA_PSS, ...parameters), bitString(pkcs1Der(key))));
}

/** The EC key with its point in another form, or with its curve spelled out. */
function ecKey(key: KeyObject, form: 'compressed' | 'hybrid' | 'explicit'): string {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const [xBytes, yBytes] = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  const odd = (yBytes.at(-1) ?? 0) & 1;
  const curve = hex('06082a8648ce3d030107');
  if (form === 'compressed') {
    return pemFrom(
      der(0x30, der(0x30, ID_EC_PUBLIC_KEY, curve), bitString(Buffer.concat([Buffer.from([2 + odd]), xBytes]))),
    );
  }
  if (form === 'hybrid') {
    const point = Buffer.concat([Buffer.from([6 + odd]), xBytes, yBytes]);
    return pemFrom(der(0x30, der(0x30, ID_EC_PUBLIC_KEY, curve), bitString(point)));
  }
  const p = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff';
  const a = 'ffffffff00000001000000000000000000000000fffffffffffffffffffffffc';
  const b = '5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b';
  const g =
    '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5';
  const n = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
  const parameters = der(
    0x30,
    hex('020101'),
    der(0x30, hex('06072a8648ce3d0101'), der(0x02, hex(`00${p}`))),
    der(0x30, der(0x04, hex(a)), der(0x04, hex(b))),
    der(0x04, hex(g)),
    der(0x02, hex(`00${n}`)),
    hex('020101'),
  );
  const point = Buffer.concat([Buffer.from([4]), xBytes, yBytes]);
  return pemFrom(der(0x30, der(0x30, ID_EC_PUBLIC_KEY, parameters), bitString(point)));
}

describe('importPublicKey', () => {
  describe('one key, one thumbprint', () => {
    it.each([
      ['RSA', rsa.publicKey],
      ['Ed25519', ed25519.publicKey],
      ['P-256', p256.publicKey],
      ['P-384', p384.publicKey],
      ['P-521', p521.publicKey],
    ])('is the sha256 of the DER SubjectPublicKeyInfo, from PEM and JWK alike: %s', (_name, key) => {
      const imported = importPublicKey(pemOf(key));
      expect(imported.thumbprint).toBe(`sha256:${createHash('sha256').update(derOf(key)).digest('hex')}`);
      expect(imported.pem).toBe(pemOf(key));
      expect(imported.key.equals(key)).toBe(true);
      const { thumbprint, pem, schemes } = importPublicKey({
        ...jwkOf(key),
        kid: 'any',
        use: 'sig',
        key_ops: ['verify'],
      });
      expect({ thumbprint, pem, schemes }).toEqual({
        thumbprint: imported.thumbprint,
        pem: imported.pem,
        schemes: imported.schemes,
      });
    });

    it('is the same for other line breaks and space around the PEM', () => {
      const pem = pemOf(p256.publicKey);
      const one = importPublicKey(pem);
      for (const text of [pem.replaceAll('\n', '\r\n'), `\n\n ${pem}\n`, pemFrom(derOf(p256.publicKey)), pem.trim()]) {
        expect(importPublicKey(text)).toMatchObject({ thumbprint: one.thumbprint, pem: one.pem });
      }
    });

    it('is the same for RSA in PKCS#1', () => {
      const pkcs1 = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
      expect(importPublicKey(pkcs1)).toMatchObject({ pem: pemOf(rsa.publicKey), schemes: ['RS256', 'PS256'] });
    });

    it('is the same for RSA of the type RSASSA-PSS, which only narrows the schemes', () => {
      const plain = importPublicKey(pemOf(rsa.publicKey));
      const pss = importPublicKey(asPss(rsa.publicKey));
      expect(pss).toMatchObject({ thumbprint: plain.thumbprint, pem: plain.pem, schemes: ['PS256'] });
      expect(pss.key.asymmetricKeyType).toBe('rsa');
    });

    it.each(['compressed', 'hybrid'] as const)('is the same for an EC point in %s form', (form) => {
      const imported = importPublicKey(ecKey(p256.publicKey, form));
      expect(imported.pem).toBe(pemOf(p256.publicKey));
      expect(imported.thumbprint).toBe(importPublicKey(pemOf(p256.publicKey)).thumbprint);
    });

    it('differs between keys', () => {
      const keys = [rsa, ed25519, p256, p384, p521, generateKeyPairSync('ed25519')];
      expect(new Set(keys.map(({ publicKey }) => importPublicKey(pemOf(publicKey)).thumbprint)).size).toBe(keys.length);
    });
  });

  describe('schemes', () => {
    it.each([
      ['an RSA key', rsa.publicKey, {}, ['RS256', 'PS256']],
      ['an RSA key for RS256', rsa.publicKey, { algorithm: 'RS256' }, ['RS256']],
      ['an RSA key for PS512', rsa.publicKey, { algorithm: 'PS512' }, ['PS512']],
      ['an Ed25519 key', ed25519.publicKey, {}, ['EdDSA']],
      ['an Ed25519 key for EdDSA', ed25519.publicKey, { algorithm: 'EdDSA' }, ['EdDSA']],
      ['an Ed25519 key for Ed25519', ed25519.publicKey, { algorithm: 'Ed25519' }, ['EdDSA']],
      ['a P-256 key', p256.publicKey, {}, ['ES256/der', 'ES256/ieee-p1363']],
      ['a P-256 key in DER', p256.publicKey, { signatureEncoding: 'der' }, ['ES256/der']],
      ['a P-384 key in r||s', p384.publicKey, { signatureEncoding: 'ieee-p1363' }, ['ES384/ieee-p1363']],
      ['a P-521 key for ES512', p521.publicKey, { algorithm: 'ES512' }, ['ES512/der', 'ES512/ieee-p1363']],
    ])('of %s', (_name, key, use, schemes) => {
      expect(importPublicKey(pemOf(key), use).schemes).toEqual(schemes);
      for (const scheme of schemes) expect(SIGNATURE_SCHEMES).toContain(scheme);
    });

    it('are confined by what a JWK says of itself', () => {
      expect(importPublicKey({ ...jwkOf(rsa.publicKey), alg: 'PS384' }).schemes).toEqual(['PS384']);
      expect(importPublicKey({ ...jwkOf(ed25519.publicKey), alg: 'Ed25519' }, { algorithm: 'EdDSA' }).schemes).toEqual([
        'EdDSA',
      ]);
      expect(refusal({ ...jwkOf(rsa.publicKey), alg: 'PS256' }, { algorithm: 'RS256' })).toContain(
        '"PS256", not for "RS256"',
      );
      expect(refusal({ ...jwkOf(rsa.publicKey), alg: 'RSA-OAEP' })).toContain('does not fit an RSA key');
    });

    it('are confined by the parameters of an RSASSA-PSS key', () => {
      const sha256 = der(
        0x30,
        der(0xa0, SHA256_IDENTIFIER),
        der(0xa1, der(0x30, MGF1, SHA256_IDENTIFIER)),
        der(0xa2, hex('020120')),
      );
      expect(importPublicKey(asPss(rsa.publicKey, sha256)).schemes).toEqual(['PS256']);
      expect(refusal(asPss(rsa.publicKey, sha256), { algorithm: 'PS384' })).toContain('"PS256", not for "PS384"');
      expect(importPublicKey(asPss(rsa.publicKey), { algorithm: 'PS384' }).schemes).toEqual(['PS384']);
      expect(refusal(asPss(rsa.publicKey), { algorithm: 'RS256' })).toContain('does not fit an RSASSA-PSS key');
      // Parameters that name no hash mean SHA-1.
      expect(refusal(asPss(rsa.publicKey, der(0x30)))).toContain('must use SHA-256');
      const mixed = der(0x30, der(0xa0, SHA256_IDENTIFIER));
      expect(refusal(asPss(rsa.publicKey, mixed))).toContain('the same for message and mask');
    });

    it.each([
      ['RS256 for a P-256 key', p256.publicKey, { algorithm: 'RS256' }],
      ['ES384 for a P-256 key', p256.publicKey, { algorithm: 'ES384' }],
      ['ES256 for an RSA key', rsa.publicKey, { algorithm: 'ES256' }],
      ['EdDSA for an RSA key', rsa.publicKey, { algorithm: 'EdDSA' }],
      ['RS256 for an Ed25519 key', ed25519.publicKey, { algorithm: 'RS256' }],
      ['HS256', rsa.publicKey, { algorithm: 'HS256' }],
      ['none', p256.publicKey, { algorithm: 'none' }],
      ['an empty algorithm', rsa.publicKey, { algorithm: '' }],
      ['the name of a prototype member', p256.publicKey, { algorithm: 'constructor' }],
      ['a scheme in place of an algorithm', p256.publicKey, { algorithm: 'ES256/der' }],
    ])('refuse %s', (_name, key, use) => {
      expect(refusal(pemOf(key), use)).toContain('does not fit');
    });

    it('refuse an encoding that is none, or is no matter of the key', () => {
      expect(refusal(pemOf(p256.publicKey), { signatureEncoding: 'raw' })).toContain('der or ieee-p1363');
      expect(refusal(pemOf(rsa.publicKey), { signatureEncoding: 'der' })).toContain('for ECDSA keys only');
      expect(refusal(pemOf(ed25519.publicKey), { signatureEncoding: 'der' })).toContain('for ECDSA keys only');
    });
  });

  describe('refuses private keys and never echoes them', () => {
    const secrets = [rsa, ed25519, p256].flatMap(({ privateKey }) => [
      privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      privateKey.export({ format: 'jwk' }) as Record<string, string>,
    ]);
    const more = [
      rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      p256.privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
      rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
      `${pemOf(p256.publicKey)}${p256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}`,
      '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----',
    ];

    it.each([...secrets, ...more].map((secret, index) => [index, secret] as const))('number %i', (_index, secret) => {
      const message = refusal(secret);
      expect(message).toContain('private key');
      expect(message.length).toBeLessThan(100);
    });

    it('relabelled as a public key', () => {
      const relabelled = secrets
        .filter((secret) => typeof secret === 'string')
        .map((pem) => pem.replaceAll('PRIVATE', 'PUBLIC'));
      for (const pem of relabelled) {
        expect(createPrivateKey(pem.replaceAll('PUBLIC', 'PRIVATE')).type).toBe('private');
        expect(refusal(pem)).toBe('not a readable public key');
      }
    });

    it.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])('with a lone JWK member %s, even if it is null', (name) => {
      expect(refusal({ ...jwkOf(rsa.publicKey), [name]: null })).toContain('private key');
    });
  });

  describe('refuses', () => {
    it.each([
      ['RSA with 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey, 'not 1024'],
      ['RSA with 2040 bits', generateKeyPairSync('rsa', { modulusLength: 2040 }).publicKey, 'not 2040'],
      ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey, 'curve "secp256k1"'],
      ['P-224', generateKeyPairSync('ec', { namedCurve: 'P-224' }).publicKey, 'curve "secp224r1"'],
      [
        'brainpoolP256r1',
        generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' }).publicKey,
        'curve "brainpoolP256r1"',
      ],
      ['Ed448', generateKeyPairSync('ed448').publicKey, 'type "ed448"'],
      ['X25519', generateKeyPairSync('x25519').publicKey, 'type "x25519"'],
      ['DSA', generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).publicKey, 'type "dsa"'],
    ])('%s', (_name, key, message) => {
      expect(refusal(pemOf(key))).toContain(message);
    });

    const withExponent = (e: string): Json => ({
      ...jwkOf(rsa.publicKey),
      e: Buffer.from(e, 'hex').toString('base64url'),
    });
    it.each([
      ['an RSA key with exponent 1, for which anybody can sign', withExponent('01'), 'exponent'],
      ['an RSA key with an even exponent', withExponent('010000'), 'exponent'],
      ['an RSA key with an exponent over 64 bits', withExponent('010000000000000001'), 'exponent'],
      [
        'an RSA modulus over 16,384 bits',
        { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(2049, 0xff).toString('base64url') },
        'not 16392',
      ],
      ['a symmetric JWK', { kty: 'oct', k: 'AAAA' }, 'symmetric'],
      ['a JWK for encryption', { ...jwkOf(rsa.publicKey), use: 'enc' }, 'not for verifying'],
      ['a JWK for other operations', { ...jwkOf(rsa.publicKey), key_ops: ['encrypt'] }, 'not for verifying'],
      ['a JWK whose operations are no list', { ...jwkOf(rsa.publicKey), key_ops: 'verify' }, 'not for verifying'],
      ['a JWK whose alg is no text', { ...jwkOf(rsa.publicKey), alg: 1 }, 'alg'],
      ['a JWK whose modulus is no text', { kty: 'RSA', e: 'AQAB', n: 5 }, 'n of a JWK'],
      ['a JWK without a type', { n: 'AQAB', e: 'AQAB' }, 'not a readable'],
      [
        'a JWK whose point is not on its curve',
        { ...jwkOf(p256.publicKey), y: jwkOf(p256.publicKey).x ?? '' },
        'not a readable',
      ],
      ['a JWK whose Ed25519 key is too short', { ...jwkOf(ed25519.publicKey), x: 'AAAA' }, 'not a readable'],
      ['a JWK of Ed448', jwkOf(generateKeyPairSync('ed448').publicKey), 'type "ed448"'],
      ['an empty object', {}, 'not a readable'],
      ['a number', 5, 'PEM text or a JWK'],
      ['null', null, 'PEM text or a JWK'],
      ['a list', [jwkOf(p256.publicKey)], 'PEM text or a JWK'],
      ['an empty text', '', 'not one PEM block'],
      ['a JWK as text', JSON.stringify(jwkOf(p256.publicKey)), 'not one PEM block'],
      ['two keys in one text', pemOf(p256.publicKey) + pemOf(rsa.publicKey), 'not one PEM block'],
      ['text before the key', `key:\n${pemOf(p256.publicKey)}`, 'not one PEM block'],
      ['labels that differ', pemOf(p256.publicKey).replace('END PUBLIC', 'END RSA PUBLIC'), 'not one PEM block'],
      ['an X.509 certificate', pemFrom(derOf(p256.publicKey), 'CERTIFICATE'), 'certificate'],
      ['another kind of block', pemFrom(derOf(p256.publicKey), 'PGP PUBLIC KEY BLOCK'), '"PGP PUBLIC KEY BLOCK"'],
      ['a block that is no base64', pemOf(p256.publicKey).replace('M', '=M'), 'does not hold base64'],
      ['a block that is no key', pemFrom(Buffer.from('hello')), 'not a readable'],
      ['PKCS#1 under the label of another form', pemFrom(pkcs1Der(rsa.publicKey)), 'not a readable'],
      ['an EC key under the label of PKCS#1', pemFrom(derOf(p256.publicKey), 'RSA PUBLIC KEY'), 'not a readable'],
      [
        'an EC key with explicit parameters, be they those of P-256',
        ecKey(p256.publicKey, 'explicit'),
        'must name its curve',
      ],
    ])('%s', (_name, input: Json, message) => {
      expect(refusal(input)).toContain(message);
    });

    it('accepts the exponents 3 and 65537', () => {
      expect(refusal(withExponent('03'))).toBe('accepted');
      expect(refusal(withExponent('010001'))).toBe('accepted');
    });
  });

  describe('Ed25519 keys of small order', () => {
    const P = 2n ** 255n - 19n;
    const encoded = (y: bigint, sign: 0 | 1): Json => {
      const bytes = Buffer.from((y | (BigInt(sign) << 255n)).toString(16).padStart(64, '0'), 'hex').reverse();
      return { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
    };
    const orderEight = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
    const small = [0n, 1n, P - 1n, orderEight, P - orderEight, P, P + 1n];

    it.each(small.flatMap((y) => [[y, 0] as const, [y, 1] as const]))('are refused: y = %s, sign %i', (y, sign) => {
      expect(refusal(encoded(y, sign))).toContain('small order');
    });

    it('among them the two whose double has order four: the roots of dy⁴ + 2y² - 1', () => {
      // d is -121665/121666 (RFC 8032, 5.1); everything is multiplied by the denominator.
      const polynomial = -121665n * orderEight ** 4n + 2n * 121666n * orderEight ** 2n - 121666n;
      expect(polynomial % P).toBe(0n);
    });
  });
});
