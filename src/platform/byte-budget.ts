/** A number of bytes that those who take of it give back. */
export class ByteBudget {
  private taken = 0;

  constructor(private readonly total: number) {}

  /** Whether there was as much left; then it is taken. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.total) return false;
    this.taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.taken -= bytes;
  }
}
