import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../platform/app-error.js';
import { PUBLIC_ROUTE, REQUIRED_ROLES, type Role } from '../platform/roles.js';
import { Authenticator } from './authenticator.js';
import { assertRole } from './caller.js';
import { setCaller } from './request-caller.js';

/** Lets a request through to its route by what the route says of itself; one that says nothing lets nobody through. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.ruleOf(context);
    if (rule === 'public') return true;
    if (rule === null) throw new AppError('forbidden', 'route_closed', 'this route lets nobody through');
    await admit(this.authenticator, rule, context.switchToHttp().getRequest<FastifyRequest>());
    return true;
  }

  /** What the handler says, or else its class; where one says both, the roles. Never a mixture of the two. */
  private ruleOf(context: ExecutionContext): readonly Role[] | 'public' | null {
    for (const target of [context.getHandler(), context.getClass()]) {
      const roles = this.reflector.get<readonly Role[] | undefined>(REQUIRED_ROLES, target);
      if (roles !== undefined) return roles;
      if (this.reflector.get<boolean | undefined>(PUBLIC_ROUTE, target) === true) return 'public';
    }
    return null;
  }
}

/**
 * The guard of a raw Fastify route, as its `authenticate`: the same answers, and the caller by `getCaller(request)`.
 */
export function hotAuthentication(
  authenticator: Authenticator,
  ...roles: readonly Role[]
): (request: FastifyRequest) => Promise<void> {
  return (request) => admit(authenticator, roles, request);
}

/**
 * A hook that runs before the body of a controller's route is read, so that nobody unknown can make the service hold or
 * read bytes, and learns no more than that he is unknown. What a known caller may do is for the guard to say.
 */
export function authenticateSenders(authenticator: Authenticator): (request: FastifyRequest) => Promise<void> {
  return async ({ method, headers, is404, routeOptions }) => {
    if (is404 || routeOptions.config.hot === true || !TAKE_BODIES.has(method)) return;
    await authenticator.authenticate(headers.authorization);
  };
}

/** No route of theirs is public. */
const TAKE_BODIES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

async function admit(authenticator: Authenticator, roles: readonly Role[], request: FastifyRequest): Promise<void> {
  const caller = await authenticator.authenticate(request.headers.authorization);
  assertRole(caller, roles);
  setCaller(request, caller);
}
