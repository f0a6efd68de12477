import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { encodeCursor } from '../platform/cursor.js';
import { EVENT_STREAM_TYPE } from '../platform/event-stream.js';
import { prefersType } from '../platform/preferred-type.js';
import type { RawOperation } from '../platform/raw-operation.js';
import type { RawRoute } from '../platform/raw-route.js';
import { validateRequest } from '../platform/request-validation.js';
import { watchReader } from '../platform/stalled-reader.js';
import type { EventFeed, HistoryFeed } from './history-feed.service.js';
import { HISTORY_CURSOR, historyQuery, parseQuestion, parseStreamQuestion } from './history-query.js';
import { historyPage, toPage } from './history.answer.js';

export const HISTORY_ROLES = ['auditor'] as const;

/** A reader of events that takes nothing for so long is cut off; it may go on later where it stopped. */
const STALLED_MS = 60_000;
/** How much is made ready for a reader in advance, in bytes. */
const READY_BYTES = 64 * 1024;
/** After its end, how long a stream may take to reach its reader. */
const LEAVING_MS = 2_000;

export const HISTORY_OPERATION: RawOperation = {
  method: 'GET',
  url: '/v1/history',
  operationId: 'listHistory',
  summary: 'Every acknowledged change and recorded verdict, oldest first',
  tag: 'History',
  roles: HISTORY_ROLES,
  query: historyQuery,
  headers: {
    accept: '`text/event-stream`: all that is there and all that comes, as server-sent events',
    'last-event-id': 'Of a stream of events: go on behind this one',
  },
  responses: {
    200: {
      description:
        'One page, in the order of commits; or a stream of events. A change appears within a second or so, and never at or ' +
        'below a `completeTo` once answered',
      content: { 'application/json': historyPage, [EVENT_STREAM_TYPE]: null },
    },
  },
};

export interface HistoryRouteOptions {
  readonly authenticate: (request: FastifyRequest) => Promise<void>;
  /** Whether whoever made the request would be let in again; rejects where not. */
  readonly readmit: (request: FastifyRequest) => Promise<void>;
  readonly feed: HistoryFeed;
}

/** The account as pages, for those who wait, and as a stream of events. */
export function historyRoute(options: HistoryRouteOptions): RawRoute {
  return {
    operation: HISTORY_OPERATION,
    authenticate: options.authenticate,
    body: 'none',
    handle: (request, reply) => answer(options, request, reply),
  };
}

async function answer(
  { feed, readmit }: HistoryRouteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const query = await validateRequest(historyQuery, request.query, 'query');
  reply.header('cache-control', 'no-store').header('vary', 'accept');
  if (prefersType(request.headers.accept, EVENT_STREAM_TYPE)) {
    const question = parseStreamQuestion(query, single(request.headers['last-event-id']));
    reply.type(EVENT_STREAM_TYPE);
    if (request.method === 'HEAD') return reply.send('');
    return reply.send(streamTo(reply, await feed.follow(question, () => readmit(request))));
  }
  const question = parseQuestion(query);
  const asked = request.method === 'HEAD' ? { ...question, waitSeconds: 0 } : question;
  const page = await feed.page(asked, () => readmit(request), goneSignal(reply));
  return reply.send(toPage(page, (sequence) => encodeCursor(HISTORY_CURSOR, [sequence])));
}

/** The stream as far as its reader takes it; nothing is left of it when the connection is gone. */
function streamTo(reply: FastifyReply, { parts, end, ended }: EventFeed): Readable {
  const { raw } = reply;
  raw.once('close', end);
  // It may have closed while the stream was being opened.
  if (raw.destroyed) end();
  ended.addEventListener('abort', () => {
    setTimeout(() => {
      if (!raw.writableFinished) raw.destroy();
    }, LEAVING_MS).unref();
  });
  // What stands between is not to hold events back.
  reply.header('x-accel-buffering', 'no');
  const watched = watchReader(parts, STALLED_MS, () => {
    raw.destroy();
  });
  return Readable.from(watched, { objectMode: false, highWaterMark: READY_BYTES });
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    gone.abort();
  });
  return gone.signal;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}
