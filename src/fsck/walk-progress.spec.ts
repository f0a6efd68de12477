import { describe, expect, it } from 'vitest';
import { walkProgress } from './walk-progress.js';

/** What is written of steps, each half a minute after the one before. */
function written(isTTY: boolean, steps: readonly (readonly [string, number, number | null])[]): readonly string[] {
  const lines: string[] = [];
  let time = 0;
  const progress = walkProgress({ isTTY, write: (text) => lines.push(text) }, () => (time += 30_000));
  for (const step of steps) progress.add(...step);
  progress.clear();
  return lines;
}

describe('walkProgress', () => {
  it('tells how much of how much was looked at, and how fast', () => {
    expect(
      written(false, [
        ['facts', 300, 1_000],
        ['facts', 300, 1_000],
        ['images', 5, null],
        ['tokens', 7, 5],
      ]),
    ).toEqual([
      'facts: 300 of 1000 (30 %) looked at, 300000/s\n',
      'facts: 600 of 1000 (60 %) looked at, 20/s\n',
      'images: 5 looked at, 5000/s\n',
      'tokens: 7 of 7 (100 %) looked at, 7000/s\n',
    ]);
  });

  it('writes over its line on a terminal, and takes it off', () => {
    expect(written(true, [['facts', 1, 4]])).toEqual([
      '\rfacts: 1 of 4 (25 %) looked at, 1000/s\u001b[K',
      '\r\u001b[K',
    ]);
  });

  it('writes seldom', () => {
    const lines: string[] = [];
    let time = 0;
    const progress = walkProgress({ write: (text) => lines.push(text) }, () => (time += 1_000));
    for (let step = 0; step < 20; step += 1) progress.add('facts', 1, 20);
    expect(lines).toHaveLength(4);
  });
});
