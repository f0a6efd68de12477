import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from './app-error.js';
import { encodeCursor, parseCursor } from './cursor.js';
import { pageOf, parseLimit } from './page.js';

function codeOf(action: () => unknown): string | null {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError && error.kind === 'malformed') return error.code;
    throw error;
  }
  return null;
}

describe('cursor', () => {
  it('gives back the values it was made of', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
      fc.maxSafeInteger(),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (values) => {
        expect(parseCursor('images', encodeCursor('images', values))).toEqual(values);
      }),
    );
  });

  it('is refused by another list', () => {
    expect(codeOf(() => parseCursor('verdicts', encodeCursor('images', ['a'])))).toBe('cursor_invalid');
  });

  it('is refused when its values are not those of the list', () => {
    const cursor = encodeCursor('images', ['a', 1]);
    expect(parseCursor('images', cursor, ['string', 'number'])).toEqual(['a', 1]);
    for (const shape of [['string'], ['number', 'string'], ['string', 'number', 'number']] as const)
      expect(codeOf(() => parseCursor('images', cursor, shape))).toBe('cursor_invalid');
  });

  it('is refused as the caller’s fault whatever the text is', () => {
    const crafted = [null, [], [2, 'images'], [1, 'images', null], [1, 'images', ['a']], [1, 'images', 'a\0b']];
    for (const content of crafted) {
      const text = Buffer.from(JSON.stringify(content)).toString('base64url');
      expect(codeOf(() => parseCursor('images', text))).toBe('cursor_invalid');
    }
    fc.assert(fc.property(fc.string(), (text) => codeOf(() => parseCursor('images', text)) === 'cursor_invalid'));
  });
});

describe('page', () => {
  it('reads a limit of 1 to 1000 and is 50 long without one', () => {
    expect([undefined, '1', '1000'].map(parseLimit)).toEqual([50, 1, 1000]);
    for (const text of ['0', '1001', '-1', '1e2', '5.0', '', ' 5', '99999'])
      expect(codeOf(() => parseLimit(text))).toBe('limit_invalid');
  });

  it('has a cursor exactly when there is more', () => {
    expect(pageOf([1, 2, 3], 2, String)).toEqual({ items: [1, 2], nextCursor: '2' });
    expect(pageOf([1, 2], 2, String)).toEqual({ items: [1, 2], nextCursor: null });
    expect(pageOf<number>([], 2, String)).toEqual({ items: [], nextCursor: null });
  });
});
