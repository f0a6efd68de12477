import { connect } from 'node:net';
import type { Answer } from './api.js';

/**
 * Sends these bytes as they are over a connection of their own and reads what comes back until the service closes it. For
 * requests that no HTTP client would send.
 */
export function sendRaw(url: string, request: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const received: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(Buffer.from(request as string, 'latin1')));
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(Buffer.concat(received).toString('latin1'));
    });
  });
}

/** The one answer in what was received, in the form in which other calls answer. */
export function answerIn(received: string): Answer {
  const end = received.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = received.slice(0, end).split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  const text = received.slice(end + 4);
  const bytes = Buffer.from(text, 'latin1');
  return { status: Number(statusLine.split(' ')[1]), headers, bytes, text, body: JSON.parse(text) };
}
