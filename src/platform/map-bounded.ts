/**
 * Does something with every item, at most `limit` at a time, and gives the results in the order of the items. After an error
 * nothing more is begun; it rejects with the first one once what is under way has ended.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const failed: { readonly error: unknown }[] = [];
  const open = items.entries();
  const one = async (): Promise<void> => {
    for (const [index, item] of open) {
      try {
        results[index] = await work(item);
      } catch (error) {
        failed.push({ error });
      }
      if (failed.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, one));
  const [first] = failed;
  if (first !== undefined) throw first.error;
  return results;
}
