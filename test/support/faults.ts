import pg from 'pg';

/** How a call fails: the caller hears of neither, and must not need to know which it was. */
export const FAULTS = ['nothing happened', 'it happened, the answer was lost'] as const;
export type Fault = (typeof FAULTS)[number];

/** One call to the database or the queue. */
export interface Call {
  /** The name of the prepared statement, the beginning of any other, or what the queue was asked. */
  readonly what: string;
  readonly values: readonly unknown[];
}

type Query = (...args: unknown[]) => unknown;

/**
 * Sees every call that goes through what it watches, and lets chosen ones fail the way a crash or a cut cable would: a
 * database call takes its connection with it, so the rest of its transaction fails as well and the server rolls back.
 */
export class Faults {
  private readonly watched = new WeakSet<object>();
  private calls: string[] = [];
  private faultOf: (call: Call, index: number) => Fault | null = () => null;
  private count = 0;
  /** The calls that failed since it was said which shall. */
  failed: readonly string[] = [];

  /** Watches every statement on the pool's connections. */
  watch(pool: pg.Pool): void {
    pool.on('acquire', (client) => {
      if (this.watched.has(client)) return;
      this.watched.add(client);
      this.interpose(client);
    });
  }

  /** Watches every statement of every connection of this process, until the answer is called. */
  watchAll(): () => void {
    const { prototype } = pg.Client;
    const original = Reflect.get(prototype, 'query') as Query;
    const call = this.call.bind(this);
    Object.assign(prototype, {
      query(this: pg.Client, ...args: unknown[]) {
        return call(this, (...same) => Reflect.apply(original, this, same), args);
      },
    });
    return () => {
      Object.assign(prototype, { query: original });
    };
  }

  /** The same function, as one call of its own to something outside. */
  guard<A extends readonly unknown[], R>(what: string, call: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return async (...args) => {
      const fault = this.next({ what, values: args });
      if (fault === null) return call(...args);
      if (fault === 'it happened, the answer was lost') await call(...args);
      throw new Error(`${fault}, by the test: ${what}`);
    };
  }

  /** Runs the work with nothing failing and answers its calls, in their order. */
  async record(work: () => Promise<unknown>): Promise<readonly string[]> {
    this.letFail(() => null);
    await work();
    return [...this.calls];
  }

  /** Lets the call of this index fail, counted from now on, and no other. */
  failAt(index: number, fault: Fault): void {
    this.letFail((_call, at) => (at === index ? fault : null));
  }

  /** Lets calls fail as `faultOf` says of each, until told otherwise. */
  letFail(faultOf: (call: Call, index: number) => Fault | null): void {
    this.calls = [];
    this.count = 0;
    this.failed = [];
    this.faultOf = faultOf;
  }

  private next(call: Call): Fault | null {
    this.calls.push(call.what);
    const fault = this.faultOf(call, this.count);
    this.count += 1;
    if (fault !== null) this.failed = [...this.failed, call.what];
    return fault;
  }

  private interpose(client: pg.ClientBase): void {
    const query = client.query.bind(client) as Query;
    Object.assign(client, { query: (...args: unknown[]) => this.call(client, query, args) });
  }

  private call(client: pg.ClientBase, query: Query, args: readonly unknown[]): unknown {
    const fault = this.next(callOf(args));
    if (fault === null) return query(...args);
    const last = args.at(-1);
    const callback = typeof last === 'function' ? (last as (error: unknown) => void) : null;
    const failed = this.fail(client, fault, () => query(...(callback === null ? args : args.slice(0, -1))));
    if (callback === null) return failed;
    failed.catch(callback);
    return undefined;
  }

  private async fail(client: pg.ClientBase, fault: Fault, query: () => unknown): Promise<never> {
    if (fault === 'it happened, the answer was lost') await query();
    const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
    connection.stream.destroy();
    throw new Error(`${fault}, by the test: the connection is lost`);
  }
}

function callOf(args: readonly unknown[]): Call {
  const [query, values] = args;
  if (typeof query === 'string') return { what: summary(query), values: Array.isArray(values) ? values : [] };
  const config = query as { readonly name?: string; readonly text: string; readonly values?: readonly unknown[] };
  return { what: config.name ?? summary(config.text), values: config.values ?? [] };
}

function summary(text: string): string {
  return text.trim().replace(/\s+/g, ' ').slice(0, 60);
}
