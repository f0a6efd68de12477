import { describe, expect, it } from 'vitest';
import { isVerdictId, verdictIdAt } from './verdict-id.js';

describe('the id of a verdict', () => {
  it('is the UUID of version 7 that RFC 9562 gives as an example', () => {
    const random = Buffer.from('0cc318c4dc0c0c07398f', 'hex');
    expect(verdictIdAt(new Date('2022-02-22T19:22:22.000Z'), random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('stands behind all of earlier moments', () => {
    const [least, most] = [Buffer.alloc(10, 0), Buffer.alloc(10, 0xff)];
    const earlier = verdictIdAt(new Date('2026-11-30T23:59:59.999Z'), most);
    const later = verdictIdAt(new Date('2026-12-01T00:00:00.000Z'), least);
    expect(earlier < later).toBe(true);
    expect([earlier, later].every(isVerdictId)).toBe(true);
  });
});
