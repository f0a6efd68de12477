import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob } from './glob.js';

describe('a glob', () => {
  it.each([
    ['refs/tags/v1', 'refs/tags/v1', true],
    ['refs/tags/v1', 'refs/tags/v11', false],
    ['refs/tags/v*', 'refs/tags/v1.2', true],
    ['refs/tags/v*', 'refs/tags/v', true],
    ['refs/tags/v*', 'refs/tags/v1/x', false],
    ['refs/tags/v*', 'x/refs/tags/v1', false],
    ['https://x/*', 'https://x/a/b', false],
    ['https://x/**', 'https://x/a/b', true],
    ['**/b', 'https://x/a/b', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*', '', true],
    ['*', 'a/b', false],
    ['**', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['é*', 'éß', true],
  ])('%j fits %j: %s', (pattern, text, fits) => {
    expect(compileGlob(pattern)(text)).toBe(fits);
  });

  it('fits what a regular expression of the same meaning fits', () => {
    const piece = fc.constantFrom('a', 'b', '/', '*', '**', '.');
    const texts = fc.array(fc.constantFrom('a', 'b', '/', '.', '*'), { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }).map((parts) => parts.join('')),
        texts,
        (pattern, text) => {
          const source = pattern.replace(
            /\*\*|\*|\./g,
            (token) => ({ '**': '.*', '*': '[^/]*', '.': '\\.' })[token] ?? token,
          );
          expect(compileGlob(pattern)(text)).toBe(new RegExp(`^${source}$`, 's').test(text));
        },
      ),
      { numRuns: 3000 },
    );
  });
});
