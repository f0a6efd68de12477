/** How often the account is looked at while anybody waits, in milliseconds. */
const TICK_MS = 250;

interface Waiter {
  readonly sequence: number;
  readonly wake: () => void;
}

/**
 * Tells everybody who waits in this process that the account has grown, by one look at it for all of them, however many
 * wait; while nobody does, there is none.
 */
export class HistoryGrowth {
  private readonly waiters = new Set<Waiter>();
  private looking = false;

  constructor(
    /** The highest sequence number given out. */
    private readonly readReached: () => Promise<number>,
    /** Told of each look that failed; there is another after it. */
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /**
   * Resolves when an entry stands behind `sequence`, or the time is over, or the signal aborts, whichever comes first.
   *
   * @param patience in milliseconds
   */
  beyond(sequence: number, patience: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || patience <= 0) {
        resolve();
        return;
      }
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.waiters.delete(waiter);
        resolve();
      };
      const timer = setTimeout(wake, patience);
      const waiter = { sequence, wake };
      signal.addEventListener('abort', wake);
      this.waiters.add(waiter);
      if (!this.looking) void this.look();
    });
  }

  private async look(): Promise<void> {
    this.looking = true;
    while (this.waiters.size > 0) {
      try {
        const reached = await this.readReached();
        for (const { sequence, wake } of [...this.waiters]) if (sequence < reached) wake();
      } catch (error) {
        this.onFailure(error);
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS).unref());
    }
    this.looking = false;
  }
}
