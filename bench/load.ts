import { connect, type Socket } from 'node:net';

/** One HTTP/1.1 request as the bytes that go out. */
export function request(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body: Buffer = Buffer.alloc(0),
): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: bench',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(method === 'GET' ? [] : [`content-length: ${body.length}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

export interface LoadResult {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly clients: number;
  readonly milliseconds: number;
  /** The next request; null ends the client. */
  readonly next: () => Buffer | null;
  /** Statuses that count as success; any other one ends the run as an error. */
  readonly expect: readonly number[];
}

/** Keeps `clients` connections busy, one request at a time each, and counts what came back in the time given. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = [];
  const started = performance.now();
  const deadline = started + options.milliseconds;
  await Promise.all(
    Array.from({ length: options.clients }, async () => {
      const client = await open(options.port);
      try {
        for (let bytes = options.next(); bytes !== null && performance.now() < deadline; bytes = options.next()) {
          const sent = performance.now();
          const { status, body } = await client.exchange(bytes);
          if (!options.expect.includes(status)) throw new Error(`status ${status}: ${body().slice(0, 500)}`);
          latencies.push(performance.now() - sent);
        }
      } finally {
        client.close();
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    perSecond: latencies.length / seconds,
    p50: latencies[Math.floor(latencies.length * 0.5)] ?? NaN,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? NaN,
    requests: latencies.length,
  };
}

interface Exchange {
  readonly status: number;
  readonly body: () => string;
}

interface Client {
  readonly exchange: (bytes: Buffer) => Promise<Exchange>;
  readonly close: () => void;
}

/** A connection that reads answers with a content length, which is all that the servers measured here send. */
export async function open(port: number): Promise<Client> {
  const socket = await connected(port);
  let received: Buffer = Buffer.alloc(0);
  let waiting: { resolve: (exchange: Exchange) => void; reject: (error: unknown) => void } | null = null;
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const answer = parse(received);
    if (answer === null || waiting === null) return;
    received = received.subarray(answer.end);
    const { resolve } = waiting;
    waiting = null;
    resolve(answer);
  });
  const fail = (error: unknown): void => {
    waiting?.reject(error);
    waiting = null;
  };
  socket.on('error', fail);
  socket.on('close', () => {
    fail(new Error('the connection was closed'));
  });
  return {
    exchange: (bytes) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(bytes);
      }),
    close: () => socket.destroy(),
  };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function parse(bytes: Buffer): (Exchange & { readonly end: number }) | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const end = headEnd + 4 + Number(length ?? 0);
  if (bytes.length < end) return null;
  return { status: Number(head.slice(9, 12)), body: () => bytes.toString('utf8', headEnd + 4, end), end };
}
