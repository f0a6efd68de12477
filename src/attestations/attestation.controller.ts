import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CallerParam } from '../access/caller.decorator.js';
import { hasRole, type Caller } from '../access/caller.js';
import { LogService } from '../history/log.service.js';
import { isAttestationId, parseSubjectDigest, type AttestationId, type SubjectDigest } from '../intoto/digest.js';
import { KINDS } from '../intoto/predicate-kind.js';
import { AppError } from '../platform/app-error.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { parseLimit, type Page } from '../platform/page.js';
import { moment, parsePeriod } from '../platform/period.js';
import { RequireRoles } from '../platform/roles.js';
import {
  attestationAnswer,
  attestationWithFactsAnswer,
  toAnswer,
  toFactAnswer,
  type AttestationAnswer,
  type AttestationWithFactsAnswer,
} from './attestation.answer.js';
import { AttestationStore, type AttestationRow, type DroppedRow } from './attestation.store.js';

const listQuery = z.strictObject({
  digest: z.string().optional().describe('A subject digest, as `sha256:…`'),
  kind: z.enum(KINDS).optional(),
  predicateType: z.string().optional(),
  attestor: z.string().optional().describe('Found to be signed by a key of this attestor'),
  status: z.enum(['pending', 'verified', 'rejected']).optional(),
  receivedBy: z.string().optional().describe('Who posted it, as in `receivedBy` of an answer'),
  since: moment.optional().describe('Received at or after'),
  until: moment.optional().describe('Received before'),
  limit: z.string().optional().describe('1 to 1000, default 50'),
  cursor: z.string().optional().describe('`nextCursor` of the page before'),
});
type ListQuery = z.infer<typeof listQuery>;

const attestationPage = z.object({ items: z.array(attestationAnswer), nextCursor: z.string().nullable() });

const CURSOR = 'attestations';

@ApiTags('Evidence')
@Controller('v1')
export class AttestationController {
  constructor(
    private readonly attestations: AttestationStore,
    private readonly log: LogService,
  ) {}

  @Get('attestations')
  @RequireRoles('auditor', 'attester')
  @ApiOperation({ summary: 'Search evidence, newest first', operationId: 'listAttestations' })
  @ApiOkResponse({ standardSchema: attestationPage })
  list(
    @Query({ schema: listQuery }) query: ListQuery,
    @CallerParam() caller: Caller,
  ): Promise<Page<AttestationAnswer>> {
    return this.page(query, caller);
  }

  @Get('images/:digest/attestations')
  @RequireRoles('auditor', 'attester')
  @ApiOperation({ summary: 'The evidence about one image, newest first', operationId: 'listImageAttestations' })
  @ApiOkResponse({ standardSchema: attestationPage })
  listOfImage(
    @Param('digest') digest: string,
    @Query({ schema: listQuery.omit({ digest: true }) }) query: Omit<ListQuery, 'digest'>,
    @CallerParam() caller: Caller,
  ): Promise<Page<AttestationAnswer>> {
    return this.page({ ...query, digest }, caller);
  }

  @Get('attestations/:id')
  @RequireRoles('auditor', 'attester')
  @ApiOperation({ summary: 'One attestation with its verification and facts', operationId: 'getAttestation' })
  @ApiOkResponse({ standardSchema: attestationWithFactsAnswer })
  async get(@Param('id') text: string, @CallerParam() caller: Caller): Promise<AttestationWithFactsAnswer> {
    const row = await this.getVisible(text, caller);
    const [facts, proof] = await Promise.all([this.attestations.factsOf(row.id), this.log.proofText(row.sequence)]);
    const answer = toAnswer(row);
    return { ...answer, history: { ...answer.history, proof }, facts: facts.map(toFactAnswer) };
  }

