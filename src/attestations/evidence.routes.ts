import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '../access/authenticator.js';
import { assertRole } from '../access/caller.js';
import { AppError } from '../platform/app-error.js';
import type { Role } from '../platform/roles.js';
import { preferredWait } from './awaiting-verification.js';
import { postEvidence, postLines, type EvidencePort, type Posting } from './post-evidence.js';

export interface EvidenceRoutesOptions {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly port: EvidencePort;
  /** Told of each body accepted: how many attestations it brought and in how many seconds. */
  readonly onPosted: (attestations: number, seconds: number) => void;
}

export const EVIDENCE_ROLES: readonly Role[] = ['attester'];

const LINES = /^application\/(?:jsonl|x-ndjson|vnd\.in-toto\.bundle)\s*(?:;|$)/i;

/**
 * The route pipelines call, on Fastify itself. Its body arrives as a Buffer whatever the content type says, since the bytes
 * as received are what is kept.
 */
export function registerEvidenceRoutes(fastify: FastifyInstance, options: EvidenceRoutesOptions): void {
  fastify.post('/v1/attestations', async (request, reply) => {
    const started = performance.now();
    const caller = await options.authenticator.authenticate(request.headers.authorization);
    assertRole(caller, EVIDENCE_ROLES);
    const body = bodyOf(request);
    const posting: Posting = {
      actor: caller.actor,
      requestId: request.id,
      waitSeconds: preferredWait(single(request.headers.prefer)),
      signal: goneSignal(reply),
    };
    if (LINES.test(request.headers['content-type'] ?? '')) {
      const items = await postLines(options.port, body, posting);
      options.onPosted(items.length, (performance.now() - started) / 1000);
      return reply.code(200).send({ items });
    }
    const { status, attestation } = await postEvidence(options.port, body, posting);
    options.onPosted(1, (performance.now() - started) / 1000);
    return reply.code(status).header('location', `/v1/attestations/${attestation.id}`).send(attestation);
  });
}

function bodyOf(request: FastifyRequest): Buffer {
  refuseUnknownQuery(request);
  if (Buffer.isBuffer(request.body) && request.body.length > 0) return request.body;
  throw new AppError('malformed', 'envelope_malformed', 'the body is empty', {
    errors: [{ path: '', message: 'expected a DSSE envelope' }],
  });
}

/** An option that is not known here may be one that the sender relies on, so it is refused and nothing is stored. */
function refuseUnknownQuery(request: FastifyRequest): void {
  const [name] = Object.keys(request.query as Readonly<Record<string, unknown>>);
  if (name === undefined) return;
  throw new AppError('malformed', 'request_invalid', `the parameter ${name} is not known here; nothing was stored`, {
    errors: [{ path: `query.${name}`, message: 'is not known here' }],
  });
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
