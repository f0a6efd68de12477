import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from './app-error.js';
import { groupCommit } from './group-commit.js';

/** As the database reports a value that breaks a constraint. */
function refused(): Error {
  return Object.assign(new Error('violates check constraint'), { code: '23514' });
}

const bounds = { maxRows: 4, maxBytes: 100, sizeOf: () => 10, maxInFlight: 2, maxWaiting: 100 };

describe('groupCommit', () => {
  it('commits a lone row at once', async () => {
    const submit = groupCommit({ ...bounds, commit: (rows: readonly number[]) => Promise.resolve(rows) });
    await expect(submit(7)).resolves.toBe(7);
  });

  it('lets rows gather only while the allowed groups are being committed', async () => {
    const groups: number[][] = [];
    const releases: (() => void)[] = [];
    const submit = groupCommit({
      ...bounds,
      commit: async (rows: readonly number[]) => {
        groups.push([...rows]);
        await new Promise<void>((resolve) => releases.push(resolve));
        return rows;
      },
    });
    const answers: Promise<number>[] = [];
    for (const row of [1, 2, 3, 4, 5, 6, 7]) {
      answers.push(submit(row));
      await nextTurn();
    }
    expect(groups).toEqual([[1], [2]]);
    releases[0]!();
    await nextTurn();
    expect(groups).toEqual([[1], [2], [3, 4, 5, 6]]);
    releases[1]!();
    await nextTurn();
    expect(groups).toEqual([[1], [2], [3, 4, 5, 6], [7]]);
    releases.forEach((release) => {
      release();
    });
    await expect(Promise.all(answers)).resolves.toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('fails a whole group without trying again when the connection is lost', async () => {
    let commits = 0;
    const submit = groupCommit({
      ...bounds,
      commit: (): Promise<readonly number[]> => {
        commits += 1;
        return Promise.reject(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
      },
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map(submit));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(commits).toBe(1);
  });

  it('fails a group whose answers do not match its rows', async () => {
    const submit = groupCommit<number, number>({ ...bounds, commit: () => Promise.resolve([1]) });
    const outcomes = await Promise.allSettled([1, 2].map(submit));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('refuses rows beyond its bounds, in number and in bytes, and says when to come back', async () => {
    const never = new Promise<never>(() => undefined);
    const isOverload = (error: unknown): boolean =>
      error instanceof AppError && error.kind === 'overloaded' && error.retryAfterSeconds === 1;
    const byNumber = groupCommit<number, number>({ ...bounds, maxInFlight: 1, maxWaiting: 2, commit: () => never });
    void byNumber(1);
    await nextTurn();
    void byNumber(2);
    void byNumber(3);
    await expect(byNumber(4)).rejects.toSatisfy(isOverload);
    const byBytes = groupCommit<number, number>({
      ...bounds,
      maxInFlight: 1,
      sizeOf: (row) => row,
      maxWaitingBytes: 50,
      commit: () => never,
    });
    void byBytes(500);
    await nextTurn();
    void byBytes(40);
    await expect(byBytes(20)).rejects.toSatisfy(isOverload);
  });

  it('answers every row once, fails exactly the bad ones, and keeps its bounds', async () => {
    const row = fc.record({ size: fc.nat(60), bad: fc.boolean(), turns: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
        async (rows, maxRows, maxInFlight, delays) => {
          const stored: number[] = [];
          let running = 0;
          let commits = 0;
          const submit = groupCommit<{ id: number; size: number; bad: boolean }, number>({
            maxRows,
            maxBytes: 100,
            sizeOf: ({ size }) => size,
            maxInFlight,
            maxWaiting: 1000,
            maxWaitingBytes: 1e9,
            commit: async (group) => {
              running += 1;
              expect(running).toBeLessThanOrEqual(maxInFlight);
              expect(group.length).toBeLessThanOrEqual(maxRows);
              const bytes = group.reduce((sum, { size }) => sum + size, 0);
              expect(group.length === 1 || bytes <= 100).toBe(true);
              for (let i = delays[commits++ % delays.length]!; i > 0; i -= 1) await nextTurn();
              running -= 1;
              if (group.some(({ bad }) => bad)) throw refused();
              stored.push(...group.map(({ id }) => id));
              return group.map(({ id }) => id * 2);
            },
          });
          const answers: Promise<number | string>[] = [];
          for (const [id, { turns, ...content }] of rows.entries()) {
            answers.push(submit({ id, ...content }).catch(String));
            for (let i = turns; i > 0; i -= 1) await nextTurn();
          }
          const expected = rows.map(({ bad }, id) => (bad ? String(refused()) : id * 2));
          await expect(Promise.all(answers)).resolves.toEqual(expected);
          const good = rows.flatMap(({ bad }, id) => (bad ? [] : [id]));
          expect(stored.toSorted((a, b) => a - b)).toEqual(good);
        },
      ),
      { numRuns: 200 },
    );
  });
});