  @Get('attestations/:id/envelope')
  @RequireRoles('auditor', 'attester')
  @ApiOperation({
    summary: 'The bytes exactly as received',
    description: 'Code: `envelope_dropped` (410) where retention dropped them.',
    operationId: 'getEnvelope',
  })
  @ApiOkResponse({
    description: 'What was posted, byte for byte',
    content: { 'application/json': {}, 'application/jose': {} },
  })
  async envelope(
    @Param('id') text: string,
    @CallerParam() caller: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const row = await this.getVisible(text, caller);
    const { id } = row;
    if (row.dropped !== null) throw gone(id, row.dropped);
    const etag = `"${id}"`;
    const isKnown = request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag) === true;
    const bytes = isKnown ? null : await this.attestations.findBytes(id);
    if (!isKnown && bytes === null) throw await this.whyAbsent(id);
    // Bytes under an id never change, so a client that has them needs them no more than once.
    reply.header('etag', etag).header('cache-control', 'private, immutable, max-age=31536000');
    if (bytes === null) {
      await reply.code(304).send();
      return;
    }
    // Compact serialization (RFC 7515, 7.1) is the one form that is no JSON.
    await reply
      .type(/^\s*\{/.test(bytes.subarray(0, 16).toString()) ? 'application/json' : 'application/jose')
      .send(bytes);
  }

  private async page(query: ListQuery, caller: Caller): Promise<Page<AttestationAnswer>> {
    const after = query.cursor === undefined ? null : parseCursor(CURSOR, query.cursor, ['string', 'string']);
    const { rows, next } = await this.attestations.list(
      {
        digest: query.digest === undefined ? null : parseSubject(query.digest),
        kind: query.kind ?? null,
        predicateType: query.predicateType ?? null,
        attestor: query.attestor ?? null,
        status: query.status ?? null,
        receivedBy: readsEverything(caller) ? (query.receivedBy ?? null) : caller.actor,
        ...parsePeriod({ since: query.since, until: query.until }),
      },
      after === null ? null : { receivedMicros: micros(after[0]), id: after[1] },
      parseLimit(query.limit),
    );
    const nextCursor = next === null ? null : encodeCursor(CURSOR, [next.receivedMicros, next.id]);
    return { items: rows.map(toAnswer), nextCursor };
  }

  /** They may have been dropped after their attestation was read. */
  private async whyAbsent(id: AttestationId): Promise<AppError> {
    const [row] = await this.attestations.findMany([id]);
    return row === undefined || row.dropped === null ? notFound(id) : gone(id, row.dropped);
  }

  private async getVisible(text: string, caller: Caller): Promise<AttestationRow> {
    const id = parseId(text);
    const [row] = await this.attestations.findMany([id]);
    // To those who may not read it an attestation is as absent as one that was never posted.
    if (row === undefined || !(readsEverything(caller) || row.receivedBy === caller.actor)) throw notFound(id);
    return row;
  }
}

/** An attester reads back what it posted; an auditor reads everything. */
function readsEverything(caller: Caller): boolean {
  return hasRole(caller, 'auditor');
}

function parseId(text: string): AttestationId {
  if (isAttestationId(text)) return text;
  throw new AppError(
    'malformed',
    'attestation_id_malformed',
    'an attestation id is sha256: and 64 lower-case hex digits',
    {
      errors: [{ path: 'id', message: 'expected sha256: and 64 lower-case hex digits' }],
    },
  );
}

function parseSubject(text: string): SubjectDigest {
  const digest = parseSubjectDigest(text);
  if (digest !== null) return digest;
  throw new AppError('malformed', 'digest_malformed', 'a digest is its algorithm, a colon and lower-case hex', {
    errors: [{ path: 'digest', message: 'expected for example sha256: and 64 lower-case hex digits' }],
  });
}

/** A cursor is not sealed: whatever stands in it is held against its form again. */
function micros(text: string): string {
  if (/^\d{1,18}$/.test(text)) return text;
  throw new AppError('malformed', 'cursor_invalid', 'the cursor is not one of this list');
}

function gone(id: AttestationId, { at, rule }: DroppedRow): AppError {
  const when = `dropped by retention at ${at.toISOString()}, by the rule ${rule}`;
  return new AppError(
    'gone',
    'envelope_dropped',
    `the envelope of ${id} was ${when}; what was found out about it stays`,
  );
}

function notFound(id: AttestationId): AppError {
  return new AppError('not_found', 'attestation_not_found', `no attestation is stored under ${id}`);
}
