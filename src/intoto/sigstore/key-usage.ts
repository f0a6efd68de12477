import type { Certificate } from './certificate.js';
import { readDer, TAG, tagOf } from './der.js';

const EXTENDED_KEY_USAGE = '2.5.29.37';

/** Purposes of an extended key usage (RFC 5280, 4.2.1.12). */
export const PURPOSE = {
  any: '2.5.29.37.0',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const;

/** The purposes for which the certificate's key is meant; null where it does not say. An unreadable list has none. */
export function purposesOf(certificate: Certificate): readonly string[] | null {
  const value = certificate.extensionValue(EXTENDED_KEY_USAGE);
  if (value === undefined) return null;
  try {
    const list = readDer(value);
    if (tagOf(list) !== TAG.sequence) return [];
    return list.subs.map((purpose) => purpose.toOID());
  } catch {
    return [];
  }
}

/** Why the key may not make signatures over documents, as far as its key usage says (RFC 5280, 4.2.1.3). */
export function keyUsageFault(certificate: Certificate): string | null {
  try {
    return certificate.extKeyUsage?.digitalSignature === false ? 'has a key usage without digital signatures' : null;
  } catch {
    return 'has a key usage that cannot be read';
  }
}
