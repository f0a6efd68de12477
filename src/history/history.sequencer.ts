import { setTimeout as sleep } from 'node:timers/promises';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { Database } from '../platform/database.js';

/** Arbitrary, the same in every version: all sequencers of one database meet at it. */
export const SEQUENCER_LOCK = 0x61_73_73_62;

const TICK_MS = 200;
/** How often one that waits asks for the lock, and how long one that failed pauses before it connects again. */
const TAKEOVER_MS = 1_000;
const BATCH_SIZE = 10_000;
/** After this long without a statement the server ends the session and frees the lock: of a frozen process or lost host. */
const SILENCE_MS = 5_000;
/** Longer than the server's own limit, for the case that the server can no longer be heard. */
const ANSWER_TIMEOUT_MS = 20_000;
/** How far below the highest placed entry the frequent, cheap look begins: transactions that may still be under way. */
const LATE_ENTRIES = 20_000;
/** The share of time spent on looking for entries below that. */
const WHOLE_LOOK_SHARE = 0.1;

/**
 * Gives committed history entries their dense sequence numbers, by one session of all processes at a time, and at most
 * about a second after the commit. Every process may run one: whoever holds the lock works, the others wait, and one of
 * them takes over within seconds when that session ends. Lock and work share the session, so whoever lost the one cannot
 * do the other; should two work nevertheless, the unique keys of `history_sequence` fail the later one.
 */
export class HistorySequencer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    /** Told of each session that ended otherwise than by `stop`; another is opened after a pause. */
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Begins to work in the background. Repetition changes nothing; once stopped it stays stopped. */
  start(): void {
    this.running ??= this.run(this.stopping.signal);
  }

  /** Resolves when the batch under way is committed, the lock is free and the connection closed. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.stop();
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.session(signal);
      } catch (error) {
        this.onFailure(error);
        await pause(TAKEOVER_MS, signal);
      }
    }
  }

  private async session(signal: AbortSignal): Promise<void> {
    const client = new pg.Client({ ...this.database.hotPool.options, query_timeout: ANSWER_TIMEOUT_MS });
    // The failure of a lost connection is thrown by the next statement on it.
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query(`set idle_session_timeout = ${SILENCE_MS}`);
      while (!signal.aborted && !(await tryLock(client))) await pause(TAKEOVER_MS, signal);
      await placeAll(client, signal);
    } finally {
      // Ends the session and with it the lock.
      await client.end();
    }
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [
    SEQUENCER_LOCK,
  ]);
  return rows[0]?.locked === true;
}

/**
 * A long transaction anywhere in the cluster keeps the rows deleted from `history_unsequenced` from being cleared away, and
 * looking through all of it then takes ever longer. So the look at every tick begins a little below the highest entry
 * placed; the whole is looked through as often as a share of the time allows, which is every tick while it is short.
 */
async function placeAll(client: pg.Client, signal: AbortSignal): Promise<void> {
  let highest = 0;
  let wholeLookAt = performance.now();
  while (!signal.aborted) {
    const started = performance.now();
    const whole = started >= wholeLookAt;
    const placed = await placeEntries(client, whole ? 0 : highest - LATE_ENTRIES, BATCH_SIZE);
    const ended = performance.now();
    if (whole) wholeLookAt = ended + (ended - started) / WHOLE_LOOK_SHARE;
    highest = Math.max(highest, placed.highest);
    if (placed.count < BATCH_SIZE) await pause(TICK_MS, signal);
  }
}

const PLACE_ENTRIES = `
  with taken as (
    delete from history_unsequenced
    where entry = any (array(select entry from history_unsequenced where entry > $1 order by entry limit $2))
    returning entry
  ),
  placed as (
    insert into history_sequence (sequence, entry)
    select (select coalesce(max(sequence), 0) from history_sequence) + row_number() over (order by entry), entry
    from taken
    returning entry
  )
  select count(*) as count, coalesce(max(entry), 0) as highest from placed`;

/**
 * Places up to `limit` committed entries above `above`, in one statement: durable on return, all of them or none. An entry
 * committed after the statement began gets a later number. Run twice at once, each entry is placed once, or one of the two
 * fails on a unique key and has placed nothing.
 */
export async function placeEntries(
  client: pg.ClientBase,
  above: number,
  limit: number,
): Promise<{ readonly count: number; readonly highest: number }> {
  const { rows } = await client.query<{ count: number; highest: number }>(PLACE_ENTRIES, [above, limit]);
  return rows[0] ?? { count: 0, highest: 0 };
}

/** Resolves after the time, or at once when the signal aborts: the only reason for which the timer rejects. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}
