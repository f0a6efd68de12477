import pg from 'pg';
import { checkInvariants } from '../../src/fsck/check-invariants.js';
import type { Reading } from '../../src/fsck/walk.js';
import { poolOptions, serviceUrl } from '../../src/platform/database.js';

/** Every violated invariant of a database, as `npm run fsck` words it: none, whatever failed and whenever. */
export async function violatedInvariants(url: string): Promise<readonly string[]> {
  const client = new pg.Client({ ...poolOptions('invariants'), connectionString: serviceUrl(url) });
  // The failure of a lost connection is thrown by the next statement on it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await violatedIn(client);
  } finally {
    await client.end();
  }
}

/** The same as seen by a session, within its transaction. */
export async function violatedIn(client: pg.ClientBase, mostRows?: number): Promise<readonly string[]> {
  const findings = await checkInvariants(readingOf(client), mostRows === undefined ? {} : { mostRows });
  return findings
    .filter(({ first }) => first !== null)
    .map(({ invariant, violations, first }) => `${invariant}: ${violations} times; first: ${first ?? ''}`);
}

export function readingOf(client: pg.ClientBase): Reading {
  return {
    query: async <Row>(text: string, values: readonly unknown[]) =>
      (await client.query<Row & pg.QueryResultRow>(text, [...values])).rows,
  };
}
