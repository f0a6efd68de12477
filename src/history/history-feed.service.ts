import type { OnModuleDestroy } from '@nestjs/common';
import { AppError } from '../platform/app-error.js';
import { coalesce } from '../platform/coalesce.js';
import { eventText, heartbeatText, retryText } from '../platform/event-stream.js';
import { HistoryGrowth } from './history-growth.js';
import { assertReached, type HistoryQuestion } from './history-query.js';
import { toAnswer } from './history.answer.js';
import type { HistoryFilter, HistoryList, HistoryStore } from './history.store.js';

/** Streams of events that one process keeps open; one more is told to come back later. */
export const MOST_STREAMS = 200;
/** Requests of one process that wait for entries. */
export const MOST_WAITING = 1_000;
/** Reads for all of them at once, so that those who follow never stand in the way of others. */
const READS_AT_ONCE = 2;
const ENTRIES_READ = 200;
const HEARTBEAT_MS = 15_000;
const COME_BACK_MS = 3_000;
/** How often it is asked whether those who read are still let in. */
const READMIT_MS = 5_000;
const RETRY_AFTER_S = 10;

/** Asks again whether whoever asked may read; rejects where not. */
export type Readmit = () => Promise<unknown>;

interface Reading {
  readonly filter: HistoryFilter;
  readonly after: number;
  readonly limit: number;
}

interface Follower {
  readonly readmit: Readmit;
  readonly leave: () => void;
}

/**
 * The account for those who follow it as it grows. Whoever waits costs nothing: the account is looked at once for all, and
 * those who wait for the same at the same place share one read.
 */
export class HistoryFeed implements OnModuleDestroy {
  private readonly growth: HistoryGrowth;
  private readonly read: (reading: Reading) => Promise<HistoryList | undefined>;
  private readonly stopping = new AbortController();
  private readonly followers = new Set<Follower>();
  private waiting = 0;
  private readmission: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: Pick<HistoryStore, 'list' | 'reached'>,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.growth = new HistoryGrowth(() => store.reached(), onFailure);
    this.read = coalesce<Reading, HistoryList, string>((readings) => this.readAll(readings), {
      maxBatch: 1,
      maxInFlight: READS_AT_ONCE,
      keyOf: keyOf,
    });
    this.stopping.signal.addEventListener('abort', () => {
      for (const { leave } of [...this.followers]) leave();
    });
  }

  /** Ends all streams, and answers all who wait. */
  onModuleDestroy(): void {
    this.stopping.abort();
  }

  /** How many streams are open. */
  get streams(): number {
    return this.followers.size;
  }

  /**
   * A page of the account. Where it would be empty it waits for entries as long as was asked for, and answers the empty page
   * when that is over.
   *
   * @param readmit asked after a wait, before anything is answered.
   * @param gone aborts when nobody waits for the answer any longer.
   * @throws AppError `overloaded` where too many wait; `request_invalid` for a place beyond the account.
   */
  async page(question: HistoryQuestion, readmit: Readmit, gone: AbortSignal): Promise<HistoryList> {
    const { filter, after, limit, waitSeconds } = question;
    const first = await this.store.list(filter, after, limit);
    assertReached(question, first.completeTo);
    if (first.entries.length > 0 || waitSeconds === 0) return first;
    if (this.waiting >= MOST_WAITING) throw tooMany('requests wait for entries');
    this.waiting += 1;
    const ended = AbortSignal.any([gone, this.stopping.signal]);
    try {
      const page = await this.awaitEntries({ filter, after: first.completeTo, limit }, waitSeconds * 1_000, ended);
      await readmit();
      return page;
    } finally {
      this.waiting -= 1;
    }
  }

  /**
   * The account from a place on, and whatever is added to it, as server-sent events; without end, until `end` is called by
   * whoever reads, the process stops, or the caller is no longer let in.
   *
   * @throws AppError `overloaded` where too many streams are open; `request_invalid` for a place beyond the account.
   */
  async follow(question: HistoryQuestion, readmit: Readmit): Promise<EventFeed> {
    if (this.followers.size >= MOST_STREAMS) throw tooMany('streams are open');
    const ended = new AbortController();
    const follower: Follower = {
      readmit,
      leave: () => {
        this.followers.delete(follower);
        if (this.followers.size === 0) clearInterval(this.readmission);
        ended.abort();
      },
    };
    if (this.followers.size === 0) {
      this.readmission = setInterval(() => {
        this.readmitAll();
      }, READMIT_MS).unref();
    }
    this.followers.add(follower);
    try {
      if (question.named !== null) assertReached(question, await this.store.reached());
    } catch (error) {
      follower.leave();
      throw error;
    }
    if (this.stopping.signal.aborted) follower.leave();
    return { parts: this.parts(question, ended.signal), end: follower.leave, ended: ended.signal };
  }

  private async awaitEntries(reading: Reading, patience: number, ended: AbortSignal): Promise<HistoryList> {
    const until = performance.now() + patience;
    for (let { after } = reading; ;) {
      await this.growth.beyond(after, until - performance.now(), ended);
      const page = present(await this.read({ ...reading, after }));
      if (page.entries.length > 0 || ended.aborted || performance.now() >= until) return page;
      after = page.completeTo;
    }
  }

  private async *parts({ filter, after }: HistoryQuestion, ended: AbortSignal): AsyncGenerator<string> {
    yield retryText(COME_BACK_MS);
    let place = after;
    let told = after;
    let toldAt = performance.now();
    while (!isOver(ended)) {
      const { entries, more, completeTo } = present(await this.read({ filter, after: place, limit: ENTRIES_READ }));
      for (const entry of entries) {
        yield eventText({ id: entry.sequence, event: entry.type, data: toAnswer(entry) });
        if (isOver(ended)) return;
        told = entry.sequence;
        toldAt = performance.now();
      }
      place = more ? told : Math.max(place, completeTo);
      if (more) continue;
      await this.growth.beyond(place, toldAt + HEARTBEAT_MS - performance.now(), ended);
      if (isOver(ended) || performance.now() < toldAt + HEARTBEAT_MS) continue;
      yield heartbeatText(place > told ? place : null);
      told = place;
      toldAt = performance.now();
    }
  }

  /** In one turn for all, so that it costs one read; who cannot be shown to be let in any longer is not. */
  private readmitAll(): void {
    for (const { readmit, leave } of this.followers) {
      readmit().catch((error: unknown) => {
        if (!(error instanceof AppError)) this.onFailure(error);
        leave();
      });
    }
  }

  private async readAll(readings: readonly Reading[]): Promise<ReadonlyMap<string, HistoryList>> {
    const lists = readings.map(
      async (reading) => [keyOf(reading), await this.store.list(reading.filter, reading.after, reading.limit)] as const,
    );
    return new Map(await Promise.all(lists));
  }
}

export interface EventFeed {
  /** The text of the stream, each part whole events. */
  readonly parts: AsyncIterable<string>;
  /** Ends it; repetition changes nothing. */
  readonly end: () => void;
  /** Aborts when it has ended, by whatever. */
  readonly ended: AbortSignal;
}

/** Asked again and again, since it changes while others run. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

function keyOf(reading: Reading): string {
  return JSON.stringify(reading);
}

function present(list: HistoryList | undefined): HistoryList {
  if (list === undefined) throw new Error('the account was not read');
  return list;
}

function tooMany(what: string): AppError {
  return new AppError('overloaded', 'overloaded', `too many ${what}`, { retryAfterSeconds: RETRY_AFTER_S });
}
