import type { Database } from '../platform/database.js';
import { inTransaction } from '../platform/transaction.js';
import { recordedPairs } from './rested-pairs.js';
import type { Verdict } from './verdict.js';
import { verdictSignersCte } from './verdict-search-terms.js';

const BATCH = 200;
const START = '-infinity 00000000-0000-0000-0000-000000000000';

/**
 * Makes the next verdicts searchable by who signed what they rest on, behind where the last call ended, in one transaction;
 * durable on return. Answers how many were looked at: 0 where none is left. May run beside the service and beside another
 * of its kind.
 */
export async function reindexVerdicts(database: Database): Promise<number> {
  return inTransaction(database.dataSource, async (tx) => {
    const [progress]: readonly { position: string }[] = await tx.query(
      `select position from search_progress where part = 'verdicts' for update`,
    );
    const [at, id] = (progress?.position === '' ? START : (progress?.position ?? START)).split(' ');
    const rows: readonly { id: string; at: string; verdict: Verdict }[] = await tx.query(
      `select id, to_json(at) #>> '{}' as at, verdict from verdicts where (at, id) > ($1::timestamptz, $2::uuid)
       order by at, id limit ${BATCH}`,
      [at, id],
    );
    const last = rows.at(-1);
    if (last === undefined) {
      await tx.query(
        `update search_progress set finished_at = coalesce(finished_at, now()) where part = 'verdicts' and finished_at is null`,
      );
      return 0;
    }
    const source = 'recorded as (select id, image, at from verdicts where id = any($3))';
    const pairs = await recordedPairs(rows, (text, values) => tx.query(text, [...values]));
    await tx.query(`with ${source}, ${verdictSignersCte('recorded', '$1', '$2')} select`, [
      ...pairs,
      rows.map((row) => row.id),
    ]);
    await tx.query(`update search_progress set position = $1 where part = 'verdicts'`, [`${last.at} ${last.id}`]);
    return rows.length;
  });
}
