import type pg from 'pg';
import { openCheckpoint, signCheckpoint } from './checkpoint.js';
import { GrowingTree, type FullTile } from './growing-tree.js';
import { SealingRefused, signerOf, type SealingSettings } from './log-settings.js';
import type { TreeHash } from './merkle-tree.js';
import { parseNoteKey, type NoteSigner } from './note-key.js';
import {
  placedSize,
  placeWithin,
  readCheckpoint,
  readEdge,
  readLeafHashes,
  storeSeal,
  within,
  type Placed,
  type StoredCheckpoint,
} from './seal.store.js';

/** What a process has sealed last: no other process or session of it may lead behind that. */
export interface Sealed {
  readonly size: number;
  readonly root: TreeHash;
}

/** A log that this session appends to. Any failure ends its use: what it remembers may be ahead of what is stored. */
export class OpenLog {
  private last: Sealed;

  constructor(
    private readonly client: pg.ClientBase,
    private readonly tree: GrowingTree,
    private readonly signer: NoteSigner,
  ) {
    this.last = { size: tree.size, root: tree.root() };
  }

  /** What has been signed and stored. */
  get sealed(): Sealed {
    return this.last;
  }

  get vkey(): string {
    return this.signer.key.vkey;
  }

  /**
   * Places up to `limit` committed entries above `above`, hashes them, stores the tiles that became full and signs the
   * checkpoint, in one transaction: durable on return, all of it or none.
   */
  async seal(above: number, limit: number): Promise<Placed> {
    return within(this.client, async () => {
      const placed = await placeWithin(this.client, above, limit);
      if (placed.count === 0) return placed;
      if (placed.first !== this.tree.size + 1) {
        throw new Error(`entries were placed up to ${placed.first - 1}, and sealed up to ${this.tree.size}`);
      }
      await this.store(this.tree.append(placed.leafHashes));
      return placed;
    });
  }

  /**
   * Seals what has been placed and never sealed, as before there was a log; signs the empty tree where there is nothing. In one
   * transaction, though in memory for `limit` leaves: nobody ever sees a log that is signed in part, which is what one looks
   * like whose tail was re-written.
   */
  async catchUp(isSealed: boolean, limit: number): Promise<void> {
    await within(this.client, async () => {
      if (!isSealed && (await placedSize(this.client)) === 0) await this.store([]);
      for (;;) {
        const hashes = await readLeafHashes(this.client, this.tree.size, limit);
        if (hashes === null) throw new SealingRefused(`the places of entries have a gap behind ${this.tree.size}`);
        if (hashes.length === 0) return;
        await this.store(this.tree.append(hashes));
      }
    });
  }

  private async store(tiles: readonly FullTile[]): Promise<void> {
    const { key } = this.signer;
    const [size, root] = [this.tree.size, this.tree.root()];
    const note = Buffer.from(signCheckpoint({ origin: key.name, size, root }, [this.signer]));
    await storeSeal(this.client, tiles, { size, root, note, vkey: key.vkey });
    this.last = { size, root };
  }
}

/**
 * Opens the log where it was left: at the last checkpoint, which must be signed by a key of this log and have the root to which
 * the stored hashes at the right edge lead. So nothing is signed that is not consistent with what was signed before.
 *
 * @param before what this process has sealed last; null where it has sealed nothing.
 * @throws SealingRefused where the key is another, or where what is stored does not belong together.
 */
export async function openLog(
  client: pg.ClientBase,
  settings: SealingSettings,
  before: Sealed | null,
  limit: number,
): Promise<OpenLog> {
  const last = await readCheckpoint(client, null);
  const signer = signerOf(settings, last?.vkey ?? null);
  if (before !== null) await assertNotBehind(client, last, before);
  const tree = last === null ? new GrowingTree(0, []) : await treeAt(client, last);
  const log = new OpenLog(client, tree, signer);
  await log.catchUp(last !== null, limit);
  return log;
}

async function treeAt(client: pg.ClientBase, { size, root, note, vkey }: StoredCheckpoint): Promise<GrowingTree> {
  const opened = openCheckpoint(note, parseNoteKey(vkey));
  if ('fault' in opened) throw new SealingRefused(`the last checkpoint stored, of ${size} leaves: ${opened.fault}`);
  if (opened.size !== size || !opened.root.equals(root)) {
    throw new SealingRefused(`the last checkpoint stored is filed under ${size} leaves and is of ${opened.size}`);
  }
  if ((await placedSize(client)) < size) {
    throw new SealingRefused(`the log was signed with ${size} leaves, and fewer entries have places`);
  }
  const edge = await readEdge(client, size);
  if (edge === null) throw new SealingRefused(`the log was signed with ${size} leaves, and hashes of them are missing`);
  const tree = new GrowingTree(size, edge);
  if (!tree.root().equals(opened.root)) {
    throw new SealingRefused(`the log was signed with ${size} leaves, and what is stored leads to another root`);
  }
  return tree;
}

async function assertNotBehind(client: pg.ClientBase, last: StoredCheckpoint | null, before: Sealed): Promise<void> {
  const same = await readCheckpoint(client, before.size);
  if (last !== null && last.size >= before.size && same?.root.equals(before.root) === true) return;
  throw new SealingRefused(
    `this process has sealed ${before.size} leaves, and what is stored does not go on from there: it was put back or replaced`,
  );
}
