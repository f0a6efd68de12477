/** Writes DER (X.690), so that a test can also write what nobody should. */
export function tlv(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(content);
  const length: number[] = [];
  for (let rest = value.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  const header = value.length < 128 ? [tag, value.length] : [tag, 0x80 + length.length, ...length];
  return Buffer.concat([Buffer.from(header), value]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => tlv(0x30, ...content);
export const setOf = (...content: readonly Uint8Array[]): Buffer => tlv(0x31, ...content);
export const octetString = (value: Uint8Array): Buffer => tlv(0x04, value);
export const bitString = (value: Uint8Array): Buffer => tlv(0x03, Buffer.of(0), value);
export const boolean = (value: boolean): Buffer => tlv(0x01, Buffer.of(value ? 0xff : 0));
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text));
export const context = (number: number, ...content: readonly Uint8Array[]): Buffer => tlv(0xa0 + number, ...content);
export const contextPrimitive = (number: number, value: Uint8Array): Buffer => tlv(0x80 + number, value);

export function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return tlv(0x02, (bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

export function objectIdentifier(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = rest.flatMap((arc) => {
    const septets = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) septets.unshift(128 + (left % 128));
    return septets;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

/** As in certificates: UTCTime until 2049, GeneralizedTime beyond (RFC 5280, 4.1.2.5). */
export function time(moment: Date): Buffer {
  const digits = moment.toISOString().slice(0, 19).replace(/[-T:]/g, '');
  return moment.getUTCFullYear() < 2050 ? tlv(0x17, Buffer.from(`${digits.slice(2)}Z`)) : generalizedTime(moment);
}

export function generalizedTime(moment: Date): Buffer {
  return tlv(0x18, Buffer.from(`${moment.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`));
}
