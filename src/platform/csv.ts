/** What a cell may begin with for a spreadsheet to read it as a formula; the last two may stand before one. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * Rows as CSV (RFC 4180): comma, CRLF, quotes where a cell needs them. A cell that a spreadsheet would run as a formula gets
 * an apostrophe before it, which spreadsheets take for "this is text".
 */
export function csvOf(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

function cellOf(text: string): string {
  const inert = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
