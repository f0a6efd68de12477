/** The one connection on which everything is read; each statement sees one moment. */
export interface Reading {
  query<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]>;
}

/** One thing stored that is not as an invariant says. */
export interface Violation {
  readonly invariant: string;
  readonly detail: string;
}

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

/** A walk that looks at each row by itself. */
export function walkRows<Row extends Keyed, Read>({
  read,
  ...options
}: Omit<RowWalk<Row, Read>, 'readPage'> & { readonly read: (row: Row) => Read }): Walk {
  return walkPages<Row, Read>({ ...options, readPage: (rows) => rows.map(read) });
}

export function walkPages<Row extends Keyed, Read>(options: RowWalk<Row, Read>): Walk {
  const { table = null, start, pageSize, text, readPage, faultOf, unheldOf = {} } = options;
  return {
    table,
    invariants: Object.keys(faultOf),
    async *violations(reading, mostRows, onRows) {
      let key = start;
      for (;;) {
        const page = await reading.query<Row>(text, [...key, Math.min(pageSize, mostRows)]);
        const last = page.at(-1);
        if (last === undefined) return;
        key = last.key;
        for (const subject of await readPage(page, reading)) {
          for (const [invariant, fault] of Object.entries(faultOf)) {
            const detail = fault(subject);
            if (detail !== null) yield { invariant, detail };
          }
          for (const [unheld, which] of Object.entries(unheldOf)) {
            const detail = which(subject);
            if (detail !== null) yield { unheld, detail };
          }
        }
        onRows(page.length);
      }
    },
  };
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
