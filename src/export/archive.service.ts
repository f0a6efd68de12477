import type { OnModuleDestroy } from '@nestjs/common';
import type { HistoryStore } from '../history/history.store.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import type { TimelineService } from '../policy/timeline.service.js';
import type { ArchivedLeaf } from './archive-record.js';
import { archiveLines, type LeafPages, type ProofSource } from './archive.js';
import type { ArchivePeriod, ArchiveStore } from './archive.store.js';

/** Archives that one process writes at once; one more is told to come back later. */
export const MOST_ARCHIVES = 4;
/** Sequences looked at for a page of a period. */
const SPAN = 500;
/** Entries of a page about an image. */
const IMAGE_PAGE = 500;
const RETRY_AFTER_S = 30;

/** What an archive is to hold. */
export interface ArchiveQuestion extends ArchivePeriod {
  readonly digest: Sha256Digest | null;
  readonly after: number;
}

export interface OpenArchive {
  readonly lines: AsyncIterable<string>;
  /** To be called when nobody reads it any longer; repetition changes nothing. */
  readonly close: () => void;
  /** Aborts when the process stops. */
  readonly stopping: AbortSignal;
}

export interface ArchiveServiceOptions {
  readonly store: ArchiveStore;
  readonly history: Pick<HistoryStore, 'reached'>;
  readonly timelines: Pick<TimelineService, 'sequences'>;
  readonly proofs: ProofSource;
}

/** Writes parts of the account with all they rest on, for those who check them elsewhere. */
export class ArchiveService implements OnModuleDestroy {
  private readonly stopping = new AbortController();
  private open = 0;

  constructor(private readonly options: ArchiveServiceOptions) {}

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  /**
   * An archive of what the account holds at this moment.
   *
   * @param readmit asked before each page; what it rejects with ends the archive, without a footer.
   * @throws AppError `overloaded` where too many are being written; `request_invalid` for a place beyond the account.
   */
  async write(question: ArchiveQuestion, readmit: () => Promise<unknown>): Promise<OpenArchive> {
    const { store, history, proofs } = this.options;
    if (this.open >= MOST_ARCHIVES) {
      throw new AppError('overloaded', 'overloaded', 'too many archives are being written', {
        retryAfterSeconds: RETRY_AFTER_S,
      });
    }
    this.open += 1;
    let closed = false;
    const close = (): void => {
      if (!closed) this.open -= 1;
      closed = true;
    };
    try {
      // What is placed is sealed with it, so the account is complete to where the log ends; and that is signed.
      const checkpoint = await proofs.checkpoint();
      const completeTo = checkpoint?.size ?? (await history.reached());
      const { digest, since, until, after } = question;
      if (after > completeTo) {
        const message = `the account ends at ${completeTo}`;
        throw new AppError('malformed', 'request_invalid', `there is no entry ${after}: ${message}`, {
          errors: [{ path: 'query.after', message }],
        });
      }
      const scope = { digest, since: since?.toISOString() ?? null, until: until?.toISOString() ?? null, after };
      const pages = this.pages(question, completeTo, readmit);
      return {
        lines: archiveLines({ store, proofs, checkpoint, scope, completeTo, pages }),
        close,
        stopping: this.stopping.signal,
      };
    } catch (error) {
      close();
      throw error;
    }
  }

  private pages(question: ArchiveQuestion, upTo: number, readmit: () => Promise<unknown>): LeafPages {
    const { digest } = question;
    return digest === null ? this.ofPeriod(question, upTo, readmit) : this.ofImage(digest, question, upTo, readmit);
  }

  private async *ofPeriod(
    { after, since, until }: ArchiveQuestion,
    upTo: number,
    readmit: () => Promise<unknown>,
  ): AsyncGenerator<readonly ArchivedLeaf[]> {
    for (let from = after; from < upTo; from += SPAN) {
      await this.proceed(readmit);
      yield await this.options.store.leavesBetween(from, Math.min(from + SPAN, upTo), { since, until });
    }
  }

  private async *ofImage(
    digest: Sha256Digest,
    { after, since, until }: ArchiveQuestion,
    upTo: number,
    readmit: () => Promise<unknown>,
  ): AsyncGenerator<readonly ArchivedLeaf[]> {
    for (let from: number | null = after; from !== null;) {
      await this.proceed(readmit);
      const { sequences, more } = await this.options.timelines.sequences(digest, { since, until }, from, IMAGE_PAGE);
      const within: readonly number[] = sequences.filter((sequence) => sequence <= upTo);
      if (within.length > 0) yield await this.options.store.leavesOf(within);
      from = more && within.length === sequences.length ? (within.at(-1) ?? null) : null;
    }
  }

  private async proceed(readmit: () => Promise<unknown>): Promise<void> {
    this.stopping.signal.throwIfAborted();
    await readmit();
  }
}
