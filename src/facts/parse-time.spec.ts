import { describe, expect, it } from 'vitest';
import { parseTime } from './parse-time.js';

describe('parseTime', () => {
  it.each([
    ['2026-11-23T10:20:30Z', '2026-11-23T10:20:30.000Z'],
    ['2026-11-23T10:20:30.5Z', '2026-11-23T10:20:30.500Z'],
    ['2026-11-23T10:20:30.123456789Z', '2026-11-23T10:20:30.123Z'],
    ['2026-11-23T10:20:30.9999Z', '2026-11-23T10:20:30.999Z'],
    ['2026-11-23T01:20:30+02:00', '2026-11-22T23:20:30.000Z'],
    ['2026-11-23T10:20:30-05:30', '2026-11-23T15:50:30.000Z'],
    ['2026-11-23t10:20:30z', '2026-11-23T10:20:30.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('reads %s as %s', (text, utc) => {
    expect(parseTime(text)).toBe(utc);
  });

  it.each([
    ['a date alone', '2026-11-23'],
    ['a time without offset', '2026-11-23T10:20:30'],
    ['a space between date and time', '2026-11-23 10:20:30Z'],
    ['white space around it', ' 2026-11-23T10:20:30Z'],
    ['a line after it', '2026-11-23T10:20:30Z\n'],
    ['an RFC 2822 date', 'Mon, 23 Nov 2026 10:20:30 GMT'],
    ['seconds since the epoch', '1795429230'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['hour 24', '2026-11-23T24:00:00Z'],
    ['29 February outside a leap year', '2026-02-29T00:00:00Z'],
    ['31 April', '2026-04-31T00:00:00Z'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['day 0', '2026-11-00T00:00:00Z'],
    ['an offset of 24 hours', '2026-11-23T10:20:30+24:00'],
    ['an offset without a colon', '2026-11-23T10:20:30+0200'],
    ['a fraction without digits', '2026-11-23T10:20:30.Z'],
    ['the year 0', '0000-06-01T00:00:00Z'],
    ['a time whose offset leads into the year 0', '0001-01-01T00:00:00+01:00'],
    ['a time whose offset leads into the year 10000', '9999-12-31T23:59:59-01:00'],
    ['digits of another script', '２０２６-11-23T10:20:30Z'],
    ['nothing', ''],
  ])('refuses %s', (_what, text) => {
    expect(() => parseTime(text)).toThrow(RangeError);
  });
});
