import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered so often that only what is slow or failed is logged; everything is counted. */
    hot?: boolean;
  }
}

const SLOW_MS = 1_000;

/** The id that the client sent as `x-request-id` where it is harmless in a log and a header, else one of our own. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && /^[\w.:-]{1,128}$/.test(sent) ? sent : randomUUID();
}

/** Puts the request's id on every answer, counts every answer, and logs one line a request. */
export function installRequestLog(fastify: FastifyInstance, logger: Logger, metrics: Metrics): void {
  const durations = metrics.histogram('http_request_seconds', 'Time from request to answer', [
    'method',
    'route',
    'status',
  ]);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const milliseconds = reply.elapsedTime;
    // A path nobody serves is not a label: anybody can make up any number of them.
    const { url: route = 'none', config } = request.routeOptions;
    durations.observe({ method: request.method, route, status: reply.statusCode }, milliseconds / 1_000);
    if (config.hot !== true || reply.statusCode >= 500 || milliseconds >= SLOW_MS) {
      logger.info(
        {
          requestId: request.id,
          method: request.method,
          route,
          path: pathOf(request.url),
          status: reply.statusCode,
          milliseconds: Math.round(milliseconds * 10) / 10,
        },
        'request',
      );
    }
    done();
  });
}

/** Without the query, whose parameters are the client's own business. */
function pathOf(url: string): string {
  const end = url.indexOf('?');
  return (end < 0 ? url : url.slice(0, end)).slice(0, 500);
}
