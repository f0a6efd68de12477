import { describe, expect, it } from 'vitest';
import { ageText, DURATION_PATTERN, durationMilliseconds, durationText } from './duration.js';

const HOUR = 3_600_000;

describe('a duration', () => {
  it.each([
    ['30s', 30_000],
    ['90m', 1.5 * HOUR],
    ['24h', 24 * HOUR],
    ['7d', 168 * HOUR],
    ['2w', 336 * HOUR],
    ['P7D', 168 * HOUR],
    ['P2W', 336 * HOUR],
    ['PT36H', 36 * HOUR],
    ['P1DT12H30M5S', 36.5 * HOUR + 5000],
    ['PT0H1M', 60_000],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(durationMilliseconds(text)).toBe(milliseconds);
  });

  it.each([
    '',
    '0h',
    '24',
    'h',
    '24 h',
    '24H',
    '-1h',
    '1.5h',
    'P',
    'PT',
    'P1',
    'P1M',
    'P1Y',
    'P1DT',
    'P0D',
    '1h30m',
    'PT1D',
  ])('is not %j', (text) => {
    expect(DURATION_PATTERN.test(text)).toBe(false);
    expect(() => durationMilliseconds(text)).toThrow(RangeError);
  });

  it('is written in its largest whole unit, in days from three on', () => {
    expect([24 * HOUR, 48 * HOUR, 72 * HOUR, 336 * HOUR, 1.5 * HOUR, 30_000, 1].map(durationText)).toEqual([
      '24 h',
      '48 h',
      '3 d',
      '14 d',
      '90 min',
      '30 s',
      '1 ms',
    ]);
  });
});

describe('an age beyond a limit', () => {
  it('is rounded down, but never so far that it looks within the limit', () => {
    expect(ageText(31.9 * HOUR, 24 * HOUR)).toBe('31 h');
    expect(ageText(24 * HOUR + 1, 24 * HOUR)).toBe('86400001 ms');
    expect(ageText(24.5 * HOUR, 24 * HOUR)).toBe('1470 min');
    expect(ageText(15.5 * 24 * HOUR, 14 * 24 * HOUR)).toBe('15 d');
    expect(ageText(14.5 * 24 * HOUR, 14 * 24 * HOUR)).toBe('348 h');
  });
});
