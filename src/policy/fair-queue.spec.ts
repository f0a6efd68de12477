import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.js';

function queueOf(items: readonly (readonly [string, number])[]): FairQueue<number> {
  const queue = new FairQueue<number>();
  for (const [name, item] of items) queue.add(name, item);
  return queue;
}

function drain(queue: FairQueue<number>): readonly number[] {
  const taken: number[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
  return taken;
}

describe('a fair queue', () => {
  it('serves names in turn, and each in the order of its coming', () => {
    const items = [
      ['a', 1],
      ['a', 2],
      ['a', 3],
      ['b', 10],
      ['c', 20],
      ['b', 11],
    ] as const;
    expect(drain(queueOf(items))).toEqual([1, 10, 20, 2, 11, 3]);
  });

  it('lets a newcomer wait for one of each other name', () => {
    const queue = queueOf(Array.from({ length: 100 }, (_, index) => ['many', index] as const));
    expect(queue.take()).toBe(0);
    queue.add('one', 1000);
    expect([queue.take(), queue.take(), queue.take()]).toEqual([1, 1000, 2]);
  });

  it('gives out what is taken out of its turn once', () => {
    const queue = queueOf([
      ['a', 1],
      ['a', 2],
      ['b', 3],
      ['c', 4],
    ]);
    queue.remove('a', 1);
    queue.remove('a', 1);
    queue.remove('c', 4);
    queue.remove('d', 5);
    expect(queue.takeAll('b')).toEqual([3]);
    expect(queue.takeAll('b')).toEqual([]);
    expect(drain(queue)).toEqual([2]);
  });
});
