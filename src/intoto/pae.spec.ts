import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pae, paeHeader } from './pae.js';

describe('pae', () => {
  it('writes the lengths in bytes, not in characters, of a non-ASCII payloadType', () => {
    expect(pae('é😀', Buffer.from('ü')).toString()).toBe('DSSEv1 6 é😀 2 ü');
  });

  it('writes empty parts and zero lengths', () => {
    expect(pae('', Buffer.alloc(0)).toString()).toBe('DSSEv1 0  0 ');
  });

  it('is the header followed by the body as it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array(), (type, body) => {
        const whole = pae(type, body);
        const header = paeHeader(type, body.length);
        expect(whole.subarray(0, header.length)).toEqual(header);
        expect(Buffer.from(body).equals(whole.subarray(header.length))).toBe(true);
      }),
    );
  });

  it('differs for every other type or body, however spaces and digits are moved between them', () => {
    const part = fc.array(fc.constantFrom('1', '2', ' ', 'a', 'é'), { maxLength: 6 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(part, part, part, part, (type, body, otherType, otherBody) => {
        fc.pre(type !== otherType || body !== otherBody);
        expect(pae(type, Buffer.from(body)).equals(pae(otherType, Buffer.from(otherBody)))).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});
