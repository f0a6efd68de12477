import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMetBy, namesMentioned, parseLicence } from './licence-expression.js';

function isMetWith(text: string, ...accepted: readonly string[]): boolean {
  return isMetBy(parseLicence(text), (names) => names.some((name) => accepted.includes(name)));
}

describe('a licence', () => {
  it.each([
    ['MIT', ['MIT']],
    ['MIT OR Apache-2.0 AND BSD-2-Clause', ['MIT']],
    ['MIT OR Apache-2.0 AND BSD-2-Clause', ['Apache-2.0', 'BSD-2-Clause']],
    ['(MIT OR Apache-2.0) AND (BSD-2-Clause)', ['Apache-2.0', 'BSD-2-Clause']],
    ['GPL-2.0-only WITH Classpath-exception-2.0', ['GPL-2.0-only']],
    ['GPL-2.0-only WITH Classpath-exception-2.0', ['GPL-2.0-only WITH Classpath-exception-2.0']],
    [' The MIT License (MIT) ', ['The MIT License (MIT)']],
    ['GPL-3.0', ['GPL-3.0-only']],
    ['LGPL-2.1-or-later', ['LGPL-2.1+']],
    ['GPL-2.0 WITH Classpath-exception-2.0', ['GPL-2.0-only WITH Classpath-exception-2.0']],
  ])('%s is met by %j', (text, accepted) => {
    expect(isMetWith(text, ...accepted)).toBe(true);
  });

  it.each([
    ['MIT OR Apache-2.0 AND BSD-2-Clause', ['Apache-2.0']],
    ['(MIT OR Apache-2.0) AND BSD-2-Clause', ['MIT']],
    ['GPL-2.0-only WITH Classpath-exception-2.0', ['Classpath-exception-2.0']],
    ['GPLv2 or later', ['later']],
    ['MIT or later', ['MIT']],
    ['MIT OR', ['MIT']],
    ['(MIT', ['MIT']],
    ['MIT)', ['MIT']],
    ['', ['MIT']],
    ['GPL-3.0+', ['GPL-3.0-only']],
    ['GPL-3.0', ['GPL-3.0-or-later']],
    [`${'('.repeat(40)}MIT${')'.repeat(40)}`, ['MIT']],
  ])('%s is not met by %j', (text, accepted) => {
    expect(isMetWith(text, ...accepted)).toBe(false);
  });

  it('names all that it holds, also where there is a choice', () => {
    expect(namesMentioned('MIT OR (A AND B WITH C)')).toEqual(['MIT', 'A', 'B WITH C', 'B']);
  });

  it.each([
    '(GPL-3.0-only',
    'GPL-3.0-only AND',
    'MIT or gpl',
    `${'('.repeat(40)}GPL-3.0-only${')'.repeat(40)}`,
    'GPL-3.0 AND',
  ])('mentions all its words where it is no expression: %s', (text) => {
    const known = text.match(/[\w.-]+/g)?.find((word) => /GPL/i.test(word)) ?? '';
    expect(namesMentioned(text)).toContain(known);
    expect(namesMentioned(text)).toContain(text);
  });

  it('is read whatever it is, and quickly', () => {
    const words = fc.array(fc.constantFrom('MIT', 'AND', 'OR', 'WITH', '(', ')'), { maxLength: 40 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          words.map((each) => each.join(' ')),
        ),
        (text) => {
          expect(namesMentioned(text).length).toBeGreaterThan(0);
          expect(() => parseLicence(text)).not.toThrow();
        },
      ),
    );
    expect(namesMentioned('('.repeat(100_000))).toHaveLength(1);
  });
});
