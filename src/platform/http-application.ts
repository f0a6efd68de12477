import helmet from '@fastify/helmet';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestApplicationContextOptions } from '@nestjs/common/interfaces/nest-application-context-options.interface.js';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from './app-error.js';
import { answerClientError } from './client-error.js';
import { parseJsonBody } from './json-body.js';
import { recordRoutes } from './known-routes.js';
import { NestLogger, type Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import { ProblemFilter, sendProblem } from './problem.filter.js';
import { installRequestLog, requestIdOf } from './request-log.js';
import { RequestValidationPipe } from './request-validation.pipe.js';

/** Of every route but those that take evidence; a policy or a trust root is a hundred times smaller. */
const BODY_LIMIT_BYTES = 1024 * 1024;
/** For a request to arrive whole; a slow client cannot hold a connection for ever. */
const REQUEST_TIMEOUT_MS = 300_000;
/** Longer than load balancers keep idle connections, so that it is they who close them. */
const KEEP_ALIVE_MS = 75_000;

export interface HttpApplicationOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Only the shape of the application: nothing of the module is constructed. */
  readonly preview?: boolean;
}

/**
 * The module as an application that does not listen yet, with what all of its routes share: request ids, one log line a
 * request, security headers, strict JSON, documents as bytes, schemas held, and every fault answered as a problem document.
 */
export async function createHttpApplication(
  module: Type | DynamicModule,
  { logger, metrics, preview = false }: HttpApplicationOptions,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    logger: false,
    genReqId: requestIdOf,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: 500 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      reply.header('x-request-id', request.id);
      sendProblem(error, request, reply, logger);
    },
  });
  const fastify: FastifyInstance = adapter.getInstance();
  const methodsOf = recordRoutes(fastify);
  installRequestLog(fastify, logger, metrics);
  refuseNul(fastify);
  closeConnectionsWhenDone(fastify);
  await installSecurityHeaders(fastify);
  installBodyParsers(fastify);
  const options = Object.assign(new NestApplicationContextOptions(), {
    bodyParser: false,
    logger: new NestLogger(logger),
    // Throws instead of ending the process.
    abortOnError: false,
    preview,
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, options);
  app.useGlobalFilters(new ProblemFilter(logger, methodsOf));
  app.useGlobalPipes(new RequestValidationPipe());
  return app;
}

/** Nothing has U+0000 in its name, and where such a name was looked for the database would fail. */
function refuseNul(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const holdsNul = request.url.includes('%00');
    done(holdsNul ? new AppError('malformed', 'request_invalid', 'the URL must not hold U+0000') : undefined);
  });
}

/**
 * Closing ends the connections that are idle then. Those that were busy would be waited for until their client ends them, and
 * those on which nothing was asked yet for as long as a request may take to arrive.
 */
function closeConnectionsWhenDone(fastify: FastifyInstance): void {
  let closing = false;
  let underWay = 0;
  const closeIfDone = (): void => {
    // By then the connection of the last answer counts as idle.
    setImmediate(() => {
      if (underWay === 0) fastify.server.closeAllConnections();
      else fastify.server.closeIdleConnections();
    });
  };
  fastify.addHook('onRequest', (_request, { raw }, done) => {
    underWay += 1;
    // Told of an answer that its client did not wait for as well.
    raw.once('close', () => {
      underWay -= 1;
      if (closing) closeIfDone();
    });
    done();
  });
  fastify.addHook('preClose', (done) => {
    closing = true;
    closeIfDone();
    done();
  });
}

/** On everything that a browser may show; the hot routes answer programs, and a dozen headers would be half their answer. */
async function installSecurityHeaders(fastify: FastifyInstance): Promise<void> {
  fastify.addHook('onRoute', (route) => {
    if (route.config?.hot !== true) route.helmet ??= {};
  });
  await fastify.register(helmet, {
    global: false,
    // TLS ends in front of this service, and whether there is any is for that place to say.
    strictTransportSecurity: false,
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  });
}

function installBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i,
    { parseAs: 'buffer' },
    (request, body, done) => {
      const bytes = Buffer.from(body);
      try {
        done(null, takesDocument(request) ? bytes : parseJsonBody(bytes));
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  );
  fastify.addContentTypeParser(
    /^(?:application|text)\/(?:x-)?yaml\s*(?:;|$)/i,
    { parseAs: 'buffer' },
    (request, body, done) => {
      if (takesDocument(request)) done(null, Buffer.from(body));
      else done(new AppError('unsupported', 'content_type_unsupported', 'this route takes JSON'));
    },
  );
}

function takesDocument({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.document === true;
}
