import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { Client } from './client.js';
import { POLICY, POLICY_DOCUMENT, type Signers } from './evidence.js';
import type { Running } from './processes.js';
import { copyImageRows, makeTemplateImage } from './template-image.js';

const PAGE = 500;

export interface ImpactBench {
  readonly databaseUrl: string;
  readonly client: Client;
  readonly signers: Signers;
  readonly service: Running;
  readonly startWorker: () => Promise<Running>;
  readonly images: number;
}

/** What a stricter document would change, over every image with evidence, against a bare read of their rows. */
export async function measureImpact(bench: ImpactBench): Promise<string> {
  const template = await makeTemplateImage(bench.client, bench.signers, bench.startWorker);
  await copyImageRows(bench.databaseUrl, template, bench.images);
  const floor = await bareRead(bench.databaseUrl);
  const look = await impact(bench);
  const rate = look.images / look.seconds;
  return [
    '### Impact of a policy: one more approval asked for, every image flips',
    '',
    '| images | flips | seconds | images per second | ms to the first progress | bare read of the rows, the floor | product / floor | peak memory MB |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    `| ${look.images} | ${look.flips} | ${look.seconds.toFixed(1)} | ${Math.round(rate)} | ${Math.round(look.firstMilliseconds)} | ${Math.round(floor)} | ${(rate / floor).toFixed(3)} | ${look.peak} |`,
    '',
  ].join('\n');
}

interface Look {
  readonly images: number;
  readonly flips: number;
  readonly seconds: number;
  readonly firstMilliseconds: number;
  /** The most memory that the service had, in MB. */
  readonly peak: number;
}

async function impact({ client, service }: ImpactBench): Promise<Look> {
  const requirements = POLICY_DOCUMENT.requirements.map((each) =>
    each.id === 'approved' ? { ...each, count: 3 } : each,
  );
  const started = performance.now();
  const response = await fetch(`http://127.0.0.1:${client.port}/v1/policies/${POLICY}/impact?param.region=eu-west1`, {
    method: 'POST',
    headers: { authorization: `Bearer ${client.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...POLICY_DOCUMENT, requirements }),
  });
  if (response.status !== 200 || response.body === null) throw new Error(`no impact: ${await response.text()}`);
  let [rest, last, flips, firstMilliseconds] = ['', '', 0, 0];
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{"image"')) flips += 1;
      else if (line.startsWith('{"progress"') && firstMilliseconds === 0)
        firstMilliseconds = performance.now() - started;
      last = line;
    }
  }
  const { summary } = JSON.parse(last) as { summary?: { looked: number } };
  if (summary === undefined) throw new Error(`the answer ends without a summary: ${last}`);
  const seconds = (performance.now() - started) / 1000;
  return { images: summary.looked, flips, seconds, firstMilliseconds, peak: peakOf(service.pid) };
}

function peakOf(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

/** Rows per second, read in pages by their key. */
async function bareRead(databaseUrl: string): Promise<number> {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const started = performance.now();
  let [after, count] = ['', 0];
  for (;;) {
    const { rows } = await database.query<{ subject: string }>(
      'select subject, facts from images where subject > $1 order by subject limit $2',
      [after, PAGE],
    );
    count += rows.length;
    if (rows.length < PAGE) break;
    after = rows.at(-1)?.subject ?? after;
  }
  await database.end();
  return count / ((performance.now() - started) / 1000);
}
