import { Injectable } from '@nestjs/common';
import { Database, namedQuery } from '../platform/database.js';
import type { Verdict } from './verdict.js';

/** A verdict as it stands on record. */
export interface RecordedVerdict {
  readonly id: string;
  readonly verdict: Verdict;
  readonly requestedBy: string;
  readonly context: object | null;
}

export interface VerdictFilter {
  readonly digest: string | null;
  readonly policy: string | null;
  readonly decision: 'allow' | 'deny' | null;
  /** Only those that were recorded in spite of what the policy says, or only others. */
  readonly breakGlass: boolean | null;
  /** Half open: given at or after `since` and before `until`. */
  readonly since: Date | null;
  readonly until: Date | null;
}

export interface VerdictPosition {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly id: string;
}

const SELECT = `
  select v.id, v.verdict, v.requested_by as "requestedBy", v.context, v.at from verdicts v`;

/** Verdicts on record, read back. */
@Injectable()
export class VerdictStore {
  constructor(private readonly database: Database) {}

  /** One verdict on record, or null. */
  async find(id: string): Promise<RecordedVerdict | null> {
    const { rows } = await namedQuery<RecordedVerdict>(this.database.pool, {
      name: 'verdict-find',
      text: `${SELECT} where v.id = $1`,
      values: [id],
    });
    return rows[0] ?? null;
  }

  /** Verdicts on record, newest first. */
  async list(
    filter: VerdictFilter,
    after: VerdictPosition | null,
    limit: number,
  ): Promise<{ readonly rows: readonly RecordedVerdict[]; readonly next: VerdictPosition | null }> {
    const values: unknown[] = [];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const conditions: string[] = [];
    if (filter.digest !== null) conditions.push(`v.image = ${bind(filter.digest)}`);
    if (filter.policy !== null) conditions.push(`v.policy = ${bind(filter.policy)}`);
    if (filter.decision !== null) conditions.push(`v.decision = ${bind(filter.decision)}`);
    if (filter.breakGlass !== null) conditions.push(filter.breakGlass ? 'v.break_glass' : 'not v.break_glass');
    if (filter.since !== null) conditions.push(`v.at >= ${bind(filter.since)}`);
    if (filter.until !== null) conditions.push(`v.at < ${bind(filter.until)}`);
    if (after !== null) conditions.push(`(v.at, v.id) < (${bind(new Date(after.at))}, ${bind(after.id)}::uuid)`);
    const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
    const { rows } = await this.database.pool.query<RecordedVerdict & { at: Date }>(
      `${SELECT} ${where} order by v.at desc, v.id desc limit ${limit + 1}`,
      values,
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last !== undefined ? { at: last.at.getTime(), id: last.id } : null;
    return { rows: page, next };
  }
}
