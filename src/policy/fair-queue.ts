/**
 * What waits, in as many rows as there are names. The rows are served in turn, one item at a time and each in the order of
 * its coming, so that whoever brings one item waits for no more than one of each other name, however many those bring.
 */
export class FairQueue<T> {
  /** In the order in which they are served next; none is empty. */
  private readonly rows = new Map<string, T[]>();

  add(name: string, item: T): void {
    const row = this.rows.get(name);
    if (row === undefined) this.rows.set(name, [item]);
    else row.push(item);
  }

  /** Takes out the next item; undefined where nothing waits. */
  take(): T | undefined {
    const [next] = this.rows;
    if (next === undefined) return undefined;
    const [name, row] = next;
    const item = row.shift();
    this.rows.delete(name);
    if (row.length > 0) this.rows.set(name, row);
    return item;
  }

  /** Takes out all that waits under a name, in its order. */
  takeAll(name: string): readonly T[] {
    const row = this.rows.get(name) ?? [];
    this.rows.delete(name);
    return row;
  }

  /** Takes an item out of its turn; it may be gone already. */
  remove(name: string, item: T): void {
    const row = this.rows.get(name);
    const place = row?.indexOf(item) ?? -1;
    if (row === undefined || place < 0) return;
    row.splice(place, 1);
    if (row.length === 0) this.rows.delete(name);
  }
}
