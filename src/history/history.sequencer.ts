import { setTimeout as sleep } from 'node:timers/promises';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { Database } from '../platform/database.js';
import { SealingRefused, type SealingSettings } from './log-settings.js';
import { openLog, type OpenLog, type Sealed } from './open-log.sequencer.js';
import { placeWithin, within } from './seal.store.js';

/** Arbitrary, the same in every version: all sequencers of one database meet at it. */
export const SEQUENCER_LOCK = 0x61_73_73_62;

const TICK_MS = 200;
/** How often one that waits asks for the lock, and how long one that failed pauses before it connects again. */
const TAKEOVER_MS = 1_000;
/** How long one that may not seal pauses: nothing but an operator will change that. */
const REFUSED_MS = 10_000;
/** Hashing does not let anything else of this process run for long, and one checkpoint is signed for all of a batch. */
const BATCH_SIZE = 2_000;
/** Of hashes alone. */
const CATCH_UP_SIZE = 65_536;
/** After this long without a statement the server ends the session and frees the lock: of a frozen process or lost host. */
const SILENCE_MS = 5_000;
/** Longer than the server's own limit, for the case that the server can no longer be heard. */
const ANSWER_TIMEOUT_MS = 20_000;
/** How far below the highest placed entry the frequent, cheap look begins: transactions that may still be under way. */
const LATE_ENTRIES = 20_000;
/** The share of time spent on looking for entries below that. */
const WHOLE_LOOK_SHARE = 0.1;

/** What a sequencer tells of its work. */
export interface SequencerReports {
  /** Told of each session that ended otherwise than by `stop`; another is opened after a pause. */
  readonly onFailure: (error: unknown) => void;
  /** Told of the size of the log each time it was sealed, or taken over as it was. */
  readonly onSealed?: (size: number) => void;
}

/**
 * Gives committed history entries their dense sequence numbers and seals them in the log, by one session of all processes at
 * a time, and at most about a second after the commit. Every process may run one: whoever holds the lock works, the others
 * wait, and one of them takes over within seconds when that session ends. Lock and work share the session, so whoever lost
 * the one cannot do the other; should two work nevertheless, the unique keys of `history_sequence` fail the later one.
 * Whoever may not seal, with another key than the log's or over a log that does not belong together, leaves the lock to others.
 */
export class HistorySequencer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> | null = null;
  private sealed: Sealed | null = null;

  constructor(
    private readonly database: Database,
    private readonly settings: SealingSettings,
    private readonly reports: SequencerReports,
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
        this.reports.onFailure(error);
        await pause(error instanceof SealingRefused ? REFUSED_MS : TAKEOVER_MS, signal);
      }
    }
  }

  private async session(signal: AbortSignal): Promise<void> {
    const client = new pg.Client({ ...this.database.hotPool.options, query_timeout: ANSWER_TIMEOUT_MS });
    // The failure of a lost connection is thrown by the next statement on it.
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query(
        `set idle_session_timeout = ${SILENCE_MS}; set idle_in_transaction_session_timeout = ${SILENCE_MS}`,
      );
      while (!signal.aborted && !(await tryLock(client))) await pause(TAKEOVER_MS, signal);
      if (signal.aborted) return;
      const log = await openLog(client, this.settings, this.sealed, CATCH_UP_SIZE);
      this.note(log);
      await sealAll(log, signal, () => {
        this.note(log);
      });
    } finally {
      // Ends the session and with it the lock.
      await client.end();
    }
  }

  private note({ sealed }: OpenLog): void {
    this.sealed = sealed;
    this.reports.onSealed?.(sealed.size);
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
async function sealAll(log: OpenLog, signal: AbortSignal, onSealed: () => void): Promise<void> {
  let highest = 0;
  let wholeLookAt = performance.now();
  while (!signal.aborted) {
    const started = performance.now();
    const whole = started >= wholeLookAt;
    const placed = await log.seal(whole ? 0 : highest - LATE_ENTRIES, BATCH_SIZE);
    const ended = performance.now();
    if (placed.count > 0) onSealed();
    if (whole) wholeLookAt = ended + (ended - started) / WHOLE_LOOK_SHARE;
    highest = Math.max(highest, placed.highest);
    if (placed.count < BATCH_SIZE) await pause(TICK_MS, signal);
  }
}

/**
 * Places up to `limit` committed entries above `above`, in one transaction: durable on return, all of them or none. They are
 * sealed by whichever sequencer opens the log next.
 */
export async function placeEntries(
  client: pg.ClientBase,
  above: number,
  limit: number,
): Promise<{ readonly count: number; readonly highest: number }> {
  const { count, highest } = await within(client, () => placeWithin(client, above, limit));
  return { count, highest };
}

/** Resolves after the time, or at once when the signal aborts: the only reason for which the timer rejects. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}
