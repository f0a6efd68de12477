import { availableParallelism } from 'node:os';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';
import type { VerificationKeys } from '../trust/verification-keys.js';
import type { EnvelopeTask } from './envelope-thread.js';
import { readEnvelope, type EnvelopeReading } from './read-envelope.js';

/** Above this an envelope costs the event loop more than handing it to another thread does. */
const LARGE_BYTES = 100 * 1024;
const IDLE_MS = 30_000;

/** Far beyond what the largest envelope takes; a thread that does not answer by then has failed. */
const LONGEST_READ_MS = 120_000;

/** What a thread runs. It is there once compiled; source is run by tools that have no threads of their own to offer. */
const THREAD = import.meta.url.endsWith('.ts') ? null : new URL('./envelope-thread.js', import.meta.url);

/** Reads envelopes: small ones at once, large ones in threads, so that requests and other jobs need not wait for them. */
export class EnvelopeReader implements OnApplicationShutdown {
  private threads: Piscina<EnvelopeTask, EnvelopeReading> | null = null;

  constructor(private readonly thread: URL | null = THREAD) {}

  /** As `readEnvelope`. Rejects where a thread ended before it answered, which says nothing about the envelope. */
  read(bytes: Buffer, keys: VerificationKeys): Promise<EnvelopeReading> {
    if (bytes.length <= LARGE_BYTES || this.thread === null) return readEnvelope(bytes, keys);
    this.threads ??= new Piscina({
      filename: this.thread.href,
      minThreads: 0,
      maxThreads: availableParallelism(),
      idleTimeout: IDLE_MS,
      env: {},
    });
    return this.threads.run({ bytes, keys }, { signal: AbortSignal.timeout(LONGEST_READ_MS) });
  }

  /** Ends the threads; what they were reading is read again by whoever gets the job next. */
  async onApplicationShutdown(): Promise<void> {
    await this.threads?.destroy();
  }
}
