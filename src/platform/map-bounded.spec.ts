import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mapBounded } from './map-bounded.js';

describe('mapBounded', () => {
  it('does everything, so many at a time, and answers in order', async () => {
    let underWay = 0;
    let most = 0;
    const doubled = await mapBounded([5, 1, 4, 2, 3, 0], 3, async (item) => {
      most = Math.max(most, (underWay += 1));
      await sleep(item);
      underWay -= 1;
      return item * 2;
    });
    expect(doubled).toEqual([10, 2, 8, 4, 6, 0]);
    expect(most).toBe(3);
    expect(await mapBounded([], 3, () => Promise.resolve(1))).toEqual([]);
  });

  it('begins nothing more after an error, and tells of it when all has ended', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const mapped = mapBounded([0, 1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      await sleep(item === 0 ? 20 : 1);
      ended.push(item);
      if (item === 1) throw new Error('no');
      return item;
    });
    await expect(mapped).rejects.toThrow('no');
    expect([begun, ended]).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });
});
