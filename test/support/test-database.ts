import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** The migrated, empty database from which each test file's own is copied. */
export const TEMPLATE = 'assay_template';

/** The user as whom the service logs in: not the owner of anything, as in production. */
export const SERVICE_LOGIN = 'assay_login';

export interface TestDatabase {
  /** As the service connects. */
  readonly url: string;
  /** As the owner of the schema connects, who may do anything. */
  readonly ownerUrl: string;
  /** Breaks off every connection and removes it. */
  drop(): Promise<void>;
}

/** A database of its own for a test file; migrated unless `empty`. */
export async function createTestDatabase(content: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const { postgresUrl } = inject('services');
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await administer(postgresUrl, `create database ${name} template ${content === 'empty' ? 'template0' : TEMPLATE}`);
  return {
    url: databaseUrl(postgresUrl, name, SERVICE_LOGIN),
    ownerUrl: databaseUrl(postgresUrl, name),
    drop: () => administer(postgresUrl, `drop database ${name} with (force)`),
  };
}

/** The URL of another database of the same server. */
export function databaseUrl(postgresUrl: string, name: string, user?: string): string {
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  if (user !== undefined) url.username = user;
  return url.href;
}

async function administer(postgresUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
