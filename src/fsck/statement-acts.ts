import type { ProvedSigner } from '../intoto/proved-signer.js';
import { keyCause } from '../trust/gain-causes.js';
import { SIGNATURE_SCHEMES } from '../intoto/signature-scheme.js';
import { signersBound } from '../trust/signers-bound.js';
import { BY_INDEX, walkRows, type Keyed, type Walk } from './walk.js';

/** No transaction takes longer: what was begun by so long before an act was read when it was decided whom it binds. */
const SEEN_AFTER = '90 seconds';

/** What one examination of the attestation proved, as far as it says whom an act on it binds. */
interface Proving {
  readonly proved: readonly ProvedSigner[];
  readonly gains: readonly string[];
  readonly hasSignedDigest: boolean;
  /** Whether it was on record when it was decided whom the act binds; neither is certain shortly before the act. */
  readonly isBefore: boolean;
  readonly isAfter: boolean;
}

interface ActRow extends Keyed {
  readonly trustRevision: number;
  readonly attestation: string;
  readonly signers: readonly string[] | null;
  /** Whether there is an entry of it, and that says nothing of signers: what it says is held elsewhere. */
  readonly untold: boolean;
  readonly examinations: readonly Proving[];
  /** Whether what examinations wait for can still be held against the bytes. */
  readonly hasEnvelope: boolean;
}

interface Act {
  readonly row: ActRow;
  /** Everything that the act may have come to bind; more than one where it does not follow from what is on record. */
  readonly possible: readonly (readonly string[] | null)[];
}

/** Whom acts bind of which the entries, of an earlier release, do not say it: that follows from who was proved by then. */
export const STATEMENT_ACTS_BIND: readonly Walk[] = [
  walkRows<ActRow, Act>({
    table: 'statement_acts',
    start: ['0'],
    pageSize: 200,
    text: `
      select array[s.trust_revision::text] as key, s.trust_revision as "trustRevision", s.attestation, s.signers,
        coalesce(not e.data ? 'signers', false) as untold,
        (select coalesce(jsonb_agg(jsonb_build_object(
            'proved', v.proved, 'gains', to_jsonb(v.gains), 'hasSignedDigest', v.signed_digest is not null,
            'isBefore', v.at < e.at - interval '${SEEN_AFTER}',
            'isAfter', v.at > e.at or v.trust_revision >= s.trust_revision) order by v.id), '[]')
         from verifications v where v.attestation = s.attestation and not e.data ? 'signers') as examinations,
        exists (
          select from attestations a join envelopes n on n.received_at = a.received_at and n.attestation = a.id
          where a.id = s.attestation ${BY_INDEX}
        ) as "hasEnvelope"
      from (select * from statement_acts where trust_revision > $1::bigint order by trust_revision limit $2) s
      left join lateral (
        select h.at, h.data from (select * from history_entries where attestation = s.attestation ${BY_INDEX}) h
        where h.type = 'attestation.' || s.act and h.data->>'trustRevision' = s.trust_revision::text limit 1
      ) e on true
      order by s.trust_revision`,
    read: (row) => ({ row, possible: row.untold ? possibleOf(row) : [] }),
    faultOf: {
      'an act whose entry does not say whom it binds binds those who were proved to have signed': ({
        row,
        possible,
      }) =>
        !row.untold || possible.some((signers) => isSame(signers, row.signers))
          ? null
          : `${whichOf(row)} binds ${textOf(row.signers)}, and those proved by then are ${possible.map(textOf).join(', or ')}`,
    },
    unheldOf: {
      'whom acts on statements bind whose entries, of an earlier release, do not say it, and from which it does not follow':
        ({ row, possible }) => (possible.length > 1 ? whichOf(row) : null),
    },
  }),
];

function possibleOf({ examinations, hasEnvelope }: ActRow): Act['possible'] {
  const from = examinations.findLastIndex(({ isBefore }) => isBefore) + 1;
  const after = examinations.findIndex(({ isAfter }, index) => index >= from && isAfter);
  const upTo = after < 0 ? examinations.length : after;
  const possible = new Map<string, readonly string[] | null>();
  for (let count = from; count <= upTo; count += 1) {
    const seen = examinations.slice(0, count);
    const proved = seen.flatMap((examination) => examination.proved);
    const last = seen.findLast(({ hasSignedDigest }) => hasSignedDigest)?.gains ?? null;
    const bound = signersBound(proved, last);
    const all = isCertain(last, hasEnvelope) ? [bound] : [bound, signersBound(proved, null), null];
    for (const signers of all) possible.set(textOf(signers), signers);
  }
  return [...possible.values()];
}

/** What an upgrade wrote waits for every scheme, whatever was left to be found. */
function isCertain(gains: readonly string[] | null, hasEnvelope: boolean): boolean {
  return gains === null || (hasEnvelope && !SIGNATURE_SCHEMES.every((scheme) => gains.includes(keyCause(scheme))));
}

function isSame(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return textOf(one) === textOf(other);
}

function textOf(signers: readonly string[] | null): string {
  if (signers === null) return 'whoever signed';
  return signers.length === 0 ? 'nobody' : [...signers].sort().join(' and ');
}

function whichOf({ attestation, trustRevision }: ActRow): string {
  return `the act on what ${attestation} says, at trust revision ${trustRevision},`;
}
