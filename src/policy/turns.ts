import { AppError } from '../platform/app-error.js';

export interface TurnsLimits {
  /** Most under way at once. */
  readonly atOnce: number;
  /** Most under way at once under one name, so that none takes all. */
  readonly atOnceOfName: number;
  readonly waitMilliseconds: number;
}

interface Waiting {
  readonly name: string;
  readonly begin: () => void;
}

const RETRY_AFTER_S = 2;

/** Bounds how much of something is under way; who comes first is first, as far as its name has not its share already. */
export class Turns {
  private readonly waiting: Waiting[] = [];
  private readonly underWay = new Map<string, number>();
  private total = 0;

  constructor(private readonly limits: TurnsLimits) {}

  /** Resolves when it is the caller's turn, to what ends it. @throws AppError `overloaded` where that takes too long. */
  take(name: string): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(turn), 1);
        reject(
          new AppError('overloaded', 'overloaded', 'too many questions about large evidence are waiting', {
            retryAfterSeconds: RETRY_AFTER_S,
          }),
        );
      }, this.limits.waitMilliseconds);
      const begin = (): void => {
        clearTimeout(timer);
        this.count(name, 1);
        resolve(() => {
          this.count(name, -1);
          this.beginNext();
        });
      };
      const turn = { name, begin };
      this.waiting.push(turn);
      this.beginNext();
    });
  }

  private beginNext(): void {
    if (this.total >= this.limits.atOnce) return;
    const place = this.waiting.findIndex(({ name }) => (this.underWay.get(name) ?? 0) < this.limits.atOnceOfName);
    if (place >= 0) this.waiting.splice(place, 1)[0]?.begin();
  }

  private count(name: string, by: 1 | -1): void {
    this.total += by;
    const count = (this.underWay.get(name) ?? 0) + by;
    if (count === 0) this.underWay.delete(name);
    else this.underWay.set(name, count);
  }
}

/** Resolves when it is the caller's turn, to whether it was not so already. */
export type TakeTurn = () => Promise<boolean>;

/** Does what may find that it has to take a turn first, which ends with it. */
export async function inTurn<T>(turns: Turns, name: string, work: (takeTurn: TakeTurn) => Promise<T>): Promise<T> {
  let end: (() => void) | null = null;
  try {
    return await work(async () => {
      if (end !== null) return false;
      end = await turns.take(name);
      return true;
    });
  } finally {
    endTurn(end);
  }
}

/** A closure has set it by then, which the compiler does not see. */
function endTurn(end: (() => void) | null): void {
  end?.();
}
