import { Worker } from 'node:worker_threads';
import type { CelAnswer, CelBatch } from './cel-batch.js';

export interface ThreadLimits {
  /** How long the thread may take to start. */
  readonly startMilliseconds: number;
  /** How much of its heap the thread may fill before it is ended. */
  readonly memoryMegabytes: number;
}

/** What a thread answered to a batch. */
export interface ThreadAnswers {
  /** In the order of the questions, as far as they came. */
  readonly answers: readonly CelAnswer[];
  /** Why no more came, and the thread is of no more use; null where all are there. */
  readonly lost: string | null;
}

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

/** What the thread answers within so many milliseconds; it is left as it is, also where it still works. */
export function askThread(worker: Worker, batch: CelBatch, milliseconds: number): Promise<ThreadAnswers> {
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
    worker.on('message', receive).once('exit', exit);
    worker.ref();
    worker.postMessage(batch);
    const timer = setTimeout(() => {
      // Where this thread was held up by something else, the answers may have come and wait to be received.
      setImmediate(() => {
        if (answers.length < batch.questions.length) {
          finish(`the expressions of this verdict took more than ${milliseconds} ms`);
        }
      });
    }, milliseconds);
  });
}
