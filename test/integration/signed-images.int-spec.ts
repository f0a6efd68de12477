import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entities } from '../../src/data-source.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { SignedImagesStore, type SoughtSigner } from '../../src/trust/signed-images.store.js';
import type { Thumbprint } from '../../src/trust/signer.js';
import { GITHUB, identityWith, KEY_A, KEY_B, WORKFLOW } from '../../src/trust/trust.fixture.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const KEY_C = `sha256:${'c'.repeat(64)}` as Thumbprint;

let testDatabase: TestDatabase;
let database: Database;
let owner: pg.Client;
let store: SignedImagesStore;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  await owner.query('alter table fact_signers add column if not exists identity text collate "C"');
  database = await openDatabase({ url: testDatabase.url, entities, applicationName: 'images-test', poolSize: 2 });
  store = new SignedImagesStore(database);
  await signed('one', `${KEY_A}|ES256/der`, null, [image('1'), image('2'), `gitCommit:${'1'.repeat(40)}`]);
  await signed('two', `${KEY_A}|ES256/ieee-p1363`, null, [image('2'), image('3')]);
  await signed('three', `${KEY_B}|ES256/der`, null, [image('4')]);
  await signed('four', `${KEY_A}|x`, `${GITHUB} ${WORKFLOW}`, [image('5')]);
  await signed('five', `${KEY_B}|x`, `${GITHUB} ${WORKFLOW.replace('v1', 'v2')}`, [image('6'), image('5')]);
  await signed('six', `${KEY_B}|y`, `${GITHUB}/hammer-time ${WORKFLOW}`, [image('7')]);
  await signed('seven', `${KEY_B}|z`, ` ${WORKFLOW}`, [image('8')]);
  await signed('eight', `${KEY_B}|w`, `${GITHUB} ${WORKFLOW.replace('tags', 'heads')}`, [image('9')]);
});

afterAll(async () => {
  await owner.end();
  await database.close();
  await testDatabase.drop();
});

function image(letter: string): string {
  return `sha256:${letter.repeat(64)}`;
}

async function signed(id: string, signer: string, identity: string | null, subjects: readonly string[]): Promise<void> {
  for (const [ordinal, subject] of subjects.entries()) {
    await owner.query('insert into attestation_subjects (attestation, ordinal, subject) values ($1, $2, $3)', [
      id,
      ordinal,
      subject,
    ]);
  }
  await owner.query(
    `with f as (
       insert into facts (signed_digest, kind, reader_revision, attestation, predicate_type, content, size)
       values ($1, 'scan', 1, $1, 't', '{}', 2) returning id)
     insert into fact_signers (fact, signer, identity, attestation, received_at) select id, $2, $3, $1, now() from f`,
    [id, signer, identity],
  );
}

const key = (thumbprint: Thumbprint): SoughtSigner => ({ type: 'key', thumbprint });
const identity = (...change: Parameters<typeof identityWith>): SoughtSigner => ({
  type: 'identity',
  pattern: identityWith(...change),
});

describe('the images that carry evidence signed by a key', () => {
  it('are counted once each, whatever the scheme and however many attestations', async () => {
    expect(await store.count(key(KEY_A))).toBe(4);
    expect(await store.count(key(KEY_C))).toBe(0);
  });

  it('are paged by digest, each once', async () => {
    expect(await store.page(key(KEY_A), '', 10)).toEqual(['1', '2', '3', '5'].map(image));
    expect(await store.page(key(KEY_A), '', 2)).toEqual(['1', '2'].map(image));
    expect(await store.page(key(KEY_A), image('2'), 2)).toEqual(['3', '5'].map(image));
    expect(await store.page(key(KEY_A), image('5'), 2)).toEqual([]);
  });
});

describe('the images that carry evidence signed by an identity', () => {
  it('are those of its issuer and subject, or of what its glob covers', async () => {
    expect(await store.page(identity(), '', 10)).toEqual(['5', '6'].map(image));
    expect(await store.count(identity())).toBe(2);
    expect(await store.page(identity({ subject: WORKFLOW, subjectGlob: null }), '', 10)).toEqual([image('5')]);
    expect(await store.count(identity({ subjectGlob: 'https://github.com/acme/**' }))).toBe(3);
    expect(await store.count(identity({ subjectGlob: 'https://github.com/acme/app/.github/workflows/x*' }))).toBe(0);
  });

  it('are not those of another issuer, nor of none', async () => {
    expect(await store.page(identity({ issuer: `${GITHUB}/hammer-time` }), '', 10)).toEqual([image('7')]);
    expect(await store.page(identity({ issuer: null }), '', 10)).toEqual([image('8')]);
    expect(await store.count(identity({ issuer: 'https://token.actions' }))).toBe(0);
  });
});
