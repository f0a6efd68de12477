import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencySpans,
  EMPTY_ROOT,
  inclusionSpans,
  leafHash,
  nodeHash,
  RightEdge,
  spanHash,
  subtreesOf,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
  type Span,
  type TreeHash,
} from './merkle-tree.js';

const leaves = Array.from({ length: 300 }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)));
const rootAt = (size: number): TreeHash => treeRoot(leaves.slice(0, size));

/** RFC 6962, 2.1, word for word. */
function definedRoot(hashes: readonly TreeHash[]): TreeHash {
  const [only] = hashes;
  if (only === undefined) return EMPTY_ROOT;
  if (hashes.length === 1) return only;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return nodeHash(definedRoot(hashes.slice(0, split)), definedRoot(hashes.slice(split)));
}

/** The hash of a span by way of its subtrees, as a log that keeps hashes of subtrees finds it. */
function hashOf(span: Span): TreeHash {
  return spanHash(
    subtreesOf(span).map(({ level, index }) => definedRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))),
  );
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}

const sizes = fc.integer({ min: 1, max: leaves.length });
const leafOfTree = sizes.chain((size) => fc.tuple(fc.integer({ min: 0, max: size - 1 }), fc.constant(size)));
const twoSizes = fc.tuple(fc.integer({ min: 0, max: leaves.length }), fc.integer({ min: 0, max: leaves.length }));

describe('treeRoot', () => {
  it('of no leaves is the hash of nothing', () => {
    expect(treeRoot([]).toString('base64')).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
  });

  it('is as RFC 6962 defines it, at every size', () => {
    const edge = new RightEdge();
    for (let size = 0; size <= leaves.length; size += 1) {
      expect(edge.root()).toEqual(definedRoot(leaves.slice(0, size)));
      expect(edge.size).toBe(size);
      const next = leaves[size];
      if (next !== undefined) edge.append(next);
    }
  });
});

describe('an inclusion proof', () => {
  it('verifies for every leaf of every tree up to 70 leaves', () => {
    for (let size = 1; size <= 70; size += 1) {
      const root = rootAt(size);
      for (let index = 0; index < size; index += 1) {
        const proof = inclusionSpans(index, size).map(hashOf);
        expect(verifyInclusion({ index, size, leafHash: leaves[index]!, proof, root })).toBe(true);
      }
    }
  });

  it('fails with any bit flipped, of another leaf or size, and with a hash more or less', () => {
    fc.assert(
      fc.property(leafOfTree, fc.nat({ max: 255 }), fc.nat(), ([index, size], bit, which) => {
        const claim = {
          index,
          size,
          leafHash: leaves[index]!,
          proof: inclusionSpans(index, size).map(hashOf),
          root: rootAt(size),
        };
        expect(verifyInclusion(claim)).toBe(true);
        const at = which % (claim.proof.length + 2);
        const damaged = [claim.leafHash, claim.root, ...claim.proof].map((each, i) =>
          i === at ? flipped(each, bit) : each,
        );
        const [leaf, root, ...proof] = damaged;
        expect(verifyInclusion({ ...claim, leafHash: leaf!, root: root!, proof })).toBe(false);
        expect(verifyInclusion({ ...claim, index: (index + 1) % (size + 1) })).toBe(false);
        expect(verifyInclusion({ ...claim, size: size + 1 }) && size + 1 <= index).toBe(false);
        expect(verifyInclusion({ ...claim, proof: [...claim.proof, claim.root] })).toBe(false);
        if (claim.proof.length > 0) {
          expect(verifyInclusion({ ...claim, proof: claim.proof.slice(1) })).toBe(false);
        }
      }),
    );
  });

  it.each([
    { index: 3, size: 3 },
    { index: -1, size: 3 },
    { index: 0.5, size: 3 },
    { index: 0, size: 0 },
  ])('there is none of leaf $index among $size', ({ index, size }) => {
    expect(() => inclusionSpans(index, size)).toThrow(RangeError);
    expect(verifyInclusion({ index, size, leafHash: leaves[0]!, proof: [], root: leaves[0]! })).toBe(false);
  });

  it('is found for trees beyond 32 bits', () => {
    const size = 2 ** 40 + 3;
    const spans = inclusionSpans(2 ** 35 + 1, size);
    expect(spans).toHaveLength(41);
    expect(spans.at(-1)).toEqual({ begin: 2 ** 40, end: size });
    expect(subtreesOf({ begin: 2 ** 40, end: size })).toEqual([
      { level: 1, index: 2 ** 39 },
      { level: 0, index: 2 ** 40 + 2 },
    ]);
  });
});

describe('a consistency proof', () => {
  it('verifies between every two sizes up to 70 leaves', () => {
    for (let to = 0; to <= 70; to += 1) {
      for (let from = 0; from <= to; from += 1) {
        const proof = consistencySpans(from, to).map(hashOf);
        expect(verifyConsistency({ from, to, fromRoot: rootAt(from), toRoot: rootAt(to), proof })).toBe(true);
      }
    }
  });

  it('fails with any bit flipped, and with a hash more or less', () => {
    fc.assert(
      fc.property(twoSizes, fc.nat({ max: 255 }), fc.nat(), (pair, bit, which) => {
        const [from, to] = [Math.min(...pair), Math.max(...pair)];
        const proof = consistencySpans(from, to).map(hashOf);
        const claim = { from, to, fromRoot: rootAt(from), toRoot: rootAt(to), proof };
        expect(verifyConsistency(claim)).toBe(true);
        // Nothing about a later tree follows from the empty one.
        if (from === 0) return;
        const at = which % (proof.length + 2);
        const damaged = [claim.fromRoot, claim.toRoot, ...proof].map((each, i) =>
          i === at ? flipped(each, bit) : each,
        );
        const [fromRoot, toRoot, ...changed] = damaged;
        expect(verifyConsistency({ ...claim, fromRoot: fromRoot!, toRoot: toRoot!, proof: changed })).toBe(false);
        expect(verifyConsistency({ ...claim, proof: [...proof, claim.toRoot] })).toBe(false);
        if (proof.length > 0) expect(verifyConsistency({ ...claim, proof: proof.slice(1) })).toBe(false);
      }),
    );
  });

  it('there is none from a larger tree to a smaller', () => {
    expect(() => consistencySpans(3, 2)).toThrow(RangeError);
    expect(verifyConsistency({ from: 3, to: 2, fromRoot: rootAt(3), toRoot: rootAt(2), proof: [] })).toBe(false);
  });
});
