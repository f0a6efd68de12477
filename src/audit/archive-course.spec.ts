import { describe, expect, it } from 'vitest';
import { ArchiveCourse } from './archive-course.js';
import type { HeaderLine } from './archive-line.js';

const at = (minutes: number): string => new Date(Date.UTC(2026, 0, 2, 3, minutes)).toISOString();

function header(scope: Partial<HeaderLine['scope']> = {}, completeTo = 9): HeaderLine {
  const whole = { digest: null, since: null, until: null, after: 0 };
  return { record: 'header', version: 1, scope: { ...whole, ...scope }, completeTo };
}

interface Found {
  readonly broken: readonly string[];
  readonly leftOut: readonly string[];
  readonly notShown: readonly string[];
}

/** What is found of an archive with these entries, each made as many minutes after the hour, from a header to a footer. */
function found(scope: Partial<HeaderLine['scope']>, entries: readonly (readonly [number, number])[]): Found {
  const [broken, leftOut, notShown]: [string[], string[], string[]] = [[], [], []];
  const course = new ArchiveCourse(header(scope), {
    broken: (detail) => broken.push(detail),
    leftOut: (detail) => leftOut.push(detail),
    notShown: (text) => notShown.push(text),
  });
  for (const [index, [sequence, minutes]] of entries.entries()) {
    course.count(index + 2, 'entry');
    course.entry(index + 2, { sequence, at: at(minutes) });
  }
  const counts = { header: 1, ...(entries.length === 0 ? {} : { entry: entries.length }) };
  course.footer(99, { record: 'footer', counts, last: entries.at(-1)?.[0] ?? null });
  course.end(99);
  return { broken, leftOut, notShown };
}

const all = Array.from({ length: 9 }, (_, index): [number, number] => [index + 1, index * 5]);
const period = { since: at(8), until: at(33) };
/** What of `all` was made in the period. */
const within = all.slice(2, 7);
const nothing: Found = { broken: [], leftOut: [], notShown: [] };

describe('the course of an archive', () => {
  it('of the whole account shows that nothing is left out', () => {
    expect(found({}, all)).toEqual(nothing);
    expect(found({}, all.toSpliced(4, 1))).toEqual({ ...nothing, leftOut: ['missing: entry 5'] });
    expect(found({}, all.slice(2))).toEqual({ ...nothing, leftOut: ['missing: the entries 1 to 2'] });
    expect(found({}, all.slice(0, -1))).toEqual({ ...nothing, leftOut: ['missing: entry 9'] });
    expect(found({}, [])).toEqual({ ...nothing, leftOut: ['missing: the entries 1 to 9'] });
  });

  it('of a period shows that nothing is left out between others, and says so of its ends', () => {
    const ends = found(period, within);
    expect(ends).toEqual({
      ...nothing,
      notShown: [
        'whether these are of the period too, near an end of which they stand: the entries 1 to 2',
        'whether these are of the period too, near an end of which they stand: the entries 8 to 9',
      ],
    });
    expect(found(period, within.toSpliced(2, 1))).toEqual({ ...ends, leftOut: ['missing: entry 5'] });
    // An entry stands where it was committed, which may be a little after what was made later.
    const late = all.slice(2).toSpliced(1, 1);
    expect(found({ since: at(8) }, late).leftOut).toEqual(['missing: entry 4']);
    expect(found({ since: at(9) }, late)).toMatchObject({ leftOut: [], notShown: { length: 2 } });
  });

  it('about an image shows nothing of what is left out', () => {
    expect(found({ digest: `sha256:${'a'.repeat(64)}` }, within)).toEqual(nothing);
  });

  it('goes up, and nowhere twice', () => {
    expect(found({}, [...all, [9, 45]]).broken).toEqual(['line 11 has entry 9 again']);
    expect(found({}, [...all, [3, 45]]).broken).toContain('line 11 has entry 3 out of its order, or again');
  });
});
