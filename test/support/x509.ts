import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import {
  bitString,
  boolean,
  context,
  contextPrimitive,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  time,
  tlv,
  utf8,
} from './der.js';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export type KeyType = 'P-256' | 'P-384' | 'P-521' | 'secp256k1' | 'Ed25519' | 'RSA-2048' | 'RSA-1024';

export function keyPair(type: KeyType = 'P-256'): KeyPair {
  switch (type) {
    case 'Ed25519':
      return generateKeyPairSync('ed25519');
    case 'RSA-2048':
    case 'RSA-1024':
      return generateKeyPairSync('rsa', { modulusLength: Number(type.slice(4)) });
    default:
      return generateKeyPairSync('ec', { namedCurve: type });
  }
}

export const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
export const pemOf = (...ders: readonly Buffer[]): string =>
  ders.map((der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`).join('');

/** Extensions of a certificate, each as it is encoded. */
export const extension = (oid: string, value: Uint8Array, critical = false): Buffer =>
  sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value));
export const basicConstraints = (isCa: boolean, pathLength?: number): Buffer =>
  extension(
    '2.5.29.19',
    sequence(...(isCa ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])),
    true,
  );
/** By the bits' numbers: 0 is digitalSignature, 5 keyCertSign. */
export const keyUsage = (...bits: readonly number[]): Buffer => {
  const byte = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  const unused = 7 - Math.max(...bits);
  return extension('2.5.29.15', tlv(0x03, Buffer.of(unused, byte)), true);
};
export const extendedKeyUsage = (...oids: readonly string[]): Buffer =>
  extension('2.5.29.37', sequence(...oids.map(objectIdentifier)));
export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const alternativeNames = (...names: readonly Buffer[]): Buffer =>
  extension('2.5.29.17', sequence(...names), true);
export const uri = (text: string): Buffer => contextPrimitive(6, Buffer.from(text));
export const email = (text: string): Buffer => contextPrimitive(1, Buffer.from(text));
export const dns = (text: string): Buffer => contextPrimitive(2, Buffer.from(text));
export const otherName = (text: string, oid = '1.3.6.1.4.1.57264.1.7'): Buffer =>
  context(0, objectIdentifier(oid), context(0, utf8(text)));
/** An extension of Fulcio's: bare text up to .6, DER from .8. */
export const fulcio = (arc: number, text: string): Buffer =>
  extension(`1.3.6.1.4.1.57264.1.${arc}`, arc < 8 ? Buffer.from(text) : utf8(text));

const keyIdentifier = (key: KeyObject): Buffer => createHash('sha1').update(spki(key)).digest();
const subjectKeyId = (key: KeyObject): Buffer => extension('2.5.29.14', octetString(keyIdentifier(key)));
const authorityKeyId = (key: KeyObject): Buffer =>
  extension('2.5.29.35', sequence(contextPrimitive(0, keyIdentifier(key))));

export const name = (commonName?: string): Buffer =>
  sequence(...(commonName === undefined ? [] : [setOf(sequence(objectIdentifier('2.5.4.3'), utf8(commonName)))]));

export interface Issued {
  readonly der: Buffer;
  readonly keys: KeyPair;
  /** The subject as it is encoded. */
  readonly name: Buffer;
}

export interface CertificateRequest {
  readonly commonName?: string;
  /** Self-signed where it is missing. */
  readonly issuer?: Issued;
  readonly keys?: KeyPair;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
  readonly hash?: 'sha256' | 'sha384';
  readonly serial?: number;
  /** Writes the extension that proves the listing in certificate logs, for a certificate that has all others. */
  readonly list?: (precertificate: Buffer, issuer: KeyObject) => Promise<Buffer>;
  /** Takes the key identifiers away. */
  readonly bare?: boolean;
}

/** Makes a certificate, exactly as asked for. */
export async function issue(request: CertificateRequest): Promise<Issued> {
  const keys = request.keys ?? keyPair();
  const subject = name(request.commonName);
  const issuer = request.issuer ?? { keys, name: subject };
  const extensions = [
    ...request.extensions,
    ...(request.bare === true ? [] : [subjectKeyId(keys.publicKey), authorityKeyId(issuer.keys.publicKey)]),
  ];
  const algorithm = signatureAlgorithm(issuer.keys.privateKey, request.hash ?? 'sha256');
  const certificateWith = (list: readonly Buffer[]): Buffer => {
    const tbs = sequence(
      context(0, integer(2)),
      integer(request.serial ?? 4711),
      algorithm.identifier,
      issuer.name,
      sequence(time(request.notBefore), time(request.notAfter)),
      subject,
      spki(keys.publicKey),
      ...(list.length === 0 ? [] : [context(3, sequence(...list))]),
    );
    return sequence(tbs, algorithm.identifier, bitString(sign(algorithm.hash, tbs, issuer.keys.privateKey)));
  };
  const unlisted = certificateWith(extensions);
  if (request.list === undefined) return { der: unlisted, keys, name: subject };
  const listing = await request.list(unlisted, issuer.keys.publicKey);
  return { der: certificateWith([...extensions, listing]), keys, name: subject };
}

function signatureAlgorithm(
  key: KeyObject,
  hash: 'sha256' | 'sha384',
): { readonly identifier: Buffer; readonly hash: string | null } {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return { identifier: sequence(objectIdentifier('1.3.101.112')), hash: null };
    case 'rsa':
      return { identifier: sequence(objectIdentifier('1.2.840.113549.1.1.11'), tlv(0x05)), hash: 'sha256' };
    default: {
      const oid = hash === 'sha256' ? '1.2.840.10045.4.3.2' : '1.2.840.10045.4.3.3';
      return { identifier: sequence(objectIdentifier(oid)), hash };
    }
  }
}
