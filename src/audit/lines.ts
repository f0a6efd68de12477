/** A line without its end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** null where it is longer than is taken. */
  readonly bytes: Buffer | null;
}

const NEWLINE = 0x0a;

/** The lines of a stream, each of at most so many bytes; of one that is longer nothing is kept, however long it is. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, most: number): AsyncGenerator<Line> {
  let pieces: Buffer[] = [];
  let length = 0;
  let number = 0;
  const add = (piece: Buffer): void => {
    length += piece.length;
    if (length > most) pieces = [];
    else if (piece.length > 0) pieces.push(piece);
  };
  const end = (): Line => {
    const [only = Buffer.alloc(0), ...others] = pieces;
    const bytes = length > most ? null : others.length === 0 ? only : Buffer.concat(pieces, length);
    [pieces, length] = [[], 0];
    return { number: (number += 1), bytes };
  };
  for await (const chunk of chunks) {
    let begin = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, begin)) {
      add(chunk.subarray(begin, at));
      yield end();
      begin = at + 1;
    }
    add(chunk.subarray(begin));
  }
  if (length > 0) yield end();
}
