/**
 * Hands on what a source gives, and tells when whoever reads has not come back for more within a time. While nobody reads,
 * nothing is asked of the source.
 *
 * @param patience in milliseconds
 */
export async function* watchReader<T>(
  source: AsyncIterable<T>,
  patience: number,
  onStalled: () => void,
): AsyncGenerator<T> {
  for await (const part of source) {
    const timer = setTimeout(onStalled, patience);
    try {
      yield part;
    } finally {
      clearTimeout(timer);
    }
  }
}
