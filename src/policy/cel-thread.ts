import { Worker } from 'node:worker_threads';
import type { CelAnswer, CelBatch } from './cel-batch.js';

export interface ThreadLimits {
  /** How long the thread may take to start. */
  readonly startMilliseconds: number;
  /** How much of its heap the thread may fill before it is ended. */
  readonly memoryMegabytes: number;
}

/** How long a batch may take. */
export interface ThreadTime {
  /** Of the processor's time. */
  readonly evaluationMilliseconds: number;
  /** By the clock, however little of that the processor worked on it. */
  readonly heldMilliseconds: number;
}

/** What a thread answered to a batch. */
export interface ThreadAnswers {
  /** In the order of the questions, as far as they came. */
  readonly answers: readonly CelAnswer[];
  /**
   * Why no more came, and the thread is of no more use; null where all are there. `time`: it took too long; `ended`: the thread
   * did, for want of memory; `starved`: the processor was busy elsewhere.
   */
  readonly lost: 'time' | 'ended' | 'starved' | null;
}

/** Milliseconds, between two looks at how long a thread has worked, and for its reply to that. */
const SHORTEST_LOOK = 10;
const LONGEST_REPLY = 100;

/** Source and compiled form stand beside each other under one name; only the ending differs. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './cel-worker.ts' : './cel-worker.js', import.meta.url);

/** A thread that is ready to be asked. Rejects where none can be had in time. */
export function startThread({ startMilliseconds, memoryMegabytes }: ThreadLimits): Promise<Worker> {
  return new Promise((resolve, reject) => {
    const resourceLimits = { maxOldGenerationSizeMb: memoryMegabytes };
    const worker = new Worker(WORKER, { name: 'cel', env: {}, execArgv: [], resourceLimits });
    // An error of an idle thread shows when it is asked next, and found to have ended.
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

export function hasEnded(worker: Worker): boolean {
  return worker.threadId === -1;
}

/**
 * What the thread answers in its time. It is left as it is, also where it still works. How long that takes is told by the
 * processor's time, so that a busy machine does not make an expression slow.
 */
export async function askThread(worker: Worker, batch: CelBatch, time: ThreadTime): Promise<ThreadAnswers> {
  const since = performance.now();
  const before = await worker.cpuUsage();
  return new Promise((resolve) => {
    const answers: CelAnswer[] = [];
    let timer: NodeJS.Timeout | undefined;
    let isDone = false;
    const finish = (lost: ThreadAnswers['lost']): void => {
      if (isDone) return;
      isDone = true;
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
      finish('ended');
    };
    const look = async (): Promise<void> => {
      const held = performance.now() - since;
      const left = time.evaluationMilliseconds - (await workedFor(worker, before, held));
      if (left <= 0) finish('time');
      else if (held >= time.heldMilliseconds) finish('starved');
      else lookIn(Math.min(Math.max(left, SHORTEST_LOOK), time.heldMilliseconds - held));
    };
    const lookIn = (milliseconds: number): void => {
      if (isDone) return;
      timer = setTimeout(() => {
        // Where this thread was held up by something else, the answers may have come and wait to be received.
        setImmediate(() => void look());
      }, milliseconds);
    };
    worker.on('message', receive).once('exit', exit);
    worker.ref();
    worker.postMessage(batch);
    lookIn(Math.min(time.evaluationMilliseconds, time.heldMilliseconds));
  });
}

/** Milliseconds of the processor since; all that passed where the thread does not say. */
async function workedFor(worker: Worker, before: NodeJS.CpuUsage, passed: number): Promise<number> {
  const patience = new Promise<null>((resolve) => setTimeout(resolve, LONGEST_REPLY, null).unref());
  const usage = await Promise.race([worker.cpuUsage(before).catch(() => null), patience]);
  return usage === null ? passed : (usage.user + usage.system) / 1000;
}
