import type { Sha256Digest } from '../intoto/digest.js';
import type { RecordedWaiver } from './recorded-waiver.js';
import type { Parameters } from './verdict.js';
import type { WaiverScope } from './waiver.js';

/**
 * Waivers `w`, each with its revocation `r` and its approvals, for further conditions to follow with `and`. `$1` is the waiver
 * revision up to which acts are read, null for all.
 */
export const RECORDED_WAIVERS = `
  select w.id, w.revision::float8 as revision, w.policy, w.requirement, w.vulnerability, w.digest, w.repository, w.parameters,
    w.reason, w.reference, w.until, w.approvals, w.at, w.actor, w.author,
    coalesce((
      select json_agg(json_build_object('approver', a.approver, 'actor', a.actor, 'at', a.at) order by a.revision)
      from waiver_approvals a where a.waiver = w.id and ($1::bigint is null or a.revision <= $1)), '[]') as "approvedBy",
    r.actor as "revokedBy", r.at as "revokedAt", r.reason as "revocationReason"
  from waivers w
  left join waiver_revocations r on r.waiver = w.id and ($1::bigint is null or r.revision <= $1)
  where ($1::bigint is null or w.revision <= $1)`;

/** A row of `RECORDED_WAIVERS`. */
export interface RecordedWaiverRow {
  readonly id: string;
  readonly revision: number;
  readonly policy: string;
  readonly requirement: string;
  readonly vulnerability: string | null;
  readonly digest: Sha256Digest | null;
  readonly repository: string | null;
  readonly parameters: Parameters;
  readonly reason: string;
  readonly reference: string;
  readonly until: Date;
  readonly approvals: number;
  readonly at: Date;
  readonly actor: string;
  readonly author: string;
  readonly approvedBy: readonly { readonly approver: string; readonly actor: string; readonly at: string }[];
  readonly revokedBy: string | null;
  readonly revokedAt: Date | null;
  readonly revocationReason: string | null;
}

/** The waiver of a row. */
export function recordedWaiverOf(row: RecordedWaiverRow): RecordedWaiver {
  const { id, revision, policy, requirement, vulnerability, parameters, reason, reference, until, approvals } = row;
  const { at, actor, author, revokedBy, revokedAt, revocationReason } = row;
  return {
    id,
    revision,
    policy,
    requirement,
    vulnerability,
    scope: scopeOf(row),
    parameters,
    reason,
    reference,
    until,
    approvals,
    at,
    actor,
    author,
    approvedBy: row.approvedBy.map((approval) => ({ ...approval, at: new Date(approval.at) })),
    revocation:
      revokedBy === null || revokedAt === null || revocationReason === null
        ? null
        : { actor: revokedBy, at: revokedAt, reason: revocationReason },
  };
}

function scopeOf({ id, digest, repository }: RecordedWaiverRow): WaiverScope {
  if (digest !== null) return { type: 'digest', digest };
  if (repository !== null) return { type: 'repository', repository };
  throw new Error(`waiver ${id} has no scope`);
}
