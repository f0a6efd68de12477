import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { isLostRace } from './sql-state.js';

const ATTEMPTS = 4;

/**
 * Runs `work` in one transaction. Durable when the promise resolves; nothing of it remains when it rejects, except that
 * after a lost connection the outcome is unknown. A deadlock or serialization failure runs `work` again, up to four times
 * in all, so it has no effect outside of `tx`.
 */
export async function inTransaction<T>(dataSource: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dataSource.transaction(work);
    } catch (error) {
      if (attempt === ATTEMPTS || !isLostRace(error)) throw error;
      await sleep(5 * attempt);
    }
  }
}
