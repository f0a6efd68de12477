import { availableParallelism } from 'node:os';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';
import type { EvidenceTask } from './evidence-thread.js';
import { readEvidence, type EvidenceReading } from './read-evidence.js';
import type { VerificationMaterial } from './verification-material.js';

/** Above this an envelope costs the event loop more than handing it to another thread does. */
const LARGE_BYTES = 100 * 1024;
const IDLE_MS = 30_000;

/** Far beyond what the largest envelope takes; a thread that does not answer by then has failed. */
const LONGEST_READ_MS = 120_000;

/** What a thread runs. It is there once compiled; source is run by tools that have no threads of their own to offer. */
const THREAD = import.meta.url.endsWith('.ts') ? null : new URL('./evidence-thread.js', import.meta.url);

/** Evidence as it is read: what it is in form decides what reading it costs. */
export interface Readable {
  readonly bytes: Buffer;
  readonly format: string;
}

/**
 * Reads evidence: small envelopes at once, large ones and whatever chains to a trust root in threads, so that requests and
 * other jobs need not wait for them.
 */
export class EvidenceReader implements OnApplicationShutdown {
  private threads: Piscina<EvidenceTask, EvidenceReading | null> | null = null;
  private readonly materialIds = new WeakMap<VerificationMaterial, number>();
  private lastMaterialId = 0;

  constructor(private readonly thread: URL | null = THREAD) {}

  /** As `readEvidence`. Rejects where a thread ended before it answered, which says nothing about the evidence. */
  async read({ bytes, format }: Readable, material: VerificationMaterial): Promise<EvidenceReading> {
    const cheap = format === 'dsse' || format === 'jws';
    if ((cheap && bytes.length <= LARGE_BYTES) || this.thread === null) return readEvidence(bytes, material);
    const materialId = this.idOf(material);
    const reading = await this.run({ bytes, materialId });
    return reading ?? (await this.readWith({ bytes, materialId, material }));
  }

  /** Ends the threads; what they were reading is read again by whoever gets the job next. */
  async onApplicationShutdown(): Promise<void> {
    await this.threads?.destroy();
  }

  private async readWith(task: EvidenceTask): Promise<EvidenceReading> {
    const reading = await this.run(task);
    if (reading === null) throw new Error('a thread did not take what it was to verify by');
    return reading;
  }

  private run(task: EvidenceTask): Promise<EvidenceReading | null> {
    this.threads ??= new Piscina({
      filename: this.thread?.href ?? '',
      minThreads: 0,
      maxThreads: availableParallelism(),
      idleTimeout: IDLE_MS,
      env: {},
    });
    return this.threads.run(task, { signal: AbortSignal.timeout(LONGEST_READ_MS) });
  }

  private idOf(material: VerificationMaterial): number {
    const id = this.materialIds.get(material) ?? (this.lastMaterialId += 1);
    this.materialIds.set(material, id);
    return id;
  }
}
