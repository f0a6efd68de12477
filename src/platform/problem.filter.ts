import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { withoutConnection } from './connection-wait.js';
import type { Logger } from './logger.js';
import { toProblem } from './problem.js';

/** Answers what any controller, guard or pipe throws, and what nothing serves, as a problem document. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    /** The methods that a path takes. */
    private readonly methodsOf: (path: string) => readonly string[],
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const methods = request.is404 ? this.methodsOf(request.url.replace(/\?.*$/s, '')) : [];
    // What takes the method and finds nothing, as the files of the documentation, has no other method to name.
    if (methods.length > 0 && !methods.includes(request.method)) {
      reply.header('allow', methods.join(', '));
      sendProblem(new HttpException('', 405), request, reply, this.logger);
    } else sendProblem(error, request, reply, this.logger);
  }
}

/** The same for what runs outside of Nest. Headers that the thrower has set stay. Malfunctions and causes are logged. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const error = withoutConnection(thrown) ?? thrown;
  const { status, headers, body } = toProblem(error, request.id);
  if (status === 500) {
    logger.error(
      { err: error, requestId: request.id, method: request.method, route: request.routeOptions.url },
      'failed',
    );
  } else if (error instanceof Error && error.cause !== undefined) {
    // What is wrong on this side is for its operator to see.
    logger[status > 500 ? 'warn' : 'debug']({ err: error, requestId: request.id }, 'refused');
  }
  if (reply.sent) return;
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'content-type' || !reply.hasHeader(name)) reply.header(name, value);
  }
  // Bytes, so that no serializer meant for the route's own answers is applied.
  reply.code(status).send(Buffer.from(JSON.stringify(body)));
}
