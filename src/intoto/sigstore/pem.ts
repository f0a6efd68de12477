import { decodeBase64 } from '../base64.js';

/** DER as a PEM block (RFC 7468) with this label. */
export function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** A block of a PEM text, decoded. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** The blocks of a PEM text, in order; null where anything but white space stands between them or one holds no base64. */
export function readPem(text: string): readonly PemBlock[] | null {
  const blocks: PemBlock[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const match = /^-----BEGIN ([A-Z0-9 ]{1,40})-----\s([A-Za-z0-9+/=\s]+)-----END \1-----/.exec(rest);
    const [whole, label, body] = match ?? [];
    if (whole === undefined || label === undefined || body === undefined) return null;
    const { bytes } = decodeBase64(body.replace(/\s+/g, ''));
    if (bytes === null) return null;
    blocks.push({ label, der: bytes });
    rest = rest.slice(whole.length).trimStart();
  }
  return blocks;
}
