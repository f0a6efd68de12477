import { Injectable } from '@nestjs/common';
import type { AttestationId, SubjectDigest } from '../intoto/digest.js';
import type { Kind } from '../intoto/predicate-kind.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import { Database, namedQuery } from '../platform/database.js';

/** An attestation as it is filed, without its bytes. */
export interface AttestationRow {
  readonly id: AttestationId;
  readonly receivedAt: Date;
  readonly receivedBy: string;
  readonly predicateType: string | null;
  readonly kind: Kind;
  readonly size: number;
  readonly subjects: readonly { readonly name: string | null; readonly digest: SubjectDigest }[];
  /** What the latest verification found; null while there is none. */
  readonly verification: VerificationRow | null;
  /** When its bytes were dropped, and by which rule of retention; null while they are stored. */
  readonly dropped: DroppedRow | null;
  readonly entry: string;
  readonly sequence: number | null;
}

export interface VerificationRow {
  readonly outcome: 'verified' | 'rejected' | 'error';
  readonly code: string | null;
  readonly detail: string | null;
  readonly at: Date;
  /** Whom those who signed were found to be; a signer that belongs to several attestors stands several times. */
  readonly signers: readonly SignerRow[];
  /** What mathematics showed of those who signed, whether or not anybody knows them. */
  readonly proved: readonly ProvedSigner[];
}

export interface DroppedRow {
  readonly at: Date;
  readonly rule: string;
}

/** One signer as one attestor's: by the id of its key there, or of its identity. */
export interface SignerRow {
  readonly attestor: string;
  readonly keyId: string | null;
  readonly identity: string | null;
  readonly thumbprint: string;
  readonly scheme: string;
  /** Whether it could count for at least one kind of what the evidence proves, when it was verified. */
  readonly counts: boolean;
}

/** A fact as it is derived from what was signed. */
export interface FactRow {
  readonly kind: Kind;
  readonly ownTime: Date | null;
  readonly content: unknown;
}

/** What evidence would come to at a moment, without anything being stored. */
export interface Preview {
  readonly verification: VerificationRow;
  readonly facts: readonly FactRow[];
}

export interface AttestationFilter {
  readonly digest: SubjectDigest | null;
  readonly kind: Kind | null;
  readonly predicateType: string | null;
  readonly attestor: string | null;
  readonly status: 'pending' | 'verified' | 'rejected' | null;
  readonly receivedBy: string | null;
  /** Half open: received at or after `since` and before `until`. */
  readonly since: Date | null;
  readonly until: Date | null;
}

/** Where a page ended: the last row's receipt in microseconds since the epoch, and its id. */
export interface AttestationPosition {
  readonly receivedMicros: string;
  readonly id: string;
}

const SELECT = `
  select a.id, a.received_at as "receivedAt", a.received_by as "receivedBy", a.predicate_type as "predicateType", a.kind, a.size,
    (extract(epoch from a.received_at) * 1000000)::bigint::text as "receivedMicros",
    (select coalesce(jsonb_agg(jsonb_build_object('name', s.name, 'digest', s.subject) order by s.ordinal, s.subject), '[]')
       from attestation_subjects s where s.attestation = a.id) as subjects,
    case when v.id is not null then jsonb_build_object('outcome', v.outcome, 'code', v.code, 'detail', v.detail, 'signers', v.signers,
      'proved', v.proved) end
      as verification,
    v.at as "verifiedAt", d.at as "droppedAt", d.rule as "droppedBy", h.id::text as entry, q.sequence
  from attestations a
  left join lateral (select * from verifications v where v.attestation = a.id order by v.id desc limit 1) v on true
  left join dropped_envelopes d on d.attestation = a.id
  left join lateral (
    select h.id from history_entries h where h.attestation = a.id and h.type = 'attestation.received' order by h.id limit 1
  ) h on true
  left join history_sequence q on q.entry = h.id`;

interface SelectedRow extends Omit<AttestationRow, 'verification' | 'dropped'> {
  readonly receivedMicros: string;
  readonly verification: Omit<VerificationRow, 'at'> | null;
  readonly verifiedAt: Date | null;
  readonly droppedAt: Date | null;
  readonly droppedBy: string | null;
}

/** Reads of the evidence as it was received. Writing is the ingest's alone. */
@Injectable()
export class AttestationStore {
  constructor(private readonly database: Database) {}

  /** The attestations of these ids, in no particular order; unknown ids are left out. */
  async findMany(ids: readonly AttestationId[]): Promise<readonly AttestationRow[]> {
    const { rows } = await namedQuery<SelectedRow>(this.database.pool, {
      name: 'attestation-find-many',
      text: `${SELECT} where a.id = any($1)`,
      values: [ids],
    });
    return rows.map(toRow);
  }

