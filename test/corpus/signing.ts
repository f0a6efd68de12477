import { constants, generateKeyPairSync, sign, type KeyObject, type SigningOptions } from 'node:crypto';
import type { SignatureScheme } from '../../src/intoto/signature-scheme.js';

export const KEY_TYPES = ['p256', 'p384', 'p521', 'ed25519', 'rsa'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

export interface KeyPair {
  readonly type: KeyType;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A fresh key pair. */
export function makeKeyPair(type: KeyType): KeyPair {
  switch (type) {
    case 'p256':
      return { type, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
    case 'p384':
      return { type, ...generateKeyPairSync('ec', { namedCurve: 'P-384' }) };
    case 'p521':
      return { type, ...generateKeyPairSync('ec', { namedCurve: 'P-521' }) };
    case 'ed25519':
      return { type, ...generateKeyPairSync('ed25519') };
    case 'rsa':
      return { type, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
  }
}

/** The scheme in which signers commonly use a key of this type. */
export function usualScheme({ type }: KeyPair): SignatureScheme {
  const usual = { p256: 'ES256/der', p384: 'ES384/der', p521: 'ES512/der', ed25519: 'EdDSA', rsa: 'RS256' } as const;
  return usual[type];
}

/** Signs a message in the scheme. PSS salts fill the room there is, as Go and OpenSSL sign. */
export function signAs(scheme: SignatureScheme, { privateKey }: KeyPair, message: Uint8Array): Buffer {
  return sign(hashOf(scheme), message, { key: privateKey, ...optionsOf(scheme) });
}

function hashOf(scheme: SignatureScheme): string | null {
  return scheme === 'EdDSA' ? null : `sha${scheme.slice(2, 5)}`;
}

function optionsOf(scheme: SignatureScheme): SigningOptions {
  if (scheme.endsWith('/ieee-p1363')) return { dsaEncoding: 'ieee-p1363' };
  if (!scheme.startsWith('PS')) return {};
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN };
}
