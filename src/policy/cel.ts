import { Worker } from 'node:worker_threads';
import type { CelAnswer, CelBatch } from './cel-batch.js';

export interface CelLimits {
  /** How long the expressions of one verdict may take together. */
  readonly evaluationMilliseconds: number;
  /** How long a batch may wait for those before it. */
  readonly waitMilliseconds: number;
  /** How long the thread may take to start. */
  readonly startMilliseconds: number;
  /** How much of its heap the thread may fill before it is ended. */
  readonly memoryMegabytes: number;
}

const LIMITS: CelLimits = {
  evaluationMilliseconds: 500,
  waitMilliseconds: 2000,
  startMilliseconds: 15_000,
  memoryMegabytes: 512,
};

/** Source and compiled form stand beside each other under one name; only the ending differs. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './cel-worker.ts' : './cel-worker.js', import.meta.url);

/**
 * Evaluates CEL in a thread of its own, started with the first batch. The library bounds neither time nor memory, so the
 * thread is ended and replaced when a batch takes too long, whatever its expressions do; nothing else of the process
 * waits for it. One batch runs at a time.
 */
export class CelEngine {
  private thread: Promise<Worker> | null = null;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly limits: CelLimits = LIMITS) {}

  /**
   * The answers to a batch's questions, in their order. Never rejects: what could not be found out, for want of time or
   * otherwise, is an answer that says so.
   */
  answer(batch: CelBatch): Promise<readonly CelAnswer[]> {
    if (batch.questions.length === 0) return Promise.resolve([]);
    const since = performance.now();
    const answered = this.turn.then(() =>
      performance.now() - since > this.limits.waitMilliseconds
        ? complete(batch, [], 'too many expressions are waiting to be evaluated')
        : this.run(batch),
    );
    this.turn = answered;
    return answered;
  }

  /** Ends the thread; a later batch would start another. */
  async close(): Promise<void> {
    await this.turn;
    const thread = this.thread;
    this.thread = null;
    const worker = await thread?.catch(() => null);
    await worker?.terminate();
  }

  private async run(batch: CelBatch): Promise<readonly CelAnswer[]> {
    this.thread ??= startThread(this.limits);
    try {
      const worker = await this.thread;
      const { answers, lost } = await ask(worker, batch, this.limits.evaluationMilliseconds);
      if (lost === null) return answers;
      // Started ahead, so that the next verdict does not wait for it.
      this.thread = worker.terminate().then(() => startThread(this.limits));
      this.thread.catch(() => undefined);
      return complete(batch, answers, lost);
    } catch (error) {
      void this.thread.then((worker) => worker.terminate()).catch(() => undefined);
      this.thread = null;
      const reason = error instanceof Error ? error.message : String(error);
      return complete(batch, [], `expressions cannot be evaluated: ${reason}`);
    }
  }
}

/** The answers that came, the rest of them saying why they did not. */
function complete(batch: CelBatch, answers: readonly CelAnswer[], reason: string): readonly CelAnswer[] {
  return batch.questions.map((_question, index) => answers[index] ?? { error: reason, unsettled: true });
}

function startThread({ startMilliseconds, memoryMegabytes }: CelLimits): Promise<Worker> {
  return new Promise((resolve, reject) => {
    const resourceLimits = { maxOldGenerationSizeMb: memoryMegabytes };
    const worker = new Worker(WORKER, { name: 'cel', env: {}, execArgv: [], resourceLimits });
    // An error of an idle thread shows in the next batch, which finds it gone.
    worker.on('error', reject);
    const timer = setTimeout(() => {
      reject(new Error('the thread for expressions did not start in time'));
      void worker.terminate();
    }, startMilliseconds);
    worker.once('exit', () => {
      clearTimeout(timer);
      reject(new Error('the thread for expressions ended'));
    });
    worker.once('message', () => {
      clearTimeout(timer);
      worker.unref();
      resolve(worker);
    });
  });
}

interface Answered {
  readonly answers: readonly CelAnswer[];
  /** Why the thread is of no more use, or null. */
  readonly lost: string | null;
}

function ask(worker: Worker, batch: CelBatch, milliseconds: number): Promise<Answered> {
  return new Promise((resolve) => {
    const answers: CelAnswer[] = [];
    const finish = (lost: string | null): void => {
      clearTimeout(timer);
      worker.off('message', receive).off('exit', exit);
      worker.unref();
      resolve({ answers, lost });
    };
    const receive = (answer: CelAnswer): void => {
      answers.push(answer);
      if (answers.length === batch.questions.length) finish(null);
    };
    const exit = (): void => {
      finish('evaluating it ended the thread it ran in');
    };
    const timer = setTimeout(() => {
      finish(`the expressions of this verdict took more than ${milliseconds} ms`);
    }, milliseconds);
    worker.on('message', receive).once('exit', exit);
    if (worker.threadId === -1) {
      exit();
      return;
    }
    worker.ref();
    worker.postMessage(batch);
  });
}
