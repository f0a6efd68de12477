import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { send, type Client } from './client.js';
import { evidenceFor, type Signers } from './evidence.js';
import type { Running } from './processes.js';

/** Posts all the evidence that the bench's policy asks for about one image, has it verified, and answers its digest. */
export async function makeTemplateImage(
  client: Client,
  signers: Signers,
  startWorker: () => Promise<Running>,
): Promise<string> {
  const template = `sha256:${randomBytes(32).toString('hex')}`;
  const worker = await startWorker();
  for (const body of evidenceFor(template, signers)) {
    const posted = await send(client, 'POST', '/v1/attestations', body, { prefer: 'wait=20' });
    if (posted['status'] !== 'verified') throw new Error(`not verified: ${JSON.stringify(posted)}`);
  }
  await worker.stop();
  return template;
}

/** Makes rows of images with the facts of the one given, as if each had its own evidence; answers their digests. */
export async function copyImageRows(databaseUrl: string, template: string, count: number): Promise<readonly string[]> {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  await database.query(
    `insert into images (subject, revision, examined, facts)
     select 'sha256:' || encode(sha256(convert_to(n::text, 'UTF8')), 'hex'), 12, 12, i.facts
     from generate_series(1, $2) n, images i where i.subject = $1 on conflict do nothing`,
    [template, count],
  );
  await database.query(
    `insert into subject_receipts (subject, received) select subject, 12 from images where subject <> $1 on conflict do nothing`,
    [template],
  );
  const { rows } = await database.query<{ subject: string }>('select subject from images where subject <> $1', [
    template,
  ]);
  await database.query('vacuum analyze images, subject_receipts');
  await database.end();
  return rows.map((row) => row.subject);
}
