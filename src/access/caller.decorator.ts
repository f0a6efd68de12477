import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { getCaller } from './request-caller.js';

/** The Caller, for a handler behind the guard. */
export const CallerParam = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  getCaller(context.switchToHttp().getRequest<FastifyRequest>()),
);
