import pg from 'pg';
import { poolOptions } from '../../src/platform/database.js';
import { applyRetention } from '../../src/retention/apply-retention.store.js';
import { parseRetentionRules } from '../../src/retention/retention-rule.js';

/** A session of the owner of the tables, as the command that drops envelopes has one. */
export async function openOwner(ownerUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ ...poolOptions('owner'), connectionString: ownerUrl });
  // The failure of a lost connection is thrown by the next statement on it.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`set timezone = 'UTC'`);
  return client;
}

export interface Retained {
  readonly dropped: readonly string[];
  /** By id, why each stays although a rule is about it. */
  readonly kept: Readonly<Record<string, string>>;
}

export interface RetainOptions {
  readonly rules: readonly string[];
  readonly dryRun?: boolean;
  /** By default a year ahead, when everything is old. */
  readonly now?: Date;
}

/** Applies rules of retention, as the command does. */
export async function retain(
  on: pg.ClientBase,
  { rules: texts, dryRun = false, now }: RetainOptions,
): Promise<Retained> {
  const parsed = parseRetentionRules(texts);
  if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
  const dropped: string[] = [];
  const kept: Record<string, string> = {};
  await applyRetention(on, {
    rules: parsed.rules,
    now: now ?? new Date(Date.now() + 365 * 86_400_000),
    dryRun,
    onDropped: ({ id }) => dropped.push(id),
    onKept: ({ id }, { because }) => {
      kept[id] = because;
    },
    onProgress: () => undefined,
  });
  return { dropped, kept };
}
