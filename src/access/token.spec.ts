import { describe, expect, it } from 'vitest';
import { bearerOf, hashToken, isTokenId, tokenIdOf, tokenOf } from './token.js';

describe('a token', () => {
  it('is its randomness behind a prefix, all of it', () => {
    const token = tokenOf(new Uint8Array(32).fill(0xff));
    expect(token).toMatch(/^assay_[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(token.slice('assay_'.length), 'base64url')).toEqual(Buffer.alloc(32, 0xff));
  });

  it('is never made of less randomness', () => {
    expect(() => tokenOf(new Uint8Array(31))).toThrow(RangeError);
    expect(() => tokenIdOf(new Uint8Array(0))).toThrow(RangeError);
  });

  it('is kept as its sha256', () => {
    expect(hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('is named by an id of another form', () => {
    expect(isTokenId(tokenIdOf(new Uint8Array(8).fill(7)))).toBe(true);
    for (const text of ['', 'admin', tokenOf(new Uint8Array(32)), '0707070707070707\n', '07070707070707FF'])
      expect(isTokenId(text)).toBe(false);
  });
});

describe('bearerOf', () => {
  it('reads the token whatever the case of the scheme', () => {
    for (const header of ['Bearer assay_x-y', 'bearer assay_x-y', 'BEARER   assay_x-y '])
      expect(bearerOf(header)).toBe('assay_x-y');
  });

  it('reads nothing from another scheme or form', () => {
    for (const header of [
      undefined,
      '',
      'assay_x',
      'Basic assay_x',
      'Bearer',
      'Bearer ',
      'Bearer a b',
      'Bearerassay_x',
      'Bearer a,b',
    ])
      expect(bearerOf(header)).toBeNull();
  });

  it('takes no longer for a header made to be hard to read', () => {
    expect(bearerOf(`Bearer ${'='.repeat(100_000)}`)).toBeNull();
    expect(bearerOf(`Bearer ${'a'.repeat(100_000)}${' '.repeat(100_000)}!`)).toBeNull();
  });
});
