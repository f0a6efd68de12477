import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Sha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { Database } from '../platform/database.js';
import { sqlStateOf } from '../platform/sql-state.js';
import type { IdentityPattern } from './attestor.js';
import { compileSubject } from './identity-pattern.js';
import type { Thumbprint } from './signer.js';

/** Whose signatures are looked for: those of a key, or of every certificate with such an issuer and subject. */
export type SoughtSigner =
  | { readonly type: 'key'; readonly thumbprint: Thumbprint }
  | { readonly type: 'identity'; readonly pattern: IdentityPattern };

/** How long an answer waits to be told which evidence somebody signed. */
const TIMEOUT_MS = 3_000;
const QUERY_CANCELED = '57014';

/**
 * The images that carry evidence signed by somebody, whether or not it counts. Of an identity whatever has its issuer and
 * subject: claims are not looked at, nor under which trust root a certificate stands.
 */
@Injectable()
export class SignedImagesStore {
  constructor(private readonly database: Database) {}

  /** How many there are; null where counting takes too long. */
  async count(sought: SoughtSigner): Promise<number | null> {
    return this.within(async (tx) => {
      const { condition, values } = await conditionOf(tx, sought);
      const rows: readonly { images: string }[] = await tx.query(
        `select count(distinct s.subject) as images ${SIGNED} ${condition}`,
        values,
      );
      return Number(rows[0]?.images ?? 0);
    });
  }

  /**
   * Up to `limit` of them, in the order of their digests, behind one of them.
   *
   * @param which also those whose verdicts on record depended on such evidence about a commit, or about a related image.
   * @throws AppError `overloaded` where looking for them takes too long.
   */
  async page(
    sought: SoughtSigner,
    after: string,
    limit: number,
    which: 'carrying' | 'depending' = 'carrying',
  ): Promise<readonly Sha256Digest[]> {
    const found = await this.within(async (tx) => {
      const { condition, values } = await conditionOf(tx, sought);
      const [last, most] = [`$${values.length + 1}`, `$${values.length + 2}`];
      const depending = `union select d.image ${FROM_SIGNED} join verdict_dependents d on d.digest = s.subject
        where ${condition} and d.image > ${last}`;
      const rows: readonly { image: Sha256Digest }[] = await tx.query(
        `select s.subject as image ${SIGNED} ${condition} and s.subject > ${last}
         ${which === 'depending' ? depending : 'group by s.subject'} order by image limit ${most}`,
        [...values, after, limit],
      );
      return rows.map(({ image }) => image);
    });
    if (found !== null) return found;
    throw new AppError('overloaded', 'overloaded', 'looking for these images takes too long now', {
      retryAfterSeconds: 10,
    });
  }

  private async within<T>(read: (tx: EntityManager) => Promise<T>): Promise<T | null> {
    try {
      return await this.database.dataSource.transaction(async (tx) => {
        await tx.query(`set local statement_timeout = ${TIMEOUT_MS}`);
        return read(tx);
      });
    } catch (error) {
      if (sqlStateOf(error) === QUERY_CANCELED) return null;
      throw error;
    }
  }
}

const FROM_SIGNED = `from fact_signers f join attestation_subjects s on s.attestation = f.attestation`;
const SIGNED = `${FROM_SIGNED}
  where s.subject like 'sha256:%' and`;

interface Condition {
  readonly condition: string;
  readonly values: readonly unknown[];
}

async function conditionOf(tx: EntityManager, sought: SoughtSigner): Promise<Condition> {
  if (sought.type === 'key') {
    // A stored signer is `<thumbprint>|<what else tells its signatures apart>`.
    const { thumbprint } = sought;
    return { condition: 'f.signer >= $1 and f.signer < $2', values: [`${thumbprint}|`, `${thumbprint}}`] };
  }
  return { condition: 'f.identity = any($1)', values: [await storedIdentities(tx, sought.pattern)] };
}

/** The stored identities, `issuer subject` each, that a pattern is for: those of its literal beginning, held against it. */
async function storedIdentities(tx: EntityManager, pattern: IdentityPattern): Promise<readonly string[]> {
  const { issuer, subject, subjectGlob } = pattern;
  const prefix = `${issuer ?? ''} `;
  if (subject !== null) return [`${prefix}${subject}`];
  const glob = subjectGlob ?? '';
  const start = `${prefix}${glob.slice(0, glob.indexOf('*'))}`;
  const rows: readonly { identity: string }[] = await tx.query(
    `select distinct identity from fact_signers where identity >= $1 and starts_with(identity, $1)`,
    [start],
  );
  const matches = compileSubject(pattern);
  return rows.map(({ identity }) => identity).filter((identity) => matches(identity.slice(prefix.length)));
}
