import { describe, expect, it } from 'vitest';
import { GrowingTree, type FullTile } from './growing-tree.js';
import { leafHash, treeRoot, type TreeHash } from './merkle-tree.js';
import { fullTiles, hashesOf } from './tile.js';

const leaves = Array.from({ length: 256 * 256 + 700 }, (_, i) => leafHash(Buffer.from(`${i}`)));

/** What is behind the last full tile of each level, out of the tiles that were answered. */
function edgeOf(size: number, tiles: readonly FullTile[]): readonly (readonly TreeHash[])[] {
  const edge: TreeHash[][] = [leaves.slice(fullTiles(0, size) * 256, size)];
  for (let level = 1; fullTiles(level - 1, size) > 0; level += 1) {
    const below = tiles.filter((tile) => tile.level === level - 1).map((tile) => tile.root);
    edge.push(below.slice(fullTiles(level, size) * 256));
  }
  return edge;
}

describe('a growing tree', () => {
  it('has the root of its leaves, however many are appended at once', () => {
    const tree = new GrowingTree(0, []);
    const tiles: FullTile[] = [];
    for (const step of [0, 1, 254, 1, 1, 300, 65_000, 678]) {
      tiles.push(...tree.append(leaves.slice(tree.size, tree.size + step)));
      expect(tree.root()).toEqual(treeRoot(leaves.slice(0, tree.size)));
      expect(tiles.filter((tile) => tile.level === 0)).toHaveLength(fullTiles(0, tree.size));
      expect(tiles.filter((tile) => tile.level === 1)).toHaveLength(fullTiles(1, tree.size));
    }
    tiles
      .filter(({ level }) => level === 0)
      .forEach(({ tile, hashes, root }, i) => {
        expect(tile).toBe(i);
        expect(hashesOf(hashes)).toEqual(leaves.slice(i * 256, (i + 1) * 256));
        expect(root).toEqual(treeRoot(leaves.slice(i * 256, (i + 1) * 256)));
      });
    expect(tiles.find(({ level }) => level === 1)?.root).toEqual(treeRoot(leaves.slice(0, 65_536)));
  });

  it.each([0, 5, 256, 512, 65_536, 66_000])('goes on from its edge at %i leaves', (size) => {
    const first = new GrowingTree(0, []);
    const tiles = first.append(leaves.slice(0, size));
    const second = new GrowingTree(size, edgeOf(size, tiles));
    expect(second.root()).toEqual(first.root());
    expect(second.append(leaves.slice(size))).toEqual(first.append(leaves.slice(size)));
    expect(second.root()).toEqual(treeRoot(leaves));
  });
});
