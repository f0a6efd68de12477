import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeBase64url } from './base64.js';

const bytesOf = (text: string): Buffer => {
  const { bytes, fault } = decodeBase64(text);
  if (fault !== null) throw new Error(fault);
  return bytes;
};

describe('decodeBase64', () => {
  it('reads both alphabets, with and without padding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const standard = Buffer.from(bytes).toString('base64');
        const urlSafe = standard.replaceAll('+', '-').replaceAll('/', '_');
        for (const text of [standard, urlSafe, standard.replace(/=+$/, ''), urlSafe.replace(/=+$/, '')]) {
          expect(bytesOf(text).equals(bytes)).toBe(true);
        }
      }),
    );
  });

  it('accepts no other text for the same bytes: what is accepted is one of the four spellings', () => {
    const near = fc
      .array(fc.constantFrom('A', 'Q', 'R', 'z', '9', '+', '/', '-', '_', '=', ' ', '\n', '.', 'é', '\0'), {
        maxLength: 9,
      })
      .map((characters) => characters.join(''));
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ maxLength: 12 })), (text) => {
        const { bytes, fault } = decodeBase64(text);
        // An independent statement of the grammar of RFC 4648.
        const standard = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
        const urlSafe = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(?:==)?|[A-Za-z0-9_-]{3}=?)?$/;
        const last = text.replace(/=+$/, '');
        const index = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(
          (last.at(-1) ?? 'A').replace('-', '+').replace('_', '/'),
        );
        const zeroBits = [1, 0, 16, 4][last.length % 4] ?? 1;
        const valid = (standard.test(text) || urlSafe.test(text)) && (last.length % 4 === 0 || index % zeroBits === 0);
        expect(fault === null).toBe(valid);
        expect(bytes === null).toBe(!valid);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['mixed alphabets', 'ab+_', 'mixes'],
    ['white space', 'YWJj\nZGVm', 'outside the alphabet at 4'],
    ['a space at the end', 'YWJj ', 'outside the alphabet at 4'],
    ['half a padding', 'QQ=', 'padding is incomplete'],
    ['padding that is not needed', 'YWJj=', 'padding'],
    ['padding within', 'QQ==QQ==', 'length or padding is impossible'],
    ['three signs of padding', 'Q===', 'length or padding is impossible'],
    ['a length that no bytes have', 'YWJjZ', 'length or padding is impossible'],
    ['bits left over that are not zero, after one byte', 'QR==', 'belong to no byte'],
    ['bits left over that are not zero, after two bytes', 'YWK', 'belong to no byte'],
    ['bits left over that are not zero, URL-safe', '_-9', 'belong to no byte'],
    ['a character beyond Latin-1', 'YWJ𝟘', 'outside the alphabet at 3'],
  ])('refuses %s', (_name, text, fault) => {
    expect(decodeBase64(text).fault).toContain(fault);
  });

  it('reads megabytes', () => {
    const bytes = Buffer.alloc(3_000_001, 0xfb);
    expect(bytesOf(bytes.toString('base64')).equals(bytes)).toBe(true);
    expect(bytesOf(bytes.toString('base64url')).equals(bytes)).toBe(true);
    expect(decodeBase64('='.repeat(3_000_000)).fault).toContain('impossible');
  });
});

describe('decodeBase64url', () => {
  it('reads the one text that stands for the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url');
        expect(decodeBase64url(text)).toEqual({ bytes: Buffer.from(bytes), fault: null });
      }),
    );
  });

  it('accepts no other text for the same bytes', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('A', 'Q', 'Z', 'a', '0', '-', '_', '+', '/', '=', ' ', '\n', '.', 'é'),
          maxLength: 12,
        }),
        (text) => {
          const { bytes } = decodeBase64url(text);
          if (bytes !== null) expect(bytes.toString('base64url')).toBe(text);
        },
      ),
    );
  });

  it.each([
    ['YQ==', 'is not base64url as JWS has it: it is padded'],
    ['YW=x', 'is not base64url: a character outside the alphabet at 2'],
    ['-/-/', 'is not base64url: a character outside the alphabet at 1'],
    ['YQ YQ', 'is not base64url: a character outside the alphabet at 2'],
    ['YQY_Y', 'is not base64url: its length or padding is impossible'],
    ['YR', 'is not base64url: its last character has bits that belong to no byte'],
  ])('says what is wrong with %j', (text, fault) => {
    expect(decodeBase64url(text)).toEqual({ bytes: null, fault });
  });
});
