import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entities } from '../../src/data-source.js';
import type { ProofSource } from '../../src/export/archive.js';
import { ArchiveService, MOST_ARCHIVES, type ArchiveQuestion } from '../../src/export/archive.service.js';
import { ArchiveStore } from '../../src/export/archive.store.js';
import { HistoryStore } from '../../src/history/history.store.js';
import { AppError } from '../../src/platform/app-error.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ENTRIES = 3_000;
const ALL: ArchiveQuestion = { digest: null, since: null, until: null, after: 0 };
const admitted = (): Promise<void> => Promise.resolve();

let testDatabase: TestDatabase;
let database: Database;
let archives: ArchiveService;

/** Of a service that seals nothing. */
const NO_PROOFS: ProofSource = {
  checkpoint: () => Promise.resolve(null),
  proofs: () => Promise.resolve(new Map()),
};

function archivesWith(proofs: ProofSource): ArchiveService {
  return new ArchiveService({
    store: new ArchiveStore(database),
    history: new HistoryStore(database),
    timelines: { sequences: () => Promise.resolve({ sequences: [], more: false }) },
    proofs,
  });
}

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  await owner.query(
    `insert into attestations (id, received_by, format, payload_type, kind, size)
     select 'sha256:' || lpad(n::text, 64, '0'), 'token:ci#1', 'dsse', '', 'other', 1048576 from generate_series(1, $1) n`,
    [ENTRIES],
  );
  await owner.query(
    `insert into envelopes (attestation, received_at, bytes) select id, received_at, convert_to(repeat('e', 1048576), 'UTF8') from attestations
     where id <= 'sha256:' || lpad('20', 64, '0')`,
  );
  await owner.query(
    `insert into history_entries (actor, type, attestation, data, nonce)
     select 'token:ci#1', 'attestation.received', id, '{}', gen_random_uuid() from attestations order by id`,
  );
  await owner.query(
    'insert into history_sequence (sequence, entry, leaf_hash) select id, id, sha256(nonce::text::bytea) from history_entries',
  );
  await owner.end();
  database = await openDatabase({ url: testDatabase.url, entities, applicationName: 'test', poolSize: 4 });
  archives = archivesWith(NO_PROOFS);
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

describe('an archive being written', () => {
  it('holds no connection and reads nothing while nobody reads it', async () => {
    const { lines, close } = await archives.write(ALL, admitted);
    const reading = lines[Symbol.asyncIterator]();
    await reading.next();
    const first = await reading.next();
    expect(String(first.value).length).toBeGreaterThan(1_000_000);
    const { totalCount, idleCount, waitingCount } = database.pool;
    expect({ idleCount, waitingCount }).toEqual({ idleCount: totalCount, waitingCount: 0 });
    await reading.return?.();
    close();
  });

  it('reads the whole account in pages, each entry once', async () => {
    const { lines, close } = await archives.write({ ...ALL, after: 20 }, admitted);
    const sequences: number[] = [];
    for await (const line of lines) {
      const { record, sequence } = JSON.parse(line);
      if (record === 'entry') sequences.push(sequence);
    }
    close();
    expect(sequences).toEqual(Array.from({ length: ENTRIES - 20 }, (_, place) => place + 21));
  });

  it('goes as far as the log does by its checkpoint, which comes first, and carries the proofs that lead to it', async () => {
    const sealed = archivesWith({
      checkpoint: () => Promise.resolve({ size: 2_990, note: 'signed' }),
      proofs: ({ size }, sequences) => Promise.resolve(new Map(sequences.map((each) => [each, { of: each, size }]))),
    });
    const { lines, close } = await sealed.write({ ...ALL, after: 2_980 }, admitted);
    const records: { record: string; sequence?: number; proof?: unknown; checkpoint?: unknown }[] = [];
    for await (const line of lines) records.push(JSON.parse(line));
    close();
    const entries = records.filter(({ record }) => record === 'entry');
    expect(entries.map(({ proof }) => proof)).toEqual(entries.map(({ sequence }) => ({ of: sequence, size: 2_990 })));
    expect(records.slice(0, 2)).toEqual([
      expect.objectContaining({ record: 'header', completeTo: 2_990 }),
      { record: 'checkpoint', checkpoint: { size: 2_990, note: 'signed' } },
    ]);
    expect(records.at(-1)).toEqual({
      record: 'footer',
      counts: { header: 1, checkpoint: 1, entry: 10 },
      last: 2_990,
    });
    await expect(sealed.write({ ...ALL, after: 2_991 }, admitted)).rejects.toMatchObject({ code: 'request_invalid' });
  });

  it('is one of a bounded number', async () => {
    const open = await Promise.all(Array.from({ length: MOST_ARCHIVES }, () => archives.write(ALL, admitted)));
    await expect(archives.write(ALL, admitted)).rejects.toMatchObject({ code: 'overloaded', retryAfterSeconds: 30 });
    open[0]?.close();
    open[0]?.close();
    const another = await archives.write(ALL, admitted);
    await expect(archives.write(ALL, admitted)).rejects.toMatchObject({ code: 'overloaded' });
    for (const { close } of [...open, another]) close();
  });

  it('is no longer written for one who is no longer let in, nor when the process stops', async () => {
    let pages = 0;
    const refused = new AppError('unauthenticated', 'token_invalid', 'revoked');
    const { lines, close } = await archives.write({ ...ALL, after: 20 }, () =>
      (pages += 1) > 2 ? Promise.reject(refused) : Promise.resolve(),
    );
    const read = async (): Promise<number> => {
      let count = 0;
      for await (const line of lines) count += line.length > 0 ? 1 : 0;
      return count;
    };
    await expect(read()).rejects.toBe(refused);
    close();
  });
});
