import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { watchReader } from './stalled-reader.js';

async function* numbers(asked: number[]): AsyncGenerator<number> {
  await Promise.resolve();
  for (let number = 0; number < 5; number += 1) {
    asked.push(number);
    yield number;
  }
}

describe('watchReader', () => {
  it('hands on all that the source gives, in its order', async () => {
    let stalled = 0;
    const read: number[] = [];
    for await (const number of watchReader(numbers([]), 1_000, () => (stalled += 1))) read.push(number);
    expect(read).toEqual([0, 1, 2, 3, 4]);
    expect(stalled).toBe(0);
  });

  it('tells of a reader that does not come back, and asks nothing of the source meanwhile', async () => {
    let stalled = 0;
    const asked: number[] = [];
    const reading = watchReader(numbers(asked), 20, () => (stalled += 1));
    await reading.next();
    await sleep(80);
    expect(stalled).toBe(1);
    expect(asked).toEqual([0]);
    await reading.return(undefined);
  });

  it('forgets a reader who has left', async () => {
    let stalled = 0;
    const reading = watchReader(numbers([]), 20, () => (stalled += 1));
    await reading.next();
    await reading.return(undefined);
    await sleep(60);
    expect(stalled).toBe(0);
  });
});
