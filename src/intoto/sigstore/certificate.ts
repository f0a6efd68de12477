import { createPublicKey, type KeyObject } from 'node:crypto';
import { crypto, X509Certificate, type ASN1Obj } from '@sigstore/core';
import { sha256, type Sha256Digest } from '../digest.js';
import { certificateFault } from './certificate-shape.js';
import { derOf, readDer, withSubs } from './der.js';

/** Why a certificate cannot be used. The message is a predicate of it, such as "is not DER". */
export class CertificateUnusable extends Error {
  override readonly name = 'CertificateUnusable';
}

/** With every extension that anybody uses, a certificate takes a few kilobytes. */
const MAX_BYTES = 64 * 1024;

/**
 * A certificate as the library verifies it, with what is costly kept: signatures checked, keys taken in, extensions
 * found. It is never changed after it was read, so that what was true of it once stays true: the answers are those of the
 * class it extends.
 */
export class Certificate extends X509Certificate {
  /** Whose signature it bears was worked out against these already; itself stands for "its own". */
  readonly #signedBy = new WeakMap<X509Certificate, boolean>();
  readonly #kept = new Map<string, unknown>();

  constructor(
    root: ASN1Obj,
    readonly der: Buffer,
  ) {
    super(root);
  }

  /** sha256 of the DER. */
  get fingerprint(): Sha256Digest {
    return this.#once('fingerprint', () => sha256(this.der));
  }

  /** The subject's key. Throws where OpenSSL cannot read it. */
  get key(): KeyObject {
    return this.#once('key', () => createPublicKey({ key: this.publicKey, format: 'der', type: 'spki' }));
  }

  override get publicKey(): Buffer {
    return this.#once('publicKey', () => derOf(spkiOf(this)));
  }

  override get notBefore(): Date {
    return this.#once('notBefore', () => super.notBefore);
  }

  override get notAfter(): Date {
    return this.#once('notAfter', () => super.notAfter);
  }

  override get isCA(): boolean {
    return this.#once('isCA', () => super.isCA);
  }

  override get extKeyUsage(): X509Certificate['extKeyUsage'] {
    return this.#once('extKeyUsage', () => super.extKeyUsage);
  }

  override get extBasicConstraints(): X509Certificate['extBasicConstraints'] {
    return this.#once('extBasicConstraints', () => super.extBasicConstraints);
  }

  override get extAuthorityKeyID(): X509Certificate['extAuthorityKeyID'] {
    return this.#once('extAuthorityKeyID', () => super.extAuthorityKeyID);
  }

  override get extSubjectKeyID(): X509Certificate['extSubjectKeyID'] {
    return this.#once('extSubjectKeyID', () => super.extSubjectKeyID);
  }

  override verify(issuer?: X509Certificate): boolean {
    const signer = issuer ?? this;
    const known = this.#signedBy.get(signer);
    if (known !== undefined) return known;
    const key = signer instanceof Certificate ? signer.key : crypto.createPublicKey(signer.publicKey);
    const verified = crypto.verify(derOf(this.tbsCertificate), key, this.signatureValue, this.signatureAlgorithm);
    this.#signedBy.set(signer, verified);
    return verified;
  }

  override equals(other: X509Certificate): boolean {
    return other instanceof Certificate ? this.der.equals(other.der) : super.equals(other);
  }

  /**
   * A copy of which the extensions may be taken away, as is done to check what a certificate transparency log signed
   * (RFC 6962, 3.2). Only what holds the extensions is encoded anew after that.
   */
  override clone(): X509Certificate {
    return withExtensions(this, (holder) => [
      withSubs(
        holder,
        holder.subs.map((list) => withSubs(list, [...list.subs])),
      ),
    ]);
  }

  /** The content of the extension's value; undefined where there is no such extension. */
  extensionValue(oid: string): Buffer | undefined {
    return this.#once('values', () => extensionValues(this.extensions)).get(oid);
  }

  #once<T>(name: string, find: () => T): T {
    if (!this.#kept.has(name)) this.#kept.set(name, find());
    // Each name is used in one place, with one type.
    return this.#kept.get(name) as T;
  }
}

/**
 * The certificate for a verifier that knows no certificate transparency log: whatever it says of such logs proves nothing
 * there, and is not looked for.
 */
export function unlisted({ root, der }: Certificate): Certificate {
  return new UnlistedCertificate(root, der);
}

class UnlistedCertificate extends Certificate {
  override clone(): X509Certificate {
    return withExtensions(this, () => []);
  }
}

/**
 * Reads an X.509 v3 certificate (RFC 5280, 4.1), strictly: DER with nothing left over, one algorithm named within and
 * without, no extension twice, and none that is critical or constrains names and that path validation here does not
 * apply. So no two encodings stand for one certificate but for the two forms an ECDSA signature has.
 *
 * Throws CertificateUnusable.
 */
export function readCertificate(bytes: Uint8Array): Certificate {
  if (bytes.length > MAX_BYTES) throw new CertificateUnusable(`is larger than ${MAX_BYTES} bytes`);
  const der = Buffer.from(bytes);
  let certificate: Certificate;
  try {
    const root = readDer(der);
    certificate = new Certificate(root, der);
    const fault = certificateFault(root);
    if (fault !== null) throw new CertificateUnusable(fault);
    if (Number.isNaN(certificate.notBefore.getTime()) || Number.isNaN(certificate.notAfter.getTime())) {
      throw new CertificateUnusable('has a time that does not exist');
    }
  } catch (cause) {
    if (cause instanceof CertificateUnusable) throw cause;
    throw new CertificateUnusable('is not DER of an X.509 certificate', { cause });
  }
  return certificate;
}

function extensionValues(extensions: readonly ASN1Obj[]): ReadonlyMap<string, Buffer> {
  const values = new Map<string, Buffer>();
  for (const { subs } of extensions) {
    const value = subs.at(-1)?.value;
    if (value !== undefined) values.set(subs[0]?.toOID() ?? '', value);
  }
  return values;
}

function spkiOf(certificate: X509Certificate): ASN1Obj {
  const spki = certificate.tbsCertificate.subs[6];
  if (spki === undefined) throw new CertificateUnusable('holds no key');
  return spki;
}

/** A certificate like the one given but for the field that holds the extensions, which is read and never changed. */
function withExtensions({ root }: X509Certificate, change: (holder: ASN1Obj) => readonly ASN1Obj[]): X509Certificate {
  const [tbs, ...signature] = root.subs;
  if (tbs === undefined) throw new CertificateUnusable('is not DER');
  const fields = tbs.subs.flatMap((field) => (field.tag.isContextSpecific(3) ? change(field) : field));
  return new X509Certificate(withSubs(root, [withSubs(tbs, fields), ...signature]));
}
