import { hash as digestOf } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { HistoryData } from '../history/history-entry.js';
import { HistoryStore } from '../history/history.store.js';
import { Database, namedQuery } from '../platform/database.js';
import { ROLES, type Role } from '../platform/roles.js';
import { inTransaction } from '../platform/transaction.js';
import { actorOf, type Caller, type PinnedValue } from './caller.js';
import type { AccessMoment, KnownTokens } from './known-tokens.js';
import type { TokenHash } from './token.js';

export interface NewToken {
  readonly id: string;
  readonly name: string;
  readonly hash: TokenHash;
  readonly roles: readonly Role[];
  readonly policies: readonly string[] | null;
  readonly parameters: Readonly<Record<string, PinnedValue>> | null;
  readonly expiresAt: Date | null;
}

/** A token as it is on record, without its hash. */
export interface TokenRow extends Omit<NewToken, 'hash'> {
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly revokedAt: Date | null;
  readonly revokedBy: string | null;
}

/** Where a page ended: the last token's creation in microseconds since the epoch, and its id. */
export interface TokenPosition {
  readonly createdMicros: number;
  readonly id: string;
}

/** How long an expired token is still told from an unknown one. */
const EXPIRY_REMEMBERED = '7 days';

/** The tokens of this service, as hashes. Rows are only ever added; each change raises the access revision. */
@Injectable()
export class TokenStore {
  constructor(
    private readonly database: Database,
    private readonly history: HistoryStore,
  ) {}

  /**
   * Puts a token on record, with its history entry; durable on return, and every request that arrives from then on knows
   * it. Answers false, having written nothing, where it would have expired already by the database's clock.
   */
  async create(token: NewToken, actor: string): Promise<boolean> {
    return inTransaction(this.database.dataSource, async (tx) => {
      const created = await tx.query<unknown[]>(
        `insert into tokens (id, name, hash, roles, policies, parameters, expires_at, created_by)
         select $1, $2, $3, $4::text[], $5::text[], $6::jsonb, $7::timestamptz, $8
         where $7::timestamptz is null or $7::timestamptz > now()
         returning id`,
        [
          token.id,
          token.name,
          token.hash,
          token.roles,
          token.policies,
          token.parameters === null ? null : JSON.stringify(token.parameters),
          token.expiresAt,
          actor,
        ],
      );
      if (created.length === 0) return false;
      await this.history.append(tx, [
        { type: 'token.created', actor, image: null, attestation: null, data: grantOf(token) },
      ]);
      await raiseRevision(tx);
      return true;
    });
  }

  /**
   * Revokes a token, with a history entry; durable on return, and no request that arrives from then on is let in by it.
   * Repetition changes nothing and answers true as well. Answers false where there is no such token.
   */
  async revoke(id: string, actor: string): Promise<boolean> {
    return inTransaction(this.database.dataSource, async (tx) => {
      const [token] = await tx.query<{ name: string }[]>('select name from tokens where id = $1', [id]);
      if (token === undefined) return false;
      const revoked = await tx.query<unknown[]>(
        'insert into token_revocations (token, actor) values ($1, $2) on conflict (token) do nothing returning token',
        [id, actor],
      );
      if (revoked.length === 0) return true;
      await this.history.append(tx, [
        { type: 'token.revoked', actor, image: null, attestation: null, data: { token: id, name: token.name } },
      ]);
      await raiseRevision(tx);
      return true;
    });
  }

  /** Oldest first, revoked and expired ones among them; a page is stable, later tokens come behind its last row. */
  async list(
    after: TokenPosition | null,
    limit: number,
  ): Promise<{ readonly rows: readonly TokenRow[]; readonly next: TokenPosition | null }> {
    const { rows } = await this.database.pool.query<TokenRow & { createdMicros: number }>(
      `select t.id, t.name, t.roles, t.policies, t.parameters, t.expires_at as "expiresAt", t.created_at as "createdAt",
         t.created_by as "createdBy", r.at as "revokedAt", r.actor as "revokedBy",
         (extract(epoch from t.created_at) * 1000000)::bigint as "createdMicros"
       from tokens t left join token_revocations r on r.token = t.id
       where $1::bigint is null
         or (t.created_at, t.id) > ('epoch'::timestamptz + $1::bigint * interval '1 microsecond', $2)
       order by t.created_at, t.id limit ${limit + 1}`,
      [after?.createdMicros, after?.id],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last !== undefined ? { createdMicros: last.createdMicros, id: last.id } : null;
    return { rows: page.map(({ createdMicros: _position, ...row }) => row), next };
  }

  /** The access revision and the database's clock. */
  async readMoment(): Promise<AccessMoment> {
    const { rows } = await namedQuery<AccessMoment>(this.database.hotPool, {
      name: 'access-moment',
      text: `select value as revision, statement_timestamp() as now from revisions where name = 'access'`,
      values: [],
    });
    if (rows[0] === undefined) throw new Error('there is no access revision');
    return rows[0];
  }

  /** Every token that is not revoked, nor expired for long, and the access revision as of which that is so. */
  async readKnown(): Promise<KnownTokens> {
    const { rows } = await this.database.pool.query<KnownRow | { revision: number; hash: null }>(
      `select g.value as revision, t.hash, t.id, t.name, t.roles, t.policies, t.parameters, t.expires_at as "expiresAt"
       from revisions g
       left join tokens t
         on not exists (select from token_revocations r where r.token = t.id)
         and (t.expires_at is null or t.expires_at > now() - interval '${EXPIRY_REMEMBERED}')
       where g.name = 'access'`,
    );
    if (rows[0] === undefined) throw new Error('there is no access revision');
    const known = rows.filter((row) => row.hash !== null).map(toKnown);
    return { revision: rows[0].revision, byHash: new Map(known) };
  }
}

interface KnownRow extends Omit<NewToken, 'roles'> {
  readonly revision: number;
  readonly roles: readonly string[];
}

/** All that a token may do, for its entry. Of its hash the digest: who reads the account cannot ask for whom a hash is known. */
function grantOf({ id, hash, expiresAt, name, roles, policies, parameters }: NewToken): HistoryData['token.created'] {
  const expires = expiresAt?.toISOString() ?? null;
  return {
    token: id,
    name,
    roles,
    hash: `sha256:${digestOf('sha256', hash)}`,
    policies,
    parameters,
    expiresAt: expires,
  };
}

function toKnown(row: KnownRow): [TokenHash, { caller: Caller; expiresAt: Date | null }] {
  const caller = {
    id: row.id,
    name: row.name,
    actor: actorOf(row.name, row.id),
    // A role that a newer version knows gives nothing here.
    roles: new Set(ROLES.filter((role) => row.roles.includes(role))),
    policies: row.policies,
    parameters: row.parameters,
  };
  return [row.hash, { caller, expiresAt: row.expiresAt }];
}

/** Last in its transaction: all changes of tokens wait for each other at this row. */
async function raiseRevision(tx: EntityManager): Promise<void> {
  await tx.query(`update revisions set value = value + 1 where name = 'access'`);
}
