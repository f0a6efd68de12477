import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Api } from './api.js';

/** The answer, which must be of this status. */
export function demand(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer;
  throw new Error(`answered ${answer.status} where ${status} was expected: ${answer.text}`);
}

/** Asks again until the answer is as wanted; fails with the last one after a while. */
export async function eventually<T>(ask: () => Promise<T>, seconds = 20): Promise<T> {
  for (const deadline = performance.now() + seconds * 1_000; ;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** Every item of a list, page by page. */
export async function walk(api: Api, path: string, limit: number): Promise<readonly Answer['body'][]> {
  const items: Answer['body'][] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const from: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page = demand(await api.get(`${path}${path.includes('?') ? '&' : '?'}limit=${limit}${from}`), 200);
    items.push(...page.body.items);
    cursor = page.body.nextCursor;
  }
  return items;
}

/** Does something over and over until the work is done, at least once; answers as the work does. */
export async function whileUnderWay<T>(work: Promise<T>, repeated: () => Promise<void>): Promise<T> {
  const ended = new AbortController();
  const ending = work.finally(() => {
    ended.abort();
  });
  ending.catch(() => undefined);
  do await repeated();
  while (!ended.signal.aborted);
  return ending;
}
