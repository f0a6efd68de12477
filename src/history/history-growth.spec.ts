import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HistoryGrowth } from './history-growth.js';

const NEVER = new AbortController().signal;

/** An account that grows when it is told to, and counts the looks at it. */
function account(reached: number) {
  const state = { reached, looks: 0, failing: false };
  const failures: unknown[] = [];
  const growth = new HistoryGrowth(
    () => {
      state.looks += 1;
      return state.failing ? Promise.reject(new Error('away')) : Promise.resolve(state.reached);
    },
    (error) => failures.push(error),
  );
  return { state, failures, growth };
}

async function took(waiting: Promise<void>): Promise<number> {
  const started = performance.now();
  await waiting;
  return performance.now() - started;
}

describe('beyond', () => {
  it('resolves when an entry stands behind the sequence, and not before', async () => {
    const { state, growth } = account(5);
    const waiting = took(growth.beyond(5, 5_000, NEVER));
    await sleep(100);
    state.reached = 6;
    const milliseconds = await waiting;
    expect(milliseconds).toBeGreaterThan(90);
    expect(milliseconds).toBeLessThan(2_000);
  });

  it('resolves soon where the account is further already', async () => {
    expect(await took(account(5).growth.beyond(3, 5_000, NEVER))).toBeLessThan(1_000);
  });

  it('resolves when the time is over or the signal aborts', async () => {
    const { growth } = account(5);
    const ending = new AbortController();
    setTimeout(() => {
      ending.abort();
    }, 30);
    expect(await took(growth.beyond(5, 40, NEVER))).toBeLessThan(1_000);
    expect(await took(growth.beyond(5, 60_000, ending.signal))).toBeLessThan(1_000);
    expect(await took(growth.beyond(5, 60_000, ending.signal))).toBeLessThan(100);
    expect(await took(growth.beyond(5, 0, NEVER))).toBeLessThan(100);
  });

  it('looks once for all who wait, and not at all when nobody does', async () => {
    const { state, growth } = account(5);
    await Promise.all(Array.from({ length: 500 }, () => growth.beyond(5, 600, NEVER)));
    expect(state.looks).toBeLessThanOrEqual(4);
    await sleep(300);
    const { looks } = state;
    await sleep(600);
    expect(state.looks).toBe(looks);
  });

  it('looks again after a look that failed', async () => {
    const { state, failures, growth } = account(6);
    state.failing = true;
    const waiting = took(growth.beyond(5, 10_000, NEVER));
    await sleep(50);
    state.failing = false;
    expect(await waiting).toBeLessThan(2_000);
    expect(failures.length).toBeGreaterThan(0);
  });
});
