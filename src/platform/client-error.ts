import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { HttpException } from '@nestjs/common';
import { toProblem } from './problem.js';

/** What Node's parser could not make a request of, so that no route and no hook ever sees it. */
interface ClientError extends Error {
  readonly code?: string;
}

/**
 * Answers bytes that are no HTTP request, or none that arrived whole, as a problem document with an id like every other
 * answer, and ends the connection: what else stands in it cannot be told.
 */
export function answerClientError(error: ClientError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.write(answerTo(error));
  socket.destroy(error);
}

function answerTo(error: ClientError): string {
  const id = randomUUID();
  const { status, headers, body } = toProblem(new HttpException('', statusOf(error)), id);
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...headers,
    'x-request-id': id,
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${text}`;
}

function statusOf({ code }: ClientError): number {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
}
