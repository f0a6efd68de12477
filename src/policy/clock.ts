/**
 * The one moment of an evaluation. It notes which moments ahead were asked about: until the first of them, evaluating
 * again can give nothing else.
 */
export class Clock {
  private nearest = Infinity;

  /** @param now milliseconds since the epoch */
  constructor(readonly now: number) {}

  /** Whether a moment is still ahead. */
  isBefore(moment: number): boolean {
    if (this.now >= moment) return false;
    this.nearest = Math.min(this.nearest, moment);
    return true;
  }

  /** The nearest moment ahead that was asked about; null where there was none. */
  get next(): number | null {
    return Number.isFinite(this.nearest) ? this.nearest : null;
  }
}
