import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from './app-error.js';
import { ByteBudget } from './byte-budget.js';
import { parseJsonBody } from './json-body.js';
import type { Logger } from './logger.js';
import { sendProblem } from './problem.filter.js';
import type { RawOperation } from './raw-operation.js';

/**
 * A hot route: served by Fastify itself, without Nest's guards, pipes, interceptors and filters. What those would do is done
 * here, for every such route alike: it cannot be registered without saying who authenticates, and whatever it throws is
 * answered as a problem document.
 */
export interface RawRoute {
  readonly operation: RawOperation;
  /**
   * Runs before the body is read, so that nobody unknown can make the service hold bytes. `public`: everybody is let in.
   * `handler`: the handler authenticates by what it reads anyway; fit for routes without a body only.
   */
  readonly authenticate: ((request: FastifyRequest, reply: FastifyReply) => Promise<void>) | 'public' | 'handler';
  /** `bytes`: `request.body` is the Buffer as received, whatever its type; `json`: its strictly read value. */
  readonly body: 'none' | 'bytes' | 'json';
  /** What it resolves to is sent; a Buffer or string as it stands, under the content type that was set. */
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => unknown;
}

/** Of a body that is read as JSON; only evidence is larger, and it is kept as bytes. */
const JSON_LIMIT_BYTES = 1024 * 1024;

export interface RawRouteOptions {
  readonly maxBodyBytes: number;
  /** Bytes of bodies held at any moment, over all raw routes; one more is answered `overloaded`. */
  readonly bodyBudgetBytes: number;
  readonly logger: Logger;
}

/** Registers hot routes beside the controllers of an application that does not listen yet. */
export function registerRawRoutes(
  app: NestFastifyApplication,
  routes: readonly RawRoute[],
  { maxBodyBytes, bodyBudgetBytes, logger }: RawRouteOptions,
): void {
  const budget = new ByteBudget(bodyBudgetBytes);
  // A context of its own: neither the error handler nor the body parsers are shared with the controllers.
  void app
    .getHttpAdapter()
    .getInstance()
    .register((fastify, _options, done) => {
      fastify.setErrorHandler((error, request, reply) => {
        sendProblem(error, request, reply, logger);
      });
      fastify.removeAllContentTypeParsers();
      // Left unread here: whoever reads it needs the reply, to know until when its bytes are held.
      fastify.addContentTypeParser('*', (_request, _payload, parsed) => {
        parsed(null);
      });
      for (const route of routes) register(fastify, route, { maxBodyBytes, budget });
      done();
    });
}

interface Bounds {
  readonly maxBodyBytes: number;
  readonly budget: ByteBudget;
}

function register(fastify: FastifyInstance, route: RawRoute, bounds: Bounds): void {
  const { operation, authenticate, body, handle } = route;
  if (authenticate === 'handler' && body !== 'none') {
    throw new Error(`${operation.method} ${operation.url} would read a body of anybody's`);
  }
  const most = body === 'json' ? Math.min(bounds.maxBodyBytes, JSON_LIMIT_BYTES) : bounds.maxBodyBytes;
  const read = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const bytes = await readBody(request.raw, reply.raw, { ...bounds, maxBodyBytes: most });
    request.body = body === 'json' ? parseJsonBody(bytes) : bytes;
  };
  fastify.route({
    method: operation.method,
    url: operation.url,
    config: { hot: true },
    ...(typeof authenticate === 'function' ? { onRequest: authenticate } : {}),
    ...(body === 'none' ? {} : { preHandler: read }),
    handler: (request, reply) => handle(request, reply),
  });
}

/** The whole body. Its bytes count against the budget until the answer is sent or the connection is gone. */
function readBody(request: IncomingMessage, response: ServerResponse, bounds: Bounds): Promise<Buffer> {
  const { maxBodyBytes, budget } = bounds;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let held = 0;
    let passedOver = 0;
    let refused = false;
    response.once('close', () => {
      refused = true;
      budget.give(held);
    });

    function refuse(error: AppError): void {
      refused = true;
      chunks.length = 0;
      reject(error);
    }

    request.on('data', (chunk: Buffer) => {
      if (refused) {
        // A client that is still sending may not read its answer before it is done; but not for ever.
        passedOver += chunk.length;
        if (passedOver > maxBodyBytes) request.destroy();
      } else if (held + chunk.length > maxBodyBytes) {
        refuse(tooLarge(maxBodyBytes));
      } else if (budget.take(chunk.length)) {
        held += chunk.length;
        chunks.push(chunk);
      } else {
        refuse(
          new AppError('overloaded', 'overloaded', 'too many bodies are being received at once', {
            retryAfterSeconds: 1,
          }),
        );
      }
    });
    request.once('end', () => {
      if (!refused) resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, held));
    });
    request.once('error', (cause) => {
      reject(new AppError('malformed', 'body_incomplete', 'the connection ended before the body did', { cause }));
    });
    if (Number(request.headers['content-length']) > maxBodyBytes) refuse(tooLarge(maxBodyBytes));
  });
}

function tooLarge(maxBodyBytes: number): AppError {
  return new AppError('too_large', 'body_too_large', `the body is larger than ${maxBodyBytes} bytes`);
}
