import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';

const NEWLINE = 0x0a;
export const STANDARD_INPUT = '-';

/** How many bytes these files have; null where that is not known before they are read. Throws where one cannot be read. */
export function sizeOfFiles(files: readonly string[]): number | null {
  const sizes = files.filter((file) => file !== STANDARD_INPUT).map((file) => statSync(file));
  const isKnown = sizes.length === files.length && sizes.every((stat) => stat.isFile());
  return isKnown ? sizes.reduce((sum, { size }) => sum + size, 0) : null;
}

/** What is in these files, one after the other; a line ends where its file does. Rejects where one cannot be read. */
export async function* chunksOf(files: readonly string[], stdin: Readable): AsyncGenerator<Buffer> {
  for (const file of files) {
    const stream: AsyncIterable<Buffer> = file === STANDARD_INPUT ? stdin : createReadStream(file);
    let last: number | undefined;
    for await (const chunk of stream) {
      yield chunk;
      last = chunk.at(-1) ?? last;
    }
    if (last !== undefined && last !== NEWLINE) yield Buffer.of(NEWLINE);
  }
}
