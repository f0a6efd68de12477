import { Injectable } from '@nestjs/common';
import { AppError } from '../platform/app-error.js';
import { LogStore, type ServedCheckpoint } from './log.store.js';
import { consistencySpans, inclusionSpans, leafHash, type TreeHash } from './merkle-tree.js';
import { spanHashes } from './span-hashes.js';
import { TILE_WIDTH, tileWidth, type TileCoordinates } from './tile.js';
import { formatTlogProof } from './tlog-proof.js';

/** The place of an entry in the log, and the hashes that lead from its leaf to the root. */
export interface EntryPath {
  readonly sequence: number;
  readonly index: number;
  readonly hashes: readonly TreeHash[];
}

/** That an entry is in the log, under one of its checkpoints. */
export interface EntryProof extends EntryPath {
  readonly leaf: Buffer;
  readonly leafHash: TreeHash;
  readonly checkpoint: ServedCheckpoint;
}

/** That the tree of `from` leaves is a beginning of the tree of `to` leaves. */
export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: TreeHash;
  readonly toRoot: TreeHash;
  readonly hashes: readonly TreeHash[];
}

/** The sealed log as outsiders read it: up to its last checkpoint, and nothing behind that. */
@Injectable()
export class LogService {
  constructor(private readonly store: LogStore) {}

  /**
   * A checkpoint: the last one, or the one of a size.
   *
   * @throws AppError `size_beyond_log`, `checkpoint_not_found`.
   */
  async checkpoint(size: number | null): Promise<ServedCheckpoint> {
    const found = size === null ? await this.store.latest() : await this.store.checkpointAt(size);
    if (found !== null) return found;
    if (size !== null) await this.assertWithin(size, 'query.size');
    throw new AppError('not_found', 'checkpoint_not_found', 'no checkpoint was signed of this size');
  }

  /**
   * The hashes of a tile.
   *
   * @throws AppError `tile_not_found` where the log has not grown that far.
   */
  async tile(wanted: TileCoordinates): Promise<Buffer> {
    await this.assertTile(wanted);
    const [hashes] = await this.store.tiles([wanted]);
    return hashes ?? Buffer.alloc(0);
  }

  /**
   * The leaves below a tile of level 0, each behind its length in two bytes, big-endian (C2SP tlog-tiles, entry bundles).
   *
   * @throws AppError `tile_not_found`.
   */
  async entryBundle({ tile, width }: Omit<TileCoordinates, 'level'>): Promise<Buffer> {
    await this.assertTile({ level: 0, tile, width });
    const leaves = await this.store.leaves(tile * TILE_WIDTH, width);
    return Buffer.concat(
      leaves.flatMap((leaf) => {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(leaf.length);
        return [length, leaf];
      }),
    );
  }

  /**
   * The proof of an entry under the last checkpoint, or under that of a size.
   *
   * @throws AppError `entry_not_sealed`, `size_beyond_log`, `checkpoint_not_found`.
   */
  async proof(sequence: number, size: number | null): Promise<EntryProof> {
    const proof = await this.findProof(sequence, await this.checkpoint(size));
    if (proof !== null) return proof;
    throw new AppError('not_found', 'entry_not_sealed', `no entry ${sequence} is in the log at that size`);
  }

  /** The proof of an entry with its leaf as one text (C2SP tlog-proof); null while it is not sealed. */
  async proofText(sequence: number | null): Promise<string | null> {
    const latest = sequence === null ? null : await this.store.latest();
    const proof = sequence === null || latest === null ? null : await this.findProof(sequence, latest);
    return proof === null ? null : toTlogProof(proof);
  }

  /** The newest checkpoint, or null where nothing is sealed yet. */
  async findCheckpoint(): Promise<ServedCheckpoint | null> {
    return this.store.latest();
  }

  /** The proofs of entries under a checkpoint of `size`, by one read of tiles; what is not sealed by it is left out. */
  async inclusion(size: number, sequences: readonly number[]): Promise<readonly EntryPath[]> {
    const sealed = sequences.filter((sequence) => sequence >= 1 && sequence <= size);
    const paths = sealed.map((sequence) => inclusionSpans(sequence - 1, size));
    const hashes = await spanHashes(paths.flat(), size, (tiles) => this.store.tiles(tiles));
    let taken = 0;
    return sealed.map((sequence, at) => {
      const begin = taken;
      taken += paths[at]?.length ?? 0;
      return { sequence, index: sequence - 1, hashes: hashes.slice(begin, taken) };
    });
  }

  /**
   * Between any two sizes of the log; `to` is its size where it is null.
   *
   * @throws AppError `size_beyond_log`, `size_invalid`.
   */
  async consistency(from: number, to: number | null): Promise<ConsistencyProof> {
    const { size } = await this.checkpoint(null);
    const end = to ?? size;
    if (end > size) throw beyond(end, size, 'query.to');
    if (from > size) throw beyond(from, size, 'query.from');
    if (from > end) {
      const message = `must not be larger than to, which is ${end}`;
      throw new AppError('malformed', 'size_invalid', `from ${message}`, { errors: [{ path: 'query.from', message }] });
    }
    const spans = [...consistencySpans(from, end), { begin: 0, end: from }, { begin: 0, end }];
    const hashes = await spanHashes(spans, end, (tiles) => this.store.tiles(tiles));
    const [fromRoot, toRoot] = hashes.slice(-2);
    if (fromRoot === undefined || toRoot === undefined) throw new Error('a tree has no root');
    return { from, to: end, fromRoot, toRoot, hashes: hashes.slice(0, -2) };
  }

  private async findProof(sequence: number, checkpoint: ServedCheckpoint): Promise<EntryProof | null> {
    const index = sequence - 1;
    if (index < 0 || index >= checkpoint.size) return null;
    const [hashes, [leaf]] = await Promise.all([
      spanHashes(inclusionSpans(index, checkpoint.size), checkpoint.size, (tiles) => this.store.tiles(tiles)),
      this.store.leaves(index, 1),
    ]);
    if (leaf === undefined) throw new Error(`entry ${sequence} is sealed and not there`);
    return { sequence, index, leaf, leafHash: leafHash(leaf), hashes, checkpoint };
  }

  private async assertTile({ level, tile, width }: TileCoordinates): Promise<void> {
    const size = (await this.store.latest())?.size ?? 0;
    if (width <= tileWidth(level, tile, size)) return;
    throw new AppError('not_found', 'tile_not_found', `the log, of ${size} leaves, has no such tile, or not so wide`);
  }

  private async assertWithin(size: number, path: string): Promise<void> {
    const latest = (await this.store.latest())?.size ?? 0;
    if (size > latest) throw beyond(size, latest, path);
  }
}

/** The proof as one text, with the leaf as its extra line: all there is to verify but the key. */
export function toTlogProof({ leaf, index, hashes, checkpoint }: EntryProof): string {
  return formatTlogProof({ extra: leaf, index, hashes, checkpoint: checkpoint.note });
}

function beyond(size: number, latest: number, path: string): AppError {
  const message = `must be no larger than the log, which has ${latest} leaves`;
  return new AppError('not_found', 'size_beyond_log', `the log has no ${size} leaves, but ${latest}`, {
    errors: [{ path, message }],
  });
}
