import { ImageStore } from '../images/image.store.js';
import type { Sha256Digest } from '../intoto/digest.js';
import type { Database } from '../platform/database.js';
import { inTransaction } from '../platform/transaction.js';
import { indexFacts, type IndexedFact } from './index-facts.store.js';

/** Facts of one batch: their images are locked for as long as it takes. */
const BATCH = 200;
/** A batch is cut short where its facts would come to more than this. */
const MOST_BYTES = 8 * 1024 * 1024;

/** Facts behind an id, in the order of ids, as they are searched by: who signed them and was verified, by the fact's reader. */
export const FACTS_TO_INDEX = `
  with looked_at as (
    select f.*, sum(f.size) over (order by f.id) - f.size as before
    from (select * from facts where id > $1::bigint order by id limit $2) f
  )
  select f.id::text as id, f.content, a.received_at as "receivedAt",
    array(select distinct s.subject from attestation_subjects s
      where s.attestation = f.attestation and s.subject like 'sha256:%') as images,
    (select jsonb_agg(jsonb_build_object('signers', v.signers, 'proved', v.proved))
     from (select distinct attestation from fact_signers where fact = f.id) x
     join verifications v on v.attestation = x.attestation
     where v.outcome = 'verified' and v.reader_revision = f.reader_revision and v.signed_digest = f.signed_digest) as verified
  from looked_at f join attestations a on a.id = f.attestation
  where f.before < ${MOST_BYTES}
  order by f.id`;

/** A row of `FACTS_TO_INDEX`. */
export interface FactToIndex {
  readonly id: string;
  readonly content: IndexedFact['content'];
  readonly receivedAt: Date;
  readonly images: readonly Sha256Digest[];
  /** One for each verification that verified it; null where none did. */
  readonly verified: readonly IndexedFact['verified'][] | null;
}

/** The fact as it is to be found, or null where it never was verified. */
export function indexedFactOf({ verified, ...fact }: FactToIndex): IndexedFact | null {
  if (verified === null) return null;
  return {
    ...fact,
    verified: {
      signers: verified.flatMap(({ signers }) => signers),
      proved: verified.flatMap(({ proved }) => proved),
    },
  };
}

/**
 * Adds the next facts to the search, behind where the last call ended, in one transaction; durable on return. Answers how many
 * were looked at: 0 where none is left, and the search over facts is then complete. May run beside the service and
 * beside another of its kind.
 */
export async function reindexFacts(database: Database): Promise<number> {
  return inTransaction(database.dataSource, async (tx) => {
    const [progress]: readonly { position: string }[] = await tx.query(
      `select position from search_progress where part = 'facts' for update`,
    );
    const rows: readonly FactToIndex[] = await tx.query(FACTS_TO_INDEX, [progress?.position ?? '0', BATCH]);
    const last = rows.at(-1);
    if (last === undefined) {
      await tx.query(
        `update search_progress set finished_at = coalesce(finished_at, now()) where part = 'facts' and finished_at is null`,
      );
      return 0;
    }
    await new ImageStore().lock(
      tx,
      rows.flatMap(({ images }) => images),
    );
    await indexFacts(
      tx,
      rows.map(indexedFactOf).filter((fact) => fact !== null),
    );
    await tx.query(`update search_progress set position = $1 where part = 'facts'`, [last.id]);
    return rows.length;
  });
}
