import { describe, expect, it } from 'vitest';
import { KnownSubtrees } from './known-subtrees.js';
import { consistencySpans, inclusionSpans, leafHash, treeRoot, verifyInclusion, type TreeHash } from './merkle-tree.js';
import { spanHashes, type ReadTiles } from './span-hashes.js';
import { hashesOf, tileRoot } from './tile.js';

const SIZE = 256 * 256 + 700;
const leaves = Array.from({ length: SIZE }, (_, i) => leafHash(Buffer.from(`${i}`)));
const levels: readonly (readonly TreeHash[])[] = [leaves, rootsOf(leaves), rootsOf(rootsOf(leaves))];

function rootsOf(hashes: readonly TreeHash[]): readonly TreeHash[] {
  return Array.from({ length: Math.floor(hashes.length / 256) }, (_, i) =>
    tileRoot(hashes.slice(i * 256, (i + 1) * 256)),
  );
}

/** Reads tiles, and notes which. */
function reader(): { readonly read: string[]; readonly tiles: ReadTiles } {
  const read: string[] = [];
  return {
    read,
    tiles: (asked) => {
      read.push(...asked.map(({ level, tile }) => `${level}/${tile}`));
      return Promise.resolve(
        asked.map(({ level, tile, width }) =>
          Buffer.concat((levels[level] ?? []).slice(tile * 256, tile * 256 + width)),
        ),
      );
    },
  };
}

describe('the hashes of spans', () => {
  it('prove entries in trees of any size, whatever is known already, also asked for at once', async () => {
    const known = new KnownSubtrees();
    const { tiles } = reader();
    const proofs = [300, 65_536, 66_000, SIZE, 512, 65_537].flatMap((size) =>
      [0, 255, 256, size - 1].map((index) => ({ size, index })),
    );
    const proved = await Promise.all(
      proofs.map(async ({ size, index }) => ({
        index,
        size,
        leafHash: leaves[index] ?? Buffer.alloc(0),
        proof: await spanHashes(inclusionSpans(index, size), size, tiles, known),
        root: treeRoot(leaves.slice(0, size)),
      })),
    );
    for (const claim of proved) expect(verifyInclusion(claim)).toBe(true);
  });

  it('of complete subtrees as high as a tile are read once, and those below each time', async () => {
    const known = new KnownSubtrees();
    const { read, tiles } = reader();
    const first = await spanHashes(inclusionSpans(700, 65_536), 65_536, tiles, known);
    expect(read).toEqual(['0/2', '1/0']);
    const again = await spanHashes(inclusionSpans(700, 65_536), 65_536, tiles, known);
    expect(again).toEqual(first);
    expect(read).toEqual(['0/2', '1/0', '0/2']);
  });

  it('are those of the tree also where more is known than is kept', async () => {
    const known = new KnownSubtrees();
    const { tiles } = reader();
    for (let index = 0; index < 70_000; index += 1) known.keep({ level: 9, index: 1_000_000 + index }, leaves[0]!);
    const spans = consistencySpans(1000, SIZE);
    const expected = await spanHashes(spans, SIZE, tiles, new KnownSubtrees());
    expect(await spanHashes(spans, SIZE, tiles, known)).toEqual(expected);
    expect(hashesOf(Buffer.concat(expected))).toHaveLength(spans.length);
  });
});
