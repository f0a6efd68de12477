/**
 * Does something with every item, up to `limit` at a time, and hands over the results in the order of the items, each as
 * soon as all before it are there. Rejects with the first error; what is under way then is not waited for.
 */
export async function mapInOrder<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
  deliver: (result: R) => void,
): Promise<void> {
  const underWay: Promise<R>[] = [];
  for (const item of items) {
    const next = underWay.length >= limit ? underWay.shift() : undefined;
    if (next !== undefined) deliver(await next);
    const started = work(item);
    // Its error is thrown when its turn comes.
    started.catch(() => undefined);
    underWay.push(started);
  }
  for (const result of underWay) deliver(await result);
}
