import { decodeBase64 } from './base64.js';
import { quoted } from './json-path.js';

/** The certificates as DER, in the order of the text and never none, or what is wrong with the text. */
export type PemCertificates =
  | { readonly certificates: readonly Buffer[]; readonly fault: null }
  | { readonly certificates: null; readonly fault: string };

/** Far beyond any chain of certificates in use. */
const MAX_TEXT_LENGTH = 64 * 1024;
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END ([A-Z0-9 ]+)-----/g;

/**
 * Reads the certificates of a text of PEM blocks (RFC 7468, 2 and 5), among which nothing but certificates may stand.
 * Text between the blocks is explanation and is passed over. Whether what the blocks hold is a certificate is not
 * looked at.
 */
export function decodePemCertificates(text: string): PemCertificates {
  if (text.length > MAX_TEXT_LENGTH) {
    return faulty(`is longer than ${MAX_TEXT_LENGTH} characters`);
  }
  const certificates: Buffer[] = [];
  for (const [, label = '', body = '', endLabel] of text.matchAll(BLOCK)) {
    if (label !== 'CERTIFICATE' || endLabel !== label) {
      return faulty(`holds a PEM block of type ${quoted(label)} where CERTIFICATE is expected`);
    }
    const { bytes, fault } = decodeBase64(body.replace(/\s+/g, ''));
    if (fault !== null || bytes.length === 0) return faulty('holds a PEM block without base64');
    certificates.push(bytes);
  }
  if (text.replace(BLOCK, '').includes('-----BEGIN')) return faulty('holds a PEM block that cannot be read');
  if (certificates.length === 0) return faulty('holds no PEM block: expected -----BEGIN CERTIFICATE-----');
  return { certificates, fault: null };
}

function faulty(fault: string): PemCertificates {
  return { certificates: null, fault };
}
