import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  causesOfSignature,
  identityCause,
  keyCause,
  ROOT_CAUSE,
  rootCause,
  signerCause,
  waitsFor,
} from './gain-causes.js';
import { CA, certificateWith, CTLOG, day, GITHUB, KEY_A, signerWith, TLOG, TSA } from './trust.fixture.js';

describe('what a signature that nobody is known for waits for', () => {
  const message = Buffer.from('message');

  it.each([
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['P-521', 'ES512'],
  ])('is a key of its kind: ECDSA on %s', (namedCurve, algorithm) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve });
    for (let round = 0; round < 20; round += 1) {
      const der = sign('sha256', message, privateKey);
      const raw = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      expect(causesOfSignature(der)).toContain(`key:${algorithm}/der`);
      expect(causesOfSignature(raw)).toContain(`key:${algorithm}/ieee-p1363`);
    }
  });

  it('is a key of its kind: Ed25519, and RSA of any size', () => {
    const ed25519 = sign(null, message, generateKeyPairSync('ed25519').privateKey);
    expect(causesOfSignature(ed25519)).toContain(keyCause('EdDSA'));
    const rsa = [256, 257, 384, 512, 2048].map((length) => causesOfSignature(Buffer.alloc(length, 1)));
    for (const causes of rsa) {
      expect(causes).toEqual(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((scheme) => `key:${scheme}`));
    }
  });

  it('is nothing where no key could have made it', () => {
    for (const length of [0, 1, 63, 65, 255, 2049]) expect(causesOfSignature(Buffer.alloc(length, 1))).toEqual([]);
  });

  it('is few kinds of keys', () => {
    const der = sign('sha256', message, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    expect(causesOfSignature(der).filter((cause) => cause.endsWith('ieee-p1363') || cause.includes('RS'))).toEqual([]);
    expect(causesOfSignature(Buffer.alloc(64, 1))).toEqual(['key:ES256/ieee-p1363', 'key:EdDSA']);
  });
});

describe('what evidence waits for', () => {
  it('is nothing where all of it counts', () => {
    expect(waitsFor([])).toEqual([]);
  });

  it('is whatever could let any of it count, each once', () => {
    const causes = waitsFor([
      { type: 'signature', signature: Buffer.alloc(64, 1) },
      { type: 'signature', signature: Buffer.alloc(64, 2) },
      { type: 'certificate' },
      { type: 'signer', signer: signerWith() },
    ]);
    expect(causes).toEqual([keyCause('ES256/ieee-p1363'), keyCause('EdDSA'), ROOT_CAUSE, signerCause(KEY_A)].sort());
  });

  it('is what becomes of a known key, and of those who vouch for its time', () => {
    const signer = signerWith({ provenAt: day(9) });
    expect(waitsFor([{ type: 'signer', signer }])).toEqual([rootCause(TSA), signerCause(KEY_A)].sort());
  });

  it('is an identity of its issuer, or its authorities, where a certificate signed', () => {
    const causes = waitsFor([{ type: 'signer', signer: certificateWith() }]);
    expect(causes).toEqual([identityCause(GITHUB), ...[CA, CTLOG, TLOG, TSA].map(rootCause)].sort());
    const plain = certificateWith({ identity: { issuer: null, subjects: ['build.example'], claims: {} } });
    expect(waitsFor([{ type: 'signer', signer: plain }])).toContain(identityCause(null));
  });
});
