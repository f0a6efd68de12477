import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEntryBundle } from './entry-bundle.js';

function bundleOf(leaves: readonly Uint8Array[]): Buffer {
  return Buffer.concat(leaves.flatMap((leaf) => [Buffer.of(leaf.length >> 8, leaf.length & 255), leaf]));
}

describe('readEntryBundle', () => {
  it('reads back what a bundle was made of', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (leaves) => {
        const read = readEntryBundle(bundleOf(leaves), leaves.length);
        expect(read).toEqual(leaves.map((leaf) => Buffer.from(leaf)));
      }),
    );
  });

  it('refuses a bundle that ends within an entry, or holds more or fewer than it must', () => {
    const bundle = bundleOf([Buffer.from('one'), Buffer.from('two')]);
    for (let length = 1; length < bundle.length; length += 1) {
      expect(readEntryBundle(bundle.subarray(0, length), 2)).toHaveProperty('fault');
    }
    expect(readEntryBundle(bundle, 1)).toEqual({ fault: 'holds 2 entries, not 1' });
    expect(readEntryBundle(Buffer.alloc(0), 1)).toEqual({ fault: 'holds 0 entries, not 1' });
  });
});
