import { coalesce } from '../platform/coalesce.js';
import type { FactContent } from './fact.js';

export interface LargeContent {
  /** Bytes of its JSON. */
  readonly size: number;
  readonly content: FactContent;
}

/** Of JSON; as values they take a few times as much. */
const MOST_KEPT_BYTES = 16 * 1024 * 1024;
/** Of one load, and loads at once: each content is some megabytes, on connections that others need too. */
const AT_ONCE = { maxBatch: 4, maxInFlight: 2 };

/**
 * Reads contents that are too large for an image's row, few at a time, and keeps those read last: the same evidence is asked for
 * again when one image is asked about under several names, or by several policies.
 */
export class LargeContents {
  private readonly load: (id: string) => Promise<LargeContent | undefined>;
  /** The one that was not read for the longest time stands first. */
  private readonly kept = new Map<string, LargeContent>();
  private keptBytes = 0;

  constructor(load: (ids: readonly string[]) => Promise<ReadonlyMap<string, LargeContent>>) {
    this.load = coalesce(load, AT_ONCE);
  }

  /** The content of the fact with this id, or undefined where there is none. */
  async read(id: string): Promise<FactContent | undefined> {
    const found = this.kept.get(id) ?? (await this.load(id));
    if (found !== undefined) this.keep(id, found);
    return found?.content;
  }

  private keep(id: string, found: LargeContent): void {
    if (this.kept.delete(id)) this.keptBytes -= found.size;
    this.kept.set(id, found);
    this.keptBytes += found.size;
    for (const [oldest, { size }] of this.kept) {
      if (this.keptBytes <= MOST_KEPT_BYTES) return;
      this.kept.delete(oldest);
      this.keptBytes -= size;
    }
  }
}
