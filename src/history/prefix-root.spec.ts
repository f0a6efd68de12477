import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inclusionSpans, leafHash, spanHash, subtreesOf, treeRoot, type TreeHash } from './merkle-tree.js';
import { prefixRoot } from './prefix-root.js';

const leaves = Array.from({ length: 300 }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)));
const rootAt = (size: number): TreeHash => treeRoot(leaves.slice(0, size));

function proofOf(index: number, size: number): readonly TreeHash[] {
  return inclusionSpans(index, size).map((span) =>
    spanHash(
      subtreesOf(span).map(({ level, index: at }) => treeRoot(leaves.slice(at * 2 ** level, (at + 1) * 2 ** level))),
    ),
  );
}

const leafOfTree = fc
  .integer({ min: 1, max: leaves.length })
  .chain((size) => fc.tuple(fc.integer({ min: 0, max: size - 1 }), fc.constant(size)));

describe('prefixRoot', () => {
  it('is the root of the tree that ended with the leaf', () => {
    fc.assert(
      fc.property(leafOfTree, ([index, size]) => {
        const claim = { index, size, leafHash: leaves[index]!, proof: proofOf(index, size), root: rootAt(size) };
        expect(prefixRoot(claim)).toEqual(rootAt(index + 1));
      }),
    );
  });

  it('is nothing where the proof does not lead to the root', () => {
    fc.assert(
      fc.property(leafOfTree, ([index, size]) => {
        const claim = { index, size, leafHash: leaves[index]!, proof: proofOf(index, size), root: rootAt(size) };
        expect(prefixRoot({ ...claim, leafHash: leafHash(Buffer.from('another')) })).toBeNull();
        expect(prefixRoot({ ...claim, root: Buffer.alloc(32) })).toBeNull();
        expect(prefixRoot({ ...claim, proof: [...claim.proof, Buffer.alloc(32)] })).toBeNull();
      }),
    );
  });
});
