import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mapInOrder } from './map-in-order.js';

describe('mapInOrder', () => {
  it('delivers in the order of the items whichever is done first, never more at once than the limit', async () => {
    let underWay = 0;
    let most = 0;
    const delivered: number[] = [];
    await mapInOrder(
      [30, 1, 20, 2, 10, 3],
      3,
      async (delay) => {
        most = Math.max(most, (underWay += 1));
        await sleep(delay);
        underWay -= 1;
        return delay;
      },
      (delay) => delivered.push(delay),
    );
    expect(delivered).toEqual([30, 1, 20, 2, 10, 3]);
    expect(most).toBe(3);
  });

  it('rejects with the first error after what stood before it was delivered', async () => {
    const delivered: number[] = [];
    const work = (item: number): Promise<number> =>
      item < 3 ? Promise.resolve(item) : Promise.reject(new Error(`no ${item}`));
    await expect(mapInOrder([1, 2, 3, 4], 4, work, (item) => delivered.push(item))).rejects.toThrow('no 3');
    expect(delivered).toEqual([1, 2]);
  });
});
