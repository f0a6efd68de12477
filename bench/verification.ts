import { parseEnvelope } from '../src/intoto/envelope.js';
import { importPublicKey } from '../src/intoto/public-key.js';
import { parseStatement } from '../src/intoto/statement.js';
import { verifySignatures } from '../src/intoto/verify-envelope.js';
import { makeKey, type TestKey, type TestKeyType } from '../test/support/sign.js';
import { send, type Client } from './client.js';
import { envelopeOfSize } from './evidence.js';
import { load, request } from './load.js';
import { until, type Running } from './processes.js';

const KEY_TYPES: readonly TestKeyType[] = ['P-256', 'Ed25519', 'RSA-PKCS1', 'P-384'];
const COUNT = Number(process.env['BENCH_VERIFY_COUNT'] ?? 3000);
const IN_FLIGHT = 32;

export interface VerificationBench {
  readonly client: Client;
  readonly startWorker: () => Promise<Running>;
  readonly rounds: number;
}

/**
 * Envelopes of 10 KB a second, from posted to recorded by one worker process, against parsing and verifying the same
 * envelopes in memory and nothing else.
 */
export async function measureVerification({ client, startWorker, rounds }: VerificationBench): Promise<string> {
  const keys = new Map(KEY_TYPES.map((type) => [type, makeKey(type)]));
  for (const [type, key] of keys) {
    const name = `bench-${type.toLowerCase()}`;
    await send(client, 'PUT', `/v1/attestors/${name}`, {
      predicateTypes: ['https://example.com/licence/v1'],
      keys: [{ id: name, publicKey: key.publicKey }],
    });
  }
  const lines: string[] = [];
  for (const [type, key] of keys) {
    const ratios: number[] = [];
    const rates: { product: number; floor: number }[] = [];
    for (let round = 0; round < Math.min(rounds, 3); round += 1) {
      const keyid = `bench-${type.toLowerCase()}`;
      const bodies = Array.from({ length: COUNT }, () => withKeyId(envelopeOfSize(10 * 1024, key), keyid));
      const floor = await inMemory(bodies, key);
      const product = await byWorker(client, bodies, startWorker);
      rates.push({ product, floor });
      ratios.push(product / floor);
    }
    const mid = (values: readonly number[]): number =>
      [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
    const ratio = mid(ratios);
    lines.push(
      `| ${type} | ${Math.round(mid(rates.map((rate) => rate.product)))} | ${Math.round(mid(rates.map((rate) => rate.floor)))} | ${ratio.toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}) | >= 0.55${ratio >= 0.55 ? '' : ' MISSED'} |`,
    );
  }
  return [
    `### Verification of ${COUNT} stored envelopes of 10 KB, posted to recorded, one worker process`,
    '',
    '| key | product per second | parse and verify in memory | product / floor | asked for |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function withKeyId(body: Buffer, keyid: string): Buffer {
  return Buffer.from(body.toString().replace('"signatures":[{', `"signatures":[{"keyid":"${keyid}",`));
}

async function inMemory(bodies: readonly Buffer[], key: TestKey): Promise<number> {
  const { key: object, thumbprint, schemes } = importPublicKey(key.publicKey);
  const started = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        const envelope = parseEnvelope(body);
        parseStatement(envelope.payload);
        const { matches } = await verifySignatures(envelope, [{ key: object, thumbprint, schemes }]);
        if (matches.length !== 1) throw new Error('a good signature did not verify');
      }
    }),
  );
  return bodies.length / ((performance.now() - started) / 1000);
}

/** Posts everything while no worker runs, then times how long one takes from its first outcome to the last. */
async function byWorker(
  client: Client,
  bodies: readonly Buffer[],
  startWorker: () => Promise<Running>,
): Promise<number> {
  let index = -1;
  await load({
    port: client.port,
    clients: 64,
    milliseconds: 60_000,
    expect: [201],
    next: () => {
      const body = bodies[(index += 1)];
      return body === undefined
        ? null
        : request('POST', '/v1/attestations', { authorization: `Bearer ${client.token}` }, body);
    },
  });
  const worker = await startWorker();
  const metrics = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text();
    return [...text.matchAll(/^assay_verifications_total\{[^}]*\} (\d+)/gm)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
  };
  let first = 0;
  let at = 0;
  await until(async () => {
    first = await metrics();
    at = performance.now();
    return first > 0;
  });
  await until(async () => (await metrics()) >= bodies.length, 120_000);
  const rate = (bodies.length - first) / ((performance.now() - at) / 1000);
  await worker.stop();
  return rate;
}