  /** Newest first. A page is stable under concurrent writes: later receipts only ever appear before its first row. */
  async list(
    filter: AttestationFilter,
    after: AttestationPosition | null,
    limit: number,
  ): Promise<{ readonly rows: readonly AttestationRow[]; readonly next: AttestationPosition | null }> {
    const { where, values } = conditionsOf(filter, after);
    const { rows } = await this.database.pool.query<SelectedRow>(
      `${SELECT} ${where} order by a.received_at desc, a.id desc limit ${limit + 1}`,
      values,
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next =
      rows.length > limit && last !== undefined ? { receivedMicros: last.receivedMicros, id: last.id } : null;
    return { rows: page.map(toRow), next };
  }

  /** The bytes exactly as received, or null where none are stored under the id, or no longer. */
  async findBytes(id: AttestationId): Promise<Buffer | null> {
    // Evidence is UTF-8, or it would not have been accepted; as text it costs half of what the text form of bytea does.
    const { rows } = await namedQuery<{ text: string }>(this.database.pool, {
      name: 'envelope-bytes',
      text: `
        select convert_from(e.bytes, 'UTF8') as text
        from attestations a join envelopes e on e.received_at = a.received_at and e.attestation = a.id
        where a.id = $1`,
      values: [id],
    });
    const [row] = rows;
    return row === undefined ? null : Buffer.from(row.text);
  }

  /** What was derived from the payload, whoever carried it here: facts belong to what was signed, not to one copy. */
  async factsOf(id: AttestationId): Promise<readonly FactRow[]> {
    const { rows } = await this.database.pool.query<FactRow>({
      name: 'attestation-facts',
      text: `
        select f.kind, f.own_time as "ownTime", f.content
        from (select * from verifications v where v.attestation = $1 order by v.id desc limit 1) v
        join facts f on f.signed_digest = v.signed_digest and f.reader_revision = v.reader_revision
        where v.outcome = 'verified'
        order by f.kind`,
      values: [id],
    });
    return rows;
  }

  /** Which of these ids have been examined, with what the latest verification found. */
  async examined(ids: readonly AttestationId[]): Promise<ReadonlySet<AttestationId>> {
    const { rows } = await namedQuery<{ attestation: AttestationId }>(this.database.pool, {
      name: 'attestation-examined',
      text: 'select distinct attestation from verifications where attestation = any($1)',
      values: [ids],
    });
    return new Set(rows.map((row) => row.attestation));
  }
}

function conditionsOf(
  filter: AttestationFilter,
  after: AttestationPosition | null,
): { where: string; values: unknown[] } {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions: string[] = [];
  if (filter.digest !== null) {
    conditions.push(
      `exists (select from attestation_subjects s where s.subject = ${bind(filter.digest)} and s.attestation = a.id)`,
    );
  }
  if (filter.kind !== null) conditions.push(`a.kind = ${bind(filter.kind)}`);
  if (filter.predicateType !== null) conditions.push(`a.predicate_type = ${bind(filter.predicateType)}`);
  if (filter.receivedBy !== null) conditions.push(`a.received_by = ${bind(filter.receivedBy)}`);
  if (filter.since !== null) conditions.push(`a.received_at >= ${bind(filter.since)}`);
  if (filter.until !== null) conditions.push(`a.received_at < ${bind(filter.until)}`);
  if (filter.attestor !== null) {
    conditions.push(`v.signers @> jsonb_build_array(jsonb_build_object('attestor', ${bind(filter.attestor)}::text))`);
  }
  if (filter.status === 'pending') conditions.push('v.id is null');
  else if (filter.status === 'verified') conditions.push(`v.outcome = 'verified'`);
  else if (filter.status === 'rejected') conditions.push(`v.outcome in ('rejected', 'error')`);
  if (after !== null) {
    const micros = bind(after.receivedMicros);
    conditions.push(
      `(a.received_at, a.id) < ('epoch'::timestamptz + ${micros}::bigint * interval '1 microsecond', ${bind(after.id)})`,
    );
  }
  return { where: conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`, values };
}

function toRow(selected: SelectedRow): AttestationRow {
  const { receivedMicros: _position, verifiedAt, verification, droppedAt, droppedBy, ...row } = selected;
  return {
    ...row,
    verification: verification === null || verifiedAt === null ? null : { ...verification, at: verifiedAt },
    dropped: droppedAt === null || droppedBy === null ? null : { at: droppedAt, rule: droppedBy },
  };
}
