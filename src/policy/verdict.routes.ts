import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { hotAuthentication } from '../access/access.guard.js';
import type { Authenticator } from '../access/authenticator.js';
import { assertRole } from '../access/caller.js';
import { assertPinned } from '../access/pins.js';
import { presentedToken } from '../access/known-tokens.js';
import { getCaller } from '../access/request-caller.js';
import type { ImageStateStore } from '../images/image-state.store.js';
import type { RawOperation } from '../platform/raw-operation.js';
import type { RawRoute } from '../platform/raw-route.js';
import { acceptsEnvelope, ENVELOPE_TYPE } from './accept-envelope.js';
import { assertPast } from './past-moment.js';
import type { PastVerdictService } from './past-verdict.service.js';
import { postVerdicts, verdictsBody } from './post-verdicts.js';
import { notSigned, type VerdictSigning } from './sign-verdict.js';
import { imageVerdictAnswer, verdictAnswer } from './verdict.answer.js';
import { parseVerdictQuery } from './verdict-request.js';
import type { VerdictService } from './verdict.service.js';

export interface VerdictRoutesOptions {
  readonly authenticator: Authenticator;
  readonly images: Pick<ImageStateStore, 'readStates'>;
  readonly verdicts: VerdictService;
  readonly signing: VerdictSigning;
  readonly past: Pick<PastVerdictService, 'answerAsOf'>;
  /** Told how long each answer took, in seconds. */
  readonly onAnswered: (route: 'get' | 'post', seconds: number) => void;
}

const READ_ROLES = ['gate', 'auditor', 'policy-admin'] as const;
/** Who may look into the past: what was once allowed is no reason to let anything run. */
const PAST_ROLES = ['auditor'] as const;
/**
 * Every verdict of a POST goes on record with who asked, and an auditor writes nothing. Which of the two it takes, the body
 * says.
 */
const RECORD_ROLES = ['gate', 'break-glass'] as const;

const getQuery = z.object({
  policy: z.string().describe('The policy to decide by'),
  repository: z.string().optional().describe('Scopes rules and waivers, as registry.example.com/team/app'),
  at: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('By what had been recorded by then, and at that moment; for auditors. Such a verdict is never recorded'),
  'param.NAME': z.string().optional().describe('The value of parameter NAME; one such for each'),
});

const GET_OPERATION: RawOperation = {
  method: 'GET',
  url: '/v1/images/:digest/verdict',
  operationId: 'getImageVerdict',
  summary: 'Does this digest meet the named policy, here and at this moment?',
  tag: 'Verdicts',
  roles: READ_ROLES,
  params: { digest: 'sha256: and 64 lower-case hex digits' },
  query: getQuery,
  responses: {
    200: {
      description:
        'Allow and deny alike; where `Accept` names the envelope, as a SLSA verification summary in signed DSSE',
      content: { 'application/json': imageVerdictAnswer, [ENVELOPE_TYPE]: null },
    },
  },
};

const POST_OPERATION: RawOperation = {
  method: 'POST',
  url: '/v1/verdicts',
  operationId: 'postVerdicts',
  summary: 'Decide for many images at once, every verdict on record with who asked',
  tag: 'Verdicts',
  roles: RECORD_ROLES,
  body: { description: 'The question', content: { 'application/json': verdictsBody } },
  responses: {
    201: {
      description: 'A verdict for each image, in their order',
      content: { 'application/json': z.object({ items: z.array(verdictAnswer) }) },
    },
  },
};

export const VERDICT_OPERATIONS: readonly RawOperation[] = [GET_OPERATION, POST_OPERATION];

/** The two routes deploy gates call. */
export function verdictRoutes(options: VerdictRoutesOptions): readonly RawRoute[] {
  return [
    {
      operation: GET_OPERATION,
      // The access revision comes with the image's own, so that a verdict costs one round trip.
      authenticate: 'handler',
      body: 'none',
      handle: (request, reply) => getVerdict(options, request as FastifyRequest<{ Params: { digest: string } }>, reply),
    },
    {
      operation: POST_OPERATION,
      authenticate: hotAuthentication(options.authenticator, ...RECORD_ROLES),
      body: 'json',
      handle: (request, reply) => post(options, request, reply),
    },
  ];
}

async function getVerdict(
  options: VerdictRoutesOptions,
  request: FastifyRequest<{ Params: { digest: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const started = performance.now();
  presentedToken(request.headers.authorization);
  const mark = request.url.indexOf('?');
  const query = new URLSearchParams(mark < 0 ? '' : request.url.slice(mark + 1));
  const enveloped = acceptsEnvelope(request.headers.accept);
  if (enveloped && query.has('at')) throw notSigned('it is about an earlier moment');
  const { digest, repository, policy, parameters: given, at } = parseVerdictQuery(request.params.digest, query);
  const [state, ...related] = await options.images.readStates([digest, ...options.verdicts.relatedTo(digest)]);
  const authorized = options.authenticator.authenticateAt(state.access, request.headers.authorization, state.now);
  const caller = authorized instanceof Promise ? await authorized : authorized;
  assertRole(caller, at === null ? READ_ROLES : PAST_ROLES);
  const asked = { digest, repository, policy, parameters: assertPinned(caller, policy, given) };
  if (enveloped) options.signing.assertConfigured();
  const verdict =
    at === null
      ? await options.verdicts.answer(asked, state, caller.actor, related)
      : Buffer.from(JSON.stringify({ id: null, ...(await options.past.answerAsOf(asked, assertPast(at, state.now))) }));
  const answer = enveloped ? await options.signing.sign(verdict) : verdict;
  options.onAnswered('get', (performance.now() - started) / 1000);
  return reply
    .code(200)
    .header('cache-control', 'no-store')
    .header('vary', 'accept')
    .type(enveloped ? ENVELOPE_TYPE : 'application/json; charset=utf-8')
    .send(answer);
}

async function post(
  options: VerdictRoutesOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const started = performance.now();
  const items = await postVerdicts(options.verdicts, request.body, getCaller(request));
  options.onAnswered('post', (performance.now() - started) / 1000);
  return reply.code(201).header('cache-control', 'no-store').send({ items });
}
