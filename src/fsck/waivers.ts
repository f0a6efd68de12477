import type { Sha256Digest } from '../intoto/digest.js';
import { waiverDigest } from '../policy/waiver-digest.js';
import type { WaiverScope } from '../policy/waiver.js';
import type { Parameters } from '../policy/verdict.js';
import { BY_INDEX, walkRows, type Keyed, type Walk } from './walk.js';

/** A waiver as it was made, and the digests that entries tell: none where it is from before they told any. */
interface WaiverRow extends Keyed {
  readonly id: string;
  readonly policy: string;
  readonly requirement: string;
  readonly vulnerability: string | null;
  readonly digest: Sha256Digest | null;
  readonly repository: string | null;
  readonly parameters: Parameters;
  readonly reason: string;
  readonly reference: string;
  readonly until: string;
  readonly approvals: number;
  readonly at: string;
  readonly actor: string;
  readonly author: string;
  readonly digests: readonly string[];
}

const TIME = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

/** Exceptions on record. */
export const WAIVERS: readonly Walk[] = [
  walkRows<WaiverRow, WaiverRow>({
    table: 'waivers',
    start: ['0'],
    pageSize: 500,
    text: `
      select array[w.revision::text] as key, w.id, w.policy, w.requirement, w.vulnerability, w.digest, w.repository,
        w.parameters, w.reason, w.reference, to_char(w.until at time zone 'UTC', ${TIME}) as until, w.approvals,
        to_char(w.at at time zone 'UTC', ${TIME}) as at, w.actor, w.author,
        (select coalesce(jsonb_agg(e.data->>'digest'), '[]') from (
           select data from history_entries where type = 'waiver.created' and data->>'waiver' = w.id::text ${BY_INDEX}
         ) e where e.data->>'digest' is not null) as digests
      from (select * from waivers where revision > $1::bigint order by revision limit $2) w order by w.revision`,
    read: (row) => row,
    faultOf: {
      'every waiver is the one that its history entry tells of': ({ digest, repository, digests, ...waiver }) => {
        const scope: WaiverScope =
          digest === null ? { type: 'repository', repository: repository ?? '' } : { type: 'digest', digest };
        const actual: string = waiverDigest({ ...waiver, scope });
        const other = digests.some((told) => told !== actual);
        return other ? `waiver ${waiver.id} is not the one that its entry tells of` : null;
      },
    },
  }),
];
