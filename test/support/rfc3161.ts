import { createHash, sign } from 'node:crypto';
import {
  context,
  contextPrimitive,
  generalizedTime,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tlv,
} from './der.js';
import type { Issued } from './x509.js';

const SHA_256 = '2.16.840.1.101.3.4.2.1';
export const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const ECDSA_SHA_256 = '1.2.840.10045.4.3.2';
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';

/** What a response says; what is not given is as it should be. */
export interface Stamping {
  readonly at: Date;
  readonly signature: Buffer;
  /** Signs; its issuer's name is that of `issuer`. */
  readonly by: Issued;
  readonly issuer: Issued;
  readonly serial?: number;
  readonly status?: number;
  readonly signers?: number;
  readonly algorithm?: string;
  readonly contentType?: string;
  readonly signedType?: string;
  readonly digests?: number;
  /** Names the signer by its key's identifier (RFC 5652, 5.3). */
  readonly byKeyId?: boolean;
}

/** An RFC 3161 response, written byte by byte. */
export function stamp(stamping: Stamping): Buffer {
  const { at, by, issuer, serial = 4711, signers = 1, status = 0, digests = 1 } = stamping;
  const isRsa = by.keys.privateKey.asymmetricKeyType === 'rsa';
  const algorithm = stamping.algorithm ?? (isRsa ? RSA_ENCRYPTION : ECDSA_SHA_256);
  const digestOf = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
  const sha256 = sequence(objectIdentifier(SHA_256));
  const info = sequence(
    integer(1),
    objectIdentifier('1.2.3.4'),
    sequence(sha256, octetString(digestOf(stamping.signature))),
    integer(7),
    generalizedTime(at),
  );
  const attribute = (oid: string, value: Buffer): Buffer => sequence(objectIdentifier(oid), setOf(value));
  const attributes = [
    attribute('1.2.840.113549.1.9.3', objectIdentifier(stamping.signedType ?? TST_INFO)),
    ...Array.from({ length: digests }, () => attribute('1.2.840.113549.1.9.4', octetString(digestOf(info)))),
  ];
  const signer = sequence(
    integer(1),
    stamping.byKeyId === true ? contextPrimitive(0, Buffer.alloc(20)) : sequence(issuer.name, integer(serial)),
    sha256,
    context(0, ...attributes),
    sequence(objectIdentifier(algorithm), ...(isRsa ? [tlv(0x05)] : [])),
    octetString(sign('sha256', setOf(...attributes), by.keys.privateKey)),
  );
  const signedData = sequence(
    integer(3),
    setOf(sha256),
    sequence(objectIdentifier(stamping.contentType ?? TST_INFO), context(0, octetString(info))),
    setOf(...Array.from({ length: signers }, () => signer)),
  );
  return sequence(sequence(integer(status)), sequence(objectIdentifier(SIGNED_DATA), context(0, signedData)));
}
