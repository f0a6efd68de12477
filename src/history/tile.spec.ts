import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafHash, subtreesOf, treeRoot, type TreeHash } from './merkle-tree.js';
import {
  fullTiles,
  hashesOf,
  hashInTile,
  parseTileLevel,
  parseTilePath,
  rootOfEdge,
  tileOf,
  tilePath,
  tileRoot,
  tileWidth,
} from './tile.js';

describe('tilePath', () => {
  it.each([
    [0, 256, '000'],
    [67, 256, '067'],
    [999, 8, '999.p/8'],
    [1000, 256, 'x001/000'],
    [1_234_067, 256, 'x001/x234/067'],
    [1_234_067, 255, 'x001/x234/067.p/255'],
  ])('writes tile %i of width %i as %s', (tile, width, path) => {
    expect(tilePath({ tile, width })).toBe(path);
    expect(parseTilePath(path)).toEqual({ tile, width });
  });

  it('is read again as what was written', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), fc.integer({ min: 1, max: 256 }), (tile, width) => {
        expect(parseTilePath(tilePath({ tile, width }))).toEqual({ tile, width });
      }),
    );
  });

  it.each([
    '',
    '0',
    '00',
    '0000',
    'x000/000',
    'x001',
    'x001/x002',
    '001/002',
    '000.p/0',
    '000.p/00',
    '000.p/08',
    '000.p/256',
    '000.p/',
    '000.p/-1',
    '000.p/8/',
    '../000',
    '000\n',
    ' 000',
    'X001/000',
    'x999/x999/x999/x999/x999/999',
    'x001//000',
  ])('does not read %j', (path) => {
    expect(parseTilePath(path)).toBeNull();
  });
});

describe('parseTileLevel', () => {
  it.each([
    ['0', 0],
    ['9', 9],
    ['63', 63],
    ['64', null],
    ['00', null],
    ['-1', null],
    ['', null],
    ['1e1', null],
    ['entries', null],
  ])('reads %j as %s', (text, level) => {
    expect(parseTileLevel(text)).toBe(level);
  });
});

const leaves = Array.from({ length: 256 * 256 + 256 * 3 + 5 }, (_, i) => leafHash(Buffer.from([i, i >> 8, i >> 16])));

/** The hashes of each level of tiles of the tree of so many leaves, one after the other. */
function levelsOf(size: number): readonly (readonly TreeHash[])[] {
  const levels: TreeHash[][] = [leaves.slice(0, size)];
  for (let below = levels[0]!; below.length >= 256; below = levels.at(-1)!) {
    const full = Math.floor(below.length / 256);
    levels.push(Array.from({ length: full }, (_, i) => tileRoot(below.slice(i * 256, (i + 1) * 256))));
  }
  return levels;
}

describe('the tiles of a tree', () => {
  const size = leaves.length;
  const levels = levelsOf(size);

  it('are as wide as the specification says', () => {
    expect(levels.map((level) => level.length)).toEqual([66_309, 259, 1]);
    expect([0, 1, 2].map((level) => fullTiles(level, size))).toEqual([259, 1, 0]);
    expect([tileWidth(0, 258, size), tileWidth(0, 259, size), tileWidth(0, 260, size)]).toEqual([256, 5, 0]);
    expect([tileWidth(1, 0, size), tileWidth(1, 1, size), tileWidth(2, 0, size)]).toEqual([256, 3, 1]);
  });

  it.each([0, 1, 5, 255, 256, 257, 700, 65_536, leaves.length])('give the root of %i leaves by their edge', (count) => {
    const edge = levelsOf(count).map((level) => level.slice(Math.floor(level.length / 256) * 256));
    expect(rootOfEdge(edge)).toEqual(treeRoot(leaves.slice(0, count)));
  });

  it('hold the hash of every subtree', () => {
    const hashes = subtreesOf({ begin: 0, end: size }).concat([
      { level: 3, index: 40 },
      { level: 7, index: 1 },
      { level: 9, index: 20 },
      { level: 0, index: 66_308 },
    ]);
    for (const subtree of hashes) {
      const { level, tile, width } = tileOf(subtree, size);
      const held = levels[level]!.slice(tile * 256, tile * 256 + width);
      expect(held).toHaveLength(width);
      const [begin, end] = [subtree.index * 2 ** subtree.level, (subtree.index + 1) * 2 ** subtree.level];
      expect(hashInTile(subtree, Buffer.concat(held))).toEqual(treeRoot(leaves.slice(begin, end)));
      expect(hashesOf(Buffer.concat(held))).toEqual(held);
    }
  });
});
