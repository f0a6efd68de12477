import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entities } from '../../src/data-source.js';
import { SERVICE_ROLE } from '../../src/platform/database.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Rows are added and never changed or removed. */
const APPEND_ONLY = [
  'attestation_subjects',
  'attestations',
  'attestor_states',
  'envelopes',
  'fact_signers',
  'facts',
  'history_entries',
  'history_sequence',
  'identity_revocations',
  'image_indexes',
  'image_manifests',
  'key_revocations',
  'legal_hold_releases',
  'legal_holds',
  'log_checkpoints',
  'log_cosignatures',
  'log_tiles',
  'policy_revisions',
  'search_evidence',
  'search_left_out',
  'statement_acts',
  'token_revocations',
  'tokens',
  'trust_gains',
  'trust_root_states',
  'verdict_signers',
  'verdict_dependents',
  'verdicts',
  'verifications',
  'waiver_approvals',
  'waiver_revocations',
  'waivers',
];

/** What the service may do beside reading with everything else; docs/adr/0004 says why. */
const MUTABLE: Readonly<Record<string, readonly string[]>> = {
  dropped_envelopes: [],
  history_unsequenced: ['DELETE', 'INSERT'],
  images: ['INSERT', 'UPDATE'],
  migrations: [],
  reexaminations: ['INSERT', 'UPDATE'],
  revisions: ['UPDATE'],
  search_contents: ['INSERT', 'UPDATE'],
  search_progress: ['UPDATE'],
  subject_receipts: ['INSERT', 'UPDATE'],
  verdict_latest: ['INSERT', 'UPDATE'],
};

let database: TestDatabase;
let owner: pg.Client;
let service: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  service = new pg.Client({ connectionString: database.url });
  await Promise.all([owner.connect(), service.connect()]);
  await service.query(`set role ${SERVICE_ROLE}`);
});

afterAll(async () => {
  await Promise.all([owner.end(), service.end()]);
  await database.drop();
});

describe('the migrated schema', () => {
  it('is what the entities say', async () => {
    const dataSource = new DataSource({ type: 'postgres', driver: pg, url: database.ownerUrl, entities });
    await dataSource.initialize();
    try {
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('has no table of which it is not said whether rows may change', async () => {
    const { rows } = await owner.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition order by c.relname`,
    );
    expect(rows.map(({ name }) => name)).toEqual([...APPEND_ONLY, ...Object.keys(MUTABLE)].sort());
  });

  it('belongs to the owner, and the service can make nothing in it', async () => {
    const { rows } = await owner.query(
      `select has_schema_privilege($1, 'public', 'create') as creates,
         exists (select from pg_class c where c.relowner = $1::regrole) as owns,
         (select rolsuper or rolcreaterole or rolbypassrls from pg_roles where rolname = $1) as rules`,
      [SERVICE_ROLE],
    );
    expect(rows).toEqual([{ creates: false, owns: false, rules: false }]);
  });

  it.each(APPEND_ONLY)('lets the service add to %s, and change or remove nothing', async (table) => {
    expect(await grantsOn(table)).toEqual(['INSERT', 'SELECT']);
    const { rows } = await owner.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity = ''`,
      [table],
    );
    for (const { name } of rows) {
      await expect(service.query(`update ${table} set ${name} = ${name}`)).rejects.toMatchObject({ code: '42501' });
    }
    await expect(service.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' });
    await expect(service.query(`truncate ${table}`)).rejects.toMatchObject({ code: '42501' });
    await expect(service.query(`drop table ${table}`)).rejects.toMatchObject({ code: '42501' });
    await expect(service.query(`alter table ${table} disable trigger all`)).rejects.toMatchObject({ code: '42501' });
  });

  it.each(Object.entries(MUTABLE))('lets the service do no more with %s than is said: %j', async (table, grants) => {
    expect(await grantsOn(table)).toEqual([...grants, 'SELECT'].sort());
    await expect(service.query(`truncate ${table}`)).rejects.toMatchObject({ code: '42501' });
  });
});

/** What the service may do with a table or any of its columns, by itself or as anybody is allowed to. */
async function grantsOn(table: string): Promise<readonly string[]> {
  const { rows } = await owner.query<{ privilege: string }>(
    `select privilege from unnest(array['DELETE', 'INSERT', 'REFERENCES', 'SELECT', 'TRIGGER', 'TRUNCATE', 'UPDATE']) as privilege
     where case when privilege in ('DELETE', 'TRIGGER', 'TRUNCATE') then has_table_privilege($1, $2, privilege)
           else has_any_column_privilege($1, $2, privilege) end`,
    [SERVICE_ROLE, table],
  );
  return rows.map(({ privilege }) => privilege);
}
