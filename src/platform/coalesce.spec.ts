import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from './app-error.js';
import { coalesce } from './coalesce.js';

describe('coalesce', () => {
  it('serves all calls of one turn by one load, each key once', async () => {
    const loads: (readonly string[])[] = [];
    const find = coalesce<string, string>(
      (keys) => {
        loads.push(keys);
        return Promise.resolve(new Map(keys.map((key) => [key, key.toUpperCase()])));
      },
      { maxBatch: 10 },
    );
    await expect(Promise.all(['a', 'b', 'a'].map(find))).resolves.toEqual(['A', 'B', 'A']);
    expect(loads).toEqual([['a', 'b']]);
  });

  it('answers undefined for a key that is not there', async () => {
    const find = coalesce<string, string>(() => Promise.resolve(new Map()), { maxBatch: 10 });
    await expect(find('a')).resolves.toBeUndefined();
  });

  it('tells keys apart by keyOf', async () => {
    const find = coalesce(
      (keys: readonly { name: string; n: number }[]) =>
        Promise.resolve(new Map(keys.map((key) => [`${key.name}/${key.n}`, key.n * 2]))),
      { maxBatch: 10, keyOf: (key) => `${key.name}/${key.n}` },
    );
    await expect(Promise.all([find({ name: 'a', n: 1 }), find({ name: 'a', n: 2 })])).resolves.toEqual([2, 4]);
  });

  it('rejects the callers of a failed load alone, also when the load throws at once', async () => {
    let load = 0;
    const find = coalesce<string, string>(
      (keys) => {
        load += 1;
        if (load === 1) throw new Error('at once');
        if (load === 2) return Promise.reject(new Error('later'));
        return Promise.resolve(new Map(keys.map((key) => [key, key])));
      },
      { maxBatch: 1 },
    );
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map(find));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('refuses calls beyond its bound instead of gathering without end', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const find = coalesce<number, number>(
      async (keys) => {
        await gate;
        return new Map(keys.map((key) => [key, key]));
      },
      { maxBatch: 1, maxInFlight: 1, maxWaiting: 2 },
    );
    const first = find(0);
    await nextTurn();
    const rest = [1, 2, 3].map(find);
    await expect(rest[2]).rejects.toSatisfy((error) => error instanceof AppError && error.kind === 'overloaded');
    release();
    await expect(Promise.all([first, rest[0], rest[1]])).resolves.toEqual([0, 1, 2]);
  });

  it('never answers with a state from before the call was made', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.nat(3), turns: fc.nat(3), write: fc.boolean() }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }),
        async (steps, maxBatch, maxInFlight, delays) => {
          let revision = 0;
          let running = 0;
          let loads = 0;
          const read = coalesce<number, number>(
            async (keys) => {
              expect(keys.length).toBeLessThanOrEqual(maxBatch);
              expect(new Set(keys).size).toBe(keys.length);
              running += 1;
              expect(running).toBeLessThanOrEqual(maxInFlight);
              const seen = revision;
              for (let i = delays[loads++ % delays.length]!; i > 0; i -= 1) await nextTurn();
              running -= 1;
              return new Map(keys.map((key) => [key, seen]));
            },
            { maxBatch, maxInFlight },
          );
          const reads: Promise<void>[] = [];
          for (const { key, turns, write } of steps) {
            if (write) revision += 1;
            const before = revision;
            reads.push(
              read(key).then((seen) => {
                expect(seen).toBeGreaterThanOrEqual(before);
              }),
            );
            for (let i = turns; i > 0; i -= 1) await nextTurn();
          }
          await Promise.all(reads);
        },
      ),
      { numRuns: 200 },
    );
  });
});
