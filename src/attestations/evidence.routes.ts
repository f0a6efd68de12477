import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { hotAuthentication } from '../access/access.guard.js';
import type { Authenticator } from '../access/authenticator.js';
import { getCaller } from '../access/request-caller.js';
import { AppError } from '../platform/app-error.js';
import type { RawOperation } from '../platform/raw-operation.js';
import type { RawRoute } from '../platform/raw-route.js';
import { attestationAnswer, previewAnswer } from './attestation.answer.js';
import { preferredWait } from './awaiting-verification.js';
import { postEvidence, postLines, type EvidencePort, type Posting } from './post-evidence.js';

export interface EvidenceRouteOptions {
  readonly authenticator: Authenticator;
  readonly port: EvidencePort;
  /** Told of each body accepted: how many attestations it brought and in how many seconds. */
  readonly onPosted: (attestations: number, seconds: number) => void;
}

const LINES = /^application\/(?:jsonl|x-ndjson|vnd\.in-toto\.bundle)\s*(?:;|$)/i;
const ROLES = ['attester'] as const;

const linesAnswer = z.object({
  items: z.array(
    z.object({
      line: z.number().int().min(1),
      status: z.number().int(),
      attestation: z.union([attestationAnswer, previewAnswer]).optional(),
      problem: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

export const EVIDENCE_OPERATION: RawOperation = {
  method: 'POST',
  url: '/v1/attestations',
  operationId: 'postAttestation',
  summary: 'Post signed evidence; durable when answered, verified soon after',
  tag: 'Evidence',
  roles: ROLES,
  query: z.object({
    dryRun: z
      .enum(['true', 'false'])
      .optional()
      .describe('`true`: tells the outcome, the signers and the facts, and stores nothing'),
  }),
  headers: { prefer: '`wait=N`: answer when verified or rejected, within N seconds, at most 30 (RFC 7240)' },
  body: {
    description:
      'Evidence whose payload is an in-toto Statement, told apart by its structure: a DSSE envelope, a Sigstore bundle (0.1 to ' +
      '0.3), a JWS (compact or JSON), a cosign layer with its annotations; or one of them a line',
    content: {
      'application/json': z.looseObject({}),
      'application/jose': null,
      'application/jsonl': null,
      'application/vnd.in-toto.bundle': null,
    },
  },
  responses: {
    200: {
      description: 'These bytes were stored before, or under `dryRun` nothing was; for JSON Lines, an answer per line',
      content: { 'application/json': z.union([attestationAnswer, previewAnswer, linesAnswer]) },
    },
    201: { description: 'Stored', content: { 'application/json': attestationAnswer } },
  },
};

/** The route pipelines call. Its body arrives as a Buffer whatever its content type, since the bytes as received are kept. */
export function evidenceRoute(options: EvidenceRouteOptions): RawRoute {
  return {
    operation: EVIDENCE_OPERATION,
    authenticate: hotAuthentication(options.authenticator, ...ROLES),
    body: 'bytes',
    handle: (request, reply) => post(options, request, reply),
  };
}

async function post(
  { port, onPosted }: EvidenceRouteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const started = performance.now();
  const dryRun = readDryRun(request);
  const body = bodyOf(request);
  const waitSeconds = preferredWait(single(request.headers.prefer));
  const posting: Posting = {
    actor: getCaller(request).actor,
    requestId: request.id,
    waitSeconds,
    dryRun,
    signal: waitSeconds > 0 ? goneSignal(reply) : NEVER,
  };
  if (LINES.test(request.headers['content-type'] ?? '')) {
    const items = await postLines(port, body, posting);
    onPosted(items.length, (performance.now() - started) / 1000);
    return reply.code(200).send({ items });
  }
  const { status, attestation } = await postEvidence(port, body, posting);
  onPosted(1, (performance.now() - started) / 1000);
  if (!dryRun) reply.header('location', `/v1/attestations/${attestation.id}`);
  return reply.code(status).send(attestation);
}

function bodyOf(request: FastifyRequest): Buffer {
  if (Buffer.isBuffer(request.body) && request.body.length > 0) return request.body;
  throw new AppError('malformed', 'envelope_malformed', 'the body is empty', {
    errors: [{ path: '', message: 'expected a DSSE envelope, a Sigstore bundle or a JWS' }],
  });
}

/** An option that is not known here may be one that the sender relies on, so it is refused and nothing is stored. */
function readDryRun(request: FastifyRequest): boolean {
  const { dryRun = 'false', ...others } = request.query as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw queryRefused(unknown, 'is not known here');
  if (dryRun === 'true' || dryRun === 'false') return dryRun === 'true';
  throw queryRefused('dryRun', 'must be true or false, once');
}

function queryRefused(name: string, message: string): AppError {
  return new AppError('malformed', 'request_invalid', `the parameter ${name} ${message}; nothing was stored`, {
    errors: [{ path: `query.${name}`, message }],
  });
}

/** For those who wait for nothing. */
const NEVER = new AbortController().signal;

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
