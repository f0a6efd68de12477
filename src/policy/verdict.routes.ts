import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '../access/authenticator.js';
import { assertRole, type Caller } from '../access/caller.js';
import { assertPinned } from '../access/pins.js';
import type { ImageStateStore } from '../images/image-state.store.js';
import type { Role } from '../platform/roles.js';
import { postVerdicts } from './post-verdicts.js';
import { parseVerdictQuery } from './verdict-request.js';
import type { VerdictService } from './verdict.service.js';

export interface VerdictRoutesOptions {
  readonly authenticator: Pick<Authenticator, 'authenticate' | 'authenticateAt'>;
  readonly images: Pick<ImageStateStore, 'readState'>;
  readonly verdicts: VerdictService;
  /** Told how long each answer took, in seconds. */
  readonly onAnswered: (route: 'get' | 'post', seconds: number) => void;
}

/** Who may ask for verdicts. */
export const VERDICT_ROLES: readonly Role[] = ['gate', 'auditor', 'policy-admin'];

/**
 * The two routes deploy gates call. They are registered on Fastify itself, since guards, pipes and interceptors would cost
 * more than the answer; each does its own authentication, by the access revision read in the same round trip.
 */
export function registerVerdictRoutes(fastify: FastifyInstance, options: VerdictRoutesOptions): void {
  fastify.get('/v1/images/:digest/verdict', async (request, reply) => {
    const started = performance.now();
    await getVerdict(options, request as FastifyRequest<{ Params: { digest: string } }>, reply);
    options.onAnswered('get', (performance.now() - started) / 1000);
    return reply;
  });
  fastify.post('/v1/verdicts', async (request, reply) => {
    const started = performance.now();
    const caller = await options.authenticator.authenticate(request.headers.authorization);
    assertRole(caller, VERDICT_ROLES);
    const items = await postVerdicts(options.verdicts, request.body, caller);
    options.onAnswered('post', (performance.now() - started) / 1000);
    return reply.code(201).header('cache-control', 'no-store').send({ items });
  });
}

async function getVerdict(
  options: VerdictRoutesOptions,
  request: FastifyRequest<{ Params: { digest: string } }>,
  reply: FastifyReply,
): Promise<void> {
  const mark = request.url.indexOf('?');
  const query = new URLSearchParams(mark < 0 ? '' : request.url.slice(mark + 1));
  const { digest, repository, policy, parameters: given } = parseVerdictQuery(request.params.digest, query);
  const state = await options.images.readState(digest);
  const authorized = options.authenticator.authenticateAt(state.access, request.headers.authorization, state.now);
  const caller: Caller = authorized instanceof Promise ? await authorized : authorized;
  assertRole(caller, VERDICT_ROLES);
  const parameters = assertPinned(caller, policy, given);
  const answer = await options.verdicts.answer({ digest, repository, policy, parameters }, state, caller.actor);
  await reply.code(200).header('cache-control', 'no-store').type('application/json; charset=utf-8').send(answer);
}
