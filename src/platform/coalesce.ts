import { AppError } from './app-error.js';

export interface CoalesceOptions {
  /** Most keys of one load. */
  readonly maxBatch: number;
  /** Most loads under way at once; further calls gather meanwhile. Default 4, the size of the pool for hot reads. */
  readonly maxInFlight?: number;
  /** Most different keys that wait for a load; a call beyond is refused as `overloaded`. Default 10,000. */
  readonly maxWaiting?: number;
}

interface Waiter<V> {
  readonly resolve: (value: V | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns many single look-ups into few loads of many keys: all calls of one turn of the event loop are served by one load,
 * without any delay by a clock. A load starts only after the calls it serves were made, so each caller sees what was
 * committed before it asked; a call never joins a load already sent. `load` answers a map by key, or by `keyOf` of the key
 * where keys are not primitive; a key missing in it resolves to undefined. An error rejects the calls of that load alone.
 */
export function coalesce<K, V>(
  load: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
  options: CoalesceOptions,
): (key: K) => Promise<V | undefined>;
export function coalesce<K, V, I>(
  load: (keys: readonly K[]) => Promise<ReadonlyMap<I, V>>,
  options: CoalesceOptions & { readonly keyOf: (key: K) => I },
): (key: K) => Promise<V | undefined>;
export function coalesce<K, V, I>(
  load: (keys: readonly K[]) => Promise<ReadonlyMap<K | I, V>>,
  options: CoalesceOptions & { readonly keyOf?: (key: K) => I },
): (key: K) => Promise<V | undefined> {
  const { maxBatch, maxInFlight = 4, maxWaiting = 10_000, keyOf } = options;
  const waiting = new Map<K | I, { readonly key: K; readonly waiters: Waiter<V>[] }>();
  let inFlight = 0;
  let scheduled = false;

  async function send(): Promise<void> {
    const batch = [...waiting.entries()].slice(0, maxBatch);
    for (const [id] of batch) waiting.delete(id);
    inFlight += 1;
    try {
      const values = await load(batch.map(([, { key }]) => key));
      for (const [id, { waiters }] of batch) for (const { resolve } of waiters) resolve(values.get(id));
    } catch (error) {
      for (const [, { waiters }] of batch) for (const { reject } of waiters) reject(error);
    } finally {
      inFlight -= 1;
      fill();
    }
  }

  function fill(): void {
    while (waiting.size > 0 && inFlight < maxInFlight) void send();
  }

  return (key) =>
    new Promise((resolve, reject) => {
      const id = keyOf === undefined ? key : keyOf(key);
      const entry = waiting.get(id);
      if (entry !== undefined) {
        entry.waiters.push({ resolve, reject });
        return;
      }
      if (waiting.size >= maxWaiting) {
        reject(new AppError('overloaded', 'overloaded', 'too many requests are waiting', { retryAfterSeconds: 1 }));
        return;
      }
      waiting.set(id, { key, waiters: [{ resolve, reject }] });
      if (scheduled || inFlight >= maxInFlight) return;
      scheduled = true;
      // After the sockets of this turn were read: a microtask would run between two requests that arrived together.
      setImmediate(() => {
        scheduled = false;
        fill();
      });
    });
}
