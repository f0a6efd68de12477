import { setTimeout as sleep } from 'node:timers/promises';

/** The answer, or a rejection when it takes longer; the work itself goes on. */
export async function within<T>(milliseconds: number, work: Promise<T>, complaint: string): Promise<T> {
  const timer = new AbortController();
  const late = sleep(milliseconds, null, { signal: timer.signal }).then(() => {
    throw new Error(`${complaint} within ${milliseconds} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    timer.abort();
  }
}
