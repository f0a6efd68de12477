import { describe, expect, it } from 'vitest';
import { WaiverCache } from './waiver-cache.js';
import type { Waiver } from './waiver.js';

const NOW = new Date(0);

/** Answers a waiver that says of which policy and revision it was loaded. */
function cacheOf(): { readonly cache: WaiverCache; readonly loads: string[] } {
  const loads: string[] = [];
  const cache = new WaiverCache((policy, revision) => {
    loads.push(`${policy} ${revision}`);
    return Promise.resolve([{ id: `${policy} ${revision}` } as Waiver]);
  });
  return { cache, loads };
}

const idsAt = async (cache: WaiverCache, revision: number, policy: string): Promise<readonly string[]> =>
  (await cache.at(revision, policy, NOW)).map(({ id }) => id);

describe('waivers kept by policy', () => {
  it('are loaded once at a revision, and anew at the next', async () => {
    const { cache, loads } = cacheOf();
    expect(await idsAt(cache, 1, 'a')).toEqual(['a 1']);
    expect(await idsAt(cache, 1, 'a')).toEqual(['a 1']);
    expect(await idsAt(cache, 1, 'b')).toEqual(['b 1']);
    expect(await idsAt(cache, 2, 'a')).toEqual(['a 2']);
    expect(loads).toEqual(['a 1', 'b 1', 'a 2']);
  });

  it('are those of the revision asked for, also where a later one has been asked for', async () => {
    const { cache, loads } = cacheOf();
    await cache.at(2, 'a', NOW);
    expect(await idsAt(cache, 1, 'a')).toEqual(['a 1']);
    expect(await idsAt(cache, 2, 'a')).toEqual(['a 2']);
    expect(loads).toEqual(['a 2', 'a 1']);
  });

  it('are not kept of a revision that was overtaken while they were loaded', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly Waiver[]>();
    const late = new WaiverCache((_policy, revision) => (revision === 1 ? promise : Promise.resolve([])));
    const first = late.at(1, 'a', NOW);
    expect(await late.at(2, 'a', NOW)).toEqual([]);
    resolve([{ id: 'old' } as Waiver]);
    expect(await first).toEqual([{ id: 'old' }]);
    expect(await late.at(2, 'a', NOW)).toEqual([]);
  });
});
