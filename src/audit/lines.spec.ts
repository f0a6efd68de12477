import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf, type Line } from './lines.js';

async function read(text: string, chunk: number, most: number): Promise<readonly Line[]> {
  const bytes = Buffer.from(text);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunk) yield await Promise.resolve(bytes.subarray(at, at + chunk));
  }
  const lines: Line[] = [];
  for await (const line of linesOf(chunks(), most)) lines.push(line);
  return lines;
}

describe('linesOf', () => {
  it('reads the same lines however they come', async () => {
    const texts = fc.array(fc.stringMatching(/^[a-c]{0,9}$/), { maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 12 }), async (lines, chunk) => {
        const found = await read(lines.map((line) => `${line}\n`).join(''), chunk, 100);
        expect(found).toEqual(lines.map((line, index) => ({ number: index + 1, bytes: Buffer.from(line) })));
      }),
    );
  });

  it('keeps nothing of a line that is too long, and takes one that does not end', async () => {
    const lines = await read('abcd\nabcde\n\nend', 2, 4);
    expect(lines.map(({ bytes }) => bytes?.toString() ?? null)).toEqual(['abcd', null, '', 'end']);
  });
});
