import { describe, expect, it } from 'vitest';
import { delayBeforeRetry, PATIENCE, type RetryState } from './retry.js';

const first: RetryState = { tries: 1, elapsed: 0, now: Date.parse('2026-01-01T00:00:00Z'), idempotent: true };
const lost = { status: null, retryAfter: null };

describe('delayBeforeRetry', () => {
  it('waits longer after each try', () => {
    const delays = [1, 2, 3].map((tries) => delayBeforeRetry(lost, { ...first, tries }));
    expect(delays).toEqual([250, 500, 1000]);
  });

  it('waits as long as the service asks for, in seconds or until a date', () => {
    expect(delayBeforeRetry({ status: 503, retryAfter: '3' }, first)).toBe(3000);
    expect(delayBeforeRetry({ status: 429, retryAfter: 'Thu, 01 Jan 2026 00:00:07 GMT' }, first)).toBe(7000);
  });

  it('does not hurry because the service asks for less than the usual delay', () => {
    expect(delayBeforeRetry({ status: 503, retryAfter: '0' }, first)).toBe(250);
  });

  it('gives up rather than waiting longer than its patience', () => {
    expect(delayBeforeRetry({ status: 503, retryAfter: '3600' }, first)).toBeNull();
    expect(delayBeforeRetry(lost, { ...first, elapsed: PATIENCE })).toBeNull();
  });

  it.each([500, 501, 301])('does not repeat what was answered with %i', (status) => {
    expect(delayBeforeRetry({ status, retryAfter: '1' }, first)).toBeNull();
  });

  it('repeats what may have been carried out only where that does no harm', () => {
    const once = { ...first, idempotent: false };
    expect(delayBeforeRetry(lost, once)).toBeNull();
    expect(delayBeforeRetry({ status: 504, retryAfter: null }, once)).toBeNull();
    expect(delayBeforeRetry({ status: 503, retryAfter: null }, once)).toBe(250);
  });
});
