import { beforeAll, describe, expect, it } from 'vitest';
import { tlv, sequence } from '../../../test/support/der.js';
import { stamp, type Stamping } from '../../../test/support/rfc3161.js';
import {
  basicConstraints,
  extendedKeyUsage,
  issue,
  keyPair,
  keyUsage,
  pemOf,
  TIME_STAMPING,
  type Issued,
  type KeyType,
} from '../../../test/support/x509.js';
import { parseTrustRoot } from './trust-root.js';
import { provedBy, readTimestamp, signersOf, TimestampUnusable } from './timestamp.js';
import { trustMaterial, type TrustMaterial } from './trust-material.js';

const window = { notBefore: new Date('2024-01-01T00:00:00Z'), notAfter: new Date('2024-12-31T00:00:00Z') };
const AT = new Date('2024-06-01T12:00:00Z');
const SIGNATURE = Buffer.from('the signature that is stamped');

interface Authority {
  readonly top: Issued;
  readonly signer: Issued;
  readonly material: TrustMaterial;
}

async function authority(type: KeyType, validFor?: object): Promise<Authority> {
  const top = await issue({ commonName: 'Time', ...window, extensions: [basicConstraints(true), keyUsage(5)] });
  const signer = await issue({
    commonName: 'Clock',
    issuer: top,
    notBefore: new Date('2024-03-01T00:00:00Z'),
    notAfter: new Date('2024-09-01T00:00:00Z'),
    extensions: [keyUsage(0), extendedKeyUsage(TIME_STAMPING)],
    keys: keyPair(type),
  });
  const root = parseTrustRoot({ timestampAuthorities: [{ certificates: pemOf(signer.der, top.der), validFor }] });
  return { top, signer, material: trustMaterial(root) };
}

let ecdsa: Authority;
let rsa: Authority;

beforeAll(async () => {
  [ecdsa, rsa] = await Promise.all([authority('P-256'), authority('RSA-2048')]);
});

const response = ({ top, signer }: Authority, changes: Partial<Stamping> = {}): Buffer =>
  stamp({ at: AT, signature: SIGNATURE, by: signer, issuer: top, ...changes });
const proved = ({ material }: Authority, der: Buffer): string | null =>
  provedBy(readTimestamp(der), SIGNATURE, material.timestampAuthorities)?.at ?? null;

describe('a timestamp', () => {
  it('proves its time, by ECDSA and by RSA, however the algorithm of RSA is named', () => {
    expect(proved(ecdsa, response(ecdsa))).toBe('2024-06-01T12:00:00.000Z');
    expect(proved(rsa, response(rsa))).toBe('2024-06-01T12:00:00.000Z');
    expect(proved(rsa, response(rsa, { algorithm: '1.2.840.113549.1.1.11' }))).toBe('2024-06-01T12:00:00.000Z');
    expect(proved(ecdsa, response(ecdsa, { status: 1 }))).toBe('2024-06-01T12:00:00.000Z');
  });

  it('proves nothing about another signature', () => {
    expect(proved(ecdsa, response(ecdsa, { signature: Buffer.from('another') }))).toBeNull();
  });

  it('proves nothing where it names an authority that did not sign it, or none', () => {
    expect(proved(ecdsa, response(ecdsa, { by: rsa.signer }))).toBeNull();
    const unnamed = readTimestamp(response(ecdsa, { serial: 1 }));
    expect(signersOf(unnamed, ecdsa.material.timestampAuthorities)).toEqual([]);
    expect(provedBy(unnamed, SIGNATURE, ecdsa.material.timestampAuthorities)).toBeNull();
  });

  it('proves a time at which signer, root and window were valid, both ends included, and no other', async () => {
    const windowed = await authority('P-256', { start: '2024-05-01T00:00:00Z', end: '2024-10-01T00:00:00Z' });
    const times: readonly [string, boolean][] = [
      ['2024-04-30T23:59:59Z', false],
      ['2024-05-01T00:00:00Z', true],
      ['2024-09-01T00:00:00Z', true],
      ['2024-09-01T00:00:01Z', false],
    ];
    for (const [at, isProved] of times) {
      expect(proved(windowed, response(windowed, { at: new Date(at) })) !== null).toBe(isProved);
    }
  });

  it.each<[string, Partial<Stamping>, RegExp]>([
    ['was refused', { status: 2 }, /not granted/],
    ['has two signers', { signers: 2 }, /exactly one signer/],
    ['has no signer', { signers: 0 }, /exactly one signer/],
    ['holds something else', { contentType: '1.2.840.113549.1.7.1' }, /something else/],
    ['signs another type of content', { signedType: '1.2.840.113549.1.7.1' }, /another type/],
    ['signs two digests', { digests: 2 }, /no digest, or more/],
    ['signs no digest', { digests: 0 }, /no digest, or more/],
    ['names its signer otherwise', { byKeyId: true }, /issuer and serial/],
    ['is signed by an algorithm that nobody should use', { algorithm: '1.2.840.10045.4.1' }, /algorithm/],
  ])('cannot be used where it %s', (_, changes, why) => {
    const der = response(ecdsa, changes);
    expect(() => readTimestamp(der)).toThrow(TimestampUnusable);
    expect(() => readTimestamp(der)).toThrow(why);
  });

  it('cannot be used where it is no response with a token', () => {
    const good = response(ecdsa);
    for (const der of [
      Buffer.alloc(0),
      sequence(sequence(tlv(2, Buffer.of(2)))),
      good.subarray(1),
      Buffer.concat([good, good]),
    ]) {
      expect(() => readTimestamp(der)).toThrow(TimestampUnusable);
    }
    expect(() => readTimestamp(Buffer.alloc(70_000))).toThrow(/larger/);
  });

  it('does not survive a change of any byte as proof of another time', () => {
    const good = response(ecdsa);
    for (let index = 0; index < good.length; index += 1) {
      const der = Buffer.from(good);
      der[index]! ^= 1;
      let at: string | null = null;
      try {
        at = proved(ecdsa, der);
      } catch (error) {
        expect(error).toBeInstanceOf(TimestampUnusable);
      }
      expect([null, '2024-06-01T12:00:00.000Z']).toContain(at);
    }
  });
});
