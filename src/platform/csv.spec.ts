import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvOf } from './csv.js';

describe('rows as CSV', () => {
  it('quotes what would end a cell or a row, and doubles quotes', () => {
    expect(csvOf([['a,b', 'say "no"', 'two\nlines', ''], ['plain']])).toBe(
      '"a,b","say ""no""","two\nlines",\r\nplain\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://evil.example")'])(
    'lets no spreadsheet run %j',
    (formula) => {
      const [cell = ''] = csvOf([[formula]])
        .split('\r\n')
        .slice(0, 1);
      expect(cell.replace(/^"/, '')).toMatch(/^'/);
    },
  );

  it('comes back as it was, but for the apostrophe', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (cells) => {
        expect(parse(csvOf([cells])).map((cell) => cell.replace(/^'(?=[=+\-@\t\r])/, ''))).toEqual(cells);
      }),
    );
  });
});

/** One row as RFC 4180 reads it. */
function parse(text: string): readonly string[] {
  const cells: string[] = [];
  for (let rest = `,${text.slice(0, -2)}`; rest !== '';) {
    const [whole = '', quoted, plain] = /^,(?:"((?:[^"]|"")*)"|([^",\r\n]*))/.exec(rest) ?? [];
    if (whole === '') throw new Error(`no cell begins at ${rest}`);
    cells.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    rest = rest.slice(whole.length);
  }
  return cells;
}
