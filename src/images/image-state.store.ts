import { Injectable } from '@nestjs/common';
import type { SubjectDigest } from '../intoto/digest.js';
import { coalesce } from '../platform/coalesce.js';
import { Database, namedQuery } from '../platform/database.js';

/** The counters that an answer depends on beside the image's own, and the database's clock; one snapshot. */
export interface Revisions {
  readonly access: number;
  readonly trust: number;
  readonly policy: number;
  readonly waiver: number;
  readonly now: Date;
}

/** What was received about a digest, what was examined, and all revisions a verdict about it depends on. */
export interface ImageState extends Revisions {
  readonly digest: SubjectDigest;
  /** Attestations received that name the digest; each receipt raises it. */
  readonly received: number;
  /** Attestations among them that have been examined at least once. */
  readonly examined: number;
  /** Raised by every change of the image's facts. */
  readonly revision: number;
  /** Raised by every index that comes to be known and concerns the digest. */
  readonly relations: number;
  /** Envelopes dropped about the digest; each drop raises it. */
  readonly dropped: number;
}

/** The state together with the facts that stood in the image's row in the same snapshot, as the worker wrote them. */
export interface ImageFacts extends ImageState {
  readonly facts: readonly unknown[];
}

const GLOBAL_COLUMNS = `g.access, g.trust, g.policy, g.waiver, statement_timestamp() as now`;
const GLOBALS = `
  (select
     max(value) filter (where name = 'access') as access,
     max(value) filter (where name = 'trust') as trust,
     max(value) filter (where name = 'policy') as policy,
     max(value) filter (where name = 'waiver') as waiver
   from revisions) g`;
const COUNTERS = `
  coalesce(r.received, 0) as received, coalesce(i.examined, 0) as examined, coalesce(i.revision, 0) as revision,
  coalesce(i.relations, 0) as relations, coalesce(i.dropped, 0) as dropped`;
const WITH_FACTS = `${COUNTERS}, coalesce(i.facts, '[]') as facts`;
const JOINS = `left join subject_receipts r on r.subject = k.digest left join images i on i.subject = k.digest`;

// One waiting request asks by point look-ups, which plan and run faster than an array of one.
const ONE = `(select $1::text as digest) k`;
const MANY = `unnest($1::text[]) as k (digest)`;

/** Reads for verdicts: coalesced, on the primary, and never joined to a read that was already sent. */
@Injectable()
export class ImageStateStore {
  /** The state of one digest; a digest nobody has said anything about has all counters at 0. */
  readonly readState: (digest: SubjectDigest) => Promise<ImageState>;

  /** The states of several digests in one snapshot, in their order. */
  readonly readStates: <Digests extends Together>(digests: Digests) => Promise<EachOf<Digests, ImageState>>;

  /** The state and the facts of one digest in one snapshot. */
  readonly readFacts: (digest: SubjectDigest) => Promise<ImageFacts>;

  /** The same over the connections for everyday reads, for what must not stand in a gate's way. */
  readonly readFactsAside: <Digests extends Together>(digests: Digests) => Promise<EachOf<Digests, ImageFacts>>;

  /** The states and the facts of several digests in one snapshot, in their order. */
  readonly readFactsTogether: <Digests extends Together>(digests: Digests) => Promise<EachOf<Digests, ImageFacts>>;

  constructor(database: Database) {
    const { hotPool, pool } = database;
    const state = together<ImageState>(hotPool, 'image-state', COUNTERS, { maxBatch: 1000 });
    const facts = together<ImageFacts>(hotPool, 'image-facts', WITH_FACTS, { maxBatch: 64 });
    const aside = together<ImageFacts>(pool, 'image-facts', WITH_FACTS, { maxBatch: 64, maxInFlight: 1 });
    this.readState = async (digest) => (await state([digest]))[0];
    this.readStates = state;
    this.readFacts = async (digest) => (await facts([digest]))[0];
    this.readFactsTogether = facts;
    this.readFactsAside = aside;
  }
}

/** Digests that are read together, the first of them the one that is asked about. */
export type Together = readonly [SubjectDigest, ...SubjectDigest[]];
type EachOf<Digests extends Together, Row> = { readonly [Index in keyof Digests]: Row };

/** Reads of one turn share a statement; a statement is one snapshot, so digests asked for together are never torn apart. */
function together<Row extends ImageState>(
  pool: Database['pool'],
  name: string,
  columns: string,
  limits: { readonly maxBatch: number; readonly maxInFlight?: number },
): <Digests extends Together>(digests: Digests) => Promise<EachOf<Digests, Row>> {
  const loadRows = load<Row>(pool, name, columns);
  const read = coalesce<Together, readonly Row[], string>(
    async (groups) => {
      const rows = await loadRows([...new Set(groups.flat())]);
      return new Map(
        groups.map((digests) => [keyOf(digests), digests.map((digest) => present(rows.get(digest), digest))]),
      );
    },
    { ...limits, keyOf },
  );
  return async <Digests extends Together>(digests: Digests) => {
    const rows = await read(digests);
    if (rows === undefined) throw new Error(`the states of ${digests.join(', ')} were not read`);
    // One row for each digest, in their order.
    return rows as EachOf<Digests, Row>;
  };
}

function keyOf(digests: Together): string {
  return digests.join(' ');
}

function load<Row extends ImageState>(
  pool: Database['pool'],
  name: string,
  columns: string,
): (digests: readonly SubjectDigest[]) => Promise<ReadonlyMap<SubjectDigest, Row>> {
  const select = (source: string): string =>
    `select k.digest, ${columns}, ${GLOBAL_COLUMNS} from ${source} ${JOINS} cross join ${GLOBALS}`;
  const one = { name: `${name}-one`, text: select(ONE) };
  const many = { name: `${name}-many`, text: select(MANY) };
  return async (digests) => {
    const query = digests.length === 1 ? { ...one, values: digests } : { ...many, values: [digests] };
    const { rows } = await namedQuery<Row>(pool, query);
    return new Map(rows.map((row) => [row.digest, row]));
  };
}

function present<Row>(row: Row | undefined, digest: SubjectDigest): Row {
  if (row === undefined) throw new Error(`the state of ${digest} was not read`);
  return row;
}
