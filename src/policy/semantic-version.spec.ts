import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSemanticVersions, parseSemanticVersion } from './semantic-version.js';

function compare(a: string, b: string): number {
  return compareSemanticVersions(parseSemanticVersion(a), parseSemanticVersion(b));
}

/** Each stands below the one after it; the middle of it is the example of semver.org, section 11.4. */
const RISING = [
  '0.0.0-0',
  '0.0.0',
  '0.0.9',
  '0.0.10',
  '0.2.0',
  '1.0.0-0',
  '1.0.0-1',
  '1.0.0-10',
  '1.0.0-9007199254740993',
  '1.0.0-9007199254740994',
  '1.0.0--1',
  '1.0.0-0A',
  '1.0.0-A',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '2.0.0',
  '2.1.0',
  '2.1.1',
  '10.0.0',
  '99999999999999999999998.0.0',
  '99999999999999999999999.0.0',
];

/** Of the list of valid versions that semver.org links to beside its regular expression. */
const VALID = [
  '0.0.4',
  '10.20.30',
  '1.1.2-prerelease+meta',
  '1.1.2+meta-valid',
  '1.0.0-alpha0.valid',
  '1.0.0-alpha.0valid',
  '1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay',
  '1.2.3----RC-SNAPSHOT.12.9.1--.12+788',
  '1.0.0+0.build.1-rc.10000aaa-kk-0.1',
  '1.0.0-0A.is.legal',
];

/** Of its list of invalid ones. */
const INVALID = [
  '',
  '1',
  '1.2',
  '1.2.3-0123',
  '1.2.3-0123.0123',
  '1.1.2+.123',
  '+invalid',
  '-invalid',
  'alpha',
  '1.0.0-alpha_beta',
  '1.0.0-alpha..',
  '01.1.1',
  '1.01.1',
  '1.1.01',
  '1.2.3.DEV',
  '1.2-SNAPSHOT',
  '1.2-RC-SNAPSHOT',
  '-1.0.3-gamma+b7718',
  '9.8.7+meta+meta',
  'v1.2.3',
  ' 1.2.3',
  '1.2.3\n',
  '1.2.٣',
];

describe('semantic versions', () => {
  it('are ordered as in semver.org, section 11', () => {
    for (const [index, a] of RISING.entries()) {
      for (const [other, b] of RISING.entries()) expect(compare(a, b), `${a} and ${b}`).toBe(Math.sign(index - other));
    }
  });

  it('are equal whatever their build metadata', () => {
    expect(compare('1.0.0+a', '1.0.0+b')).toBe(0);
    expect(compare('1.0.0-rc.1+a', '1.0.0-rc.1')).toBe(0);
  });

  it.each(VALID)('are read: %s', (text) => {
    expect(compare(text, text)).toBe(0);
  });

  it.each(INVALID)('are nothing else: %j', (text) => {
    expect(() => parseSemanticVersion(text)).toThrow(RangeError);
  });

  it('are no longer than 256 characters', () => {
    expect(compare(`1.0.0-${'a'.repeat(250)}`, '1.0.0')).toBe(-1);
    expect(() => parseSemanticVersion(`1.0.0-${'a'.repeat(251)}`)).toThrow(RangeError);
  });

  it('are ordered totally', () => {
    const version = fc.tuple(
      fc.nat({ max: 2 }),
      fc.array(fc.constantFrom('0', '2', '10', 'a', 'A', '-', 'rc'), { maxLength: 3 }),
    );
    const text = version.map(([major, rest]) => `${major}.0.0${rest.length === 0 ? '' : `-${rest.join('.')}`}`);
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(compare(a, b) + compare(b, a)).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
        if (compare(a, b) === 0) expect(a).toBe(b);
      }),
    );
  });
});
