/** The one connection on which everything is read; each statement sees one moment. */
export interface Reading {
  query<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]>;
}

/** One thing stored that is not as an invariant says. */
export interface Violation {
  readonly invariant: string;
  readonly detail: string;
}

/** That nothing could be read, whatever is stored: the database is out of reach, or takes no such statement. */
export class Unreachable extends Error {}

/** One thing stored of which nothing is known, as a line says: what is held against nothing, and the first of it. */
export interface Unheld {
  readonly unheld: string;
  readonly detail: string;
}

/** A way through stored rows that holds each of them against one or more invariants, in constant memory. */
export interface Walk {
  /** Whose rows are walked through; null where several tables are. */
  readonly table: string | null;
  /** The invariants by name, each a sentence that holds. */
  readonly invariants: readonly string[];
  /**
   * @param mostRows of a page, where that is fewer than its own number.
   * @param onRows told of each page how many rows it had.
   */
  readonly violations: (
    reading: Reading,
    mostRows: number,
    onRows: (rows: number) => void,
  ) => AsyncIterable<Violation | Unheld>;
}

/** A row of a page, with the columns of its key as text: the walk goes on behind the last one. */
export interface Keyed {
  readonly key: readonly string[];
}

export interface RowWalk<Row extends Keyed, Read> {
  readonly table?: string;
  /** Lies before the first key, column by column. */
  readonly start: readonly string[];
  readonly pageSize: number;
  /**
   * Answers a page of rows in the order of their key, at least one where one is left. `$1` and on stand for the key to go on
   * behind, the parameter after them for how many rows to look at. One statement, so that what it compares belongs to
   * one moment although the service is at work.
   */
  readonly text: string;
  /** What the invariants look at, made once for each row of a page, in the order of the rows. */
  readonly readPage: (rows: readonly Row[], reading: Reading) => Promise<readonly Read[]> | readonly Read[];
  /** By the name of the invariant: what is wrong, or null. */
  readonly faultOf: Readonly<Record<string, (read: Read) => string | null>>;
  /** By what cannot be held against anything, a clause: which row it is of, or null where it can. */
  readonly unheldOf?: Readonly<Record<string, (read: Read) => string | null>>;
}

/** A walk that looks at each row by itself. What cannot be looked at is a violation of all its invariants. */
export function walkRows<Row extends Keyed, Read>({
  read,
  ...options
}: Omit<RowWalk<Row, Read>, 'readPage'> & { readonly read: (row: Row) => Read }): Walk {
  return walkPages<Row, Read>({ ...options, readPage: (rows) => rows.map(read) });
}

export function walkPages<Row extends Keyed, Read>(options: RowWalk<Row, Read>): Walk {
  const { table = null, start, faultOf, unheldOf = {} } = options;
  const faults = Object.entries(faultOf);
  return {
    table,
    invariants: faults.map(([invariant]) => invariant),
    async *violations(reading, mostRows, onRows) {
      let key = start;
      for (;;) {
        const page = await pageBehind(key, options, reading, mostRows);
        const last = page.at(-1);
        if (last === undefined) return;
        key = last.key;
        for (const { row, read } of await readEach(page, options, reading)) {
          for (const [invariant, fault] of faults) {
            const detail = 'fault' in read ? unreadable(row, table, read.fault) : detailOf(read, fault, row, table);
            if (detail !== null) yield { invariant, detail };
          }
          if ('fault' in read) continue;
          for (const [unheld, which] of Object.entries(unheldOf)) {
            const detail = which(read.subject);
            if (detail !== null) yield { unheld, detail };
          }
        }
        onRows(page.length);
      }
    },
  };
}

/** A row as it was read, or why it cannot be. */
interface ReadRow<Row, Read> {
  readonly row: Row;
  readonly read: { readonly subject: Read } | { readonly fault: unknown };
}

/** A row that the database itself cannot take apart is looked for in ever smaller pages; behind it there is no going on. */
async function pageBehind<Row extends Keyed, Read>(
  key: readonly string[],
  { table, pageSize, text }: RowWalk<Row, Read>,
  reading: Reading,
  mostRows: number,
): Promise<readonly Row[]> {
  for (let rows = Math.min(pageSize, mostRows); ; rows = Math.ceil(rows / 2)) {
    try {
      return await reading.query<Row>(text, [...key, rows]);
    } catch (error) {
      if (error instanceof Unreachable) throw error;
      if (rows > 1) continue;
      const place = `${table === undefined ? 'the row' : `the row of ${table}`} behind ${keyWords(key)}`;
      throw new Error(`${place} cannot be read, nor what follows it: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** Where a page cannot be read, its rows are read one by one. */
async function readEach<Row extends Keyed, Read>(
  page: readonly Row[],
  { readPage }: Pick<RowWalk<Row, Read>, 'readPage'>,
  reading: Reading,
): Promise<readonly ReadRow<Row, Read>[]> {
  try {
    const subjects = await readPage(page, reading);
    return page.flatMap((row, index) =>
      subjects.slice(index, index + 1).map((subject) => ({ row, read: { subject } })),
    );
  } catch (fault) {
    if (fault instanceof Unreachable) throw fault;
    const [only] = page;
    if (only !== undefined && page.length === 1) return [{ row: only, read: { fault } }];
    const each: ReadRow<Row, Read>[] = [];
    for (const row of page) each.push(...(await readEach([row], { readPage }, reading)));
    return each;
  }
}

function detailOf<Read>(
  { subject }: { readonly subject: Read },
  faultOf: (read: Read) => string | null,
  row: Keyed,
  table: string | null,
): string | null {
  try {
    return faultOf(subject);
  } catch (fault) {
    return unreadable(row, table, fault);
  }
}

function unreadable({ key }: Keyed, table: string | null, fault: unknown): string {
  return `${table === null ? 'the row' : `the row of ${table}`} ${keyWords(key)} cannot be read: ${messageOf(fault)}`;
}

function keyWords(key: readonly string[]): string {
  return key.join(' ');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Ends a subquery that looks rows up by its `where`, and keeps the planner from moving other conditions into it: right after a
 * restore there are no statistics to tell it that this is the index to use, and any other makes a walk quadratic.
 */
export const BY_INDEX = 'offset 0';

const PAGE_SIZE = 1_000;

/**
 * An invariant that the database itself can judge.
 *
 * @param text as of `walkRows`, with the columns `key` and `fault`, which is what is wrong with the row, or null.
 * @param table whose rows are walked through, where it is one.
 */
export function sqlInvariant(name: string, start: readonly string[], text: string, table?: string): Walk {
  return walkRows<Keyed & { readonly fault: string | null }, { readonly fault: string | null }>({
    ...(table === undefined ? {} : { table }),
    start,
    pageSize: PAGE_SIZE,
    text,
    read: (row) => row,
    faultOf: { [name]: ({ fault }) => fault },
  });
}
