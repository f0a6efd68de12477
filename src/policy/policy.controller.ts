import { isUtf8 } from 'node:buffer';
import { Controller, Get, Headers, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CallerParam } from '../access/caller.decorator.js';
import type { Caller } from '../access/caller.js';
import { AppError } from '../platform/app-error.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { TakesDocument } from '../platform/document-body.js';
import { toSchema } from '../platform/openapi.js';
import { pageOf, parseLimit, type Page } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import { parsePolicy } from './parse-policy.js';
import {
  policyAnswer,
  policyCheckAnswer,
  policyPutAnswer,
  policySummaryAnswer,
  toPolicySummary,
  type PolicyCheckAnswer,
  type PolicySummaryAnswer,
} from './policy.answer.js';
import { PolicyFault } from './policy-fault.js';
import { PolicyService, type PolicySource } from './policy.service.js';
import { PolicyStore, type PolicyRevision } from './policy.store.js';

const pageQuery = z.strictObject({ limit: z.string().optional(), cursor: z.string().optional() });
type PageQuery = z.infer<typeof pageQuery>;
const policyPage = z.object({ items: z.array(policySummaryAnswer), nextCursor: z.string().nullable() });

const POLICY_TYPES = ['application/yaml', 'application/json'] as const;
const POLICY_BODY = { description: 'The policy document; its JSON Schema is at /v1/schemas/policy.json', schema: {} };
const POLICY_ANSWER = {
  description: 'As JSON, or the source as it was published',
  content: {
    'application/json': { schema: toSchema(policyAnswer, 'output') },
    'application/yaml': { schema: { type: 'string' } },
  },
} as const;

@ApiTags('Policies')
@Controller('v1/policies')
export class PolicyController {
  constructor(
    private readonly service: PolicyService,
    private readonly policies: PolicyStore,
  ) {}

  @Put(':name')
  @TakesDocument()
  @RequireRoles('policy-admin')
  @ApiOperation({
    summary: 'Publish a policy: 201 for a revision of its own, 200 where nothing changed',
    operationId: 'putPolicy',
  })
  @ApiConsumes(...POLICY_TYPES)
  @ApiBody(POLICY_BODY)
  @ApiOkResponse({ standardSchema: policyPutAnswer })
  @ApiCreatedResponse({ standardSchema: policyPutAnswer })
  async put(
    @Param('name') name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @CallerParam() caller: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const source = sourceOf(request);
    const { revision, changed, warnings } = await this.service.put({
      name,
      source,
      actor: caller.actor,
      expected: parseIfMatch(ifMatch),
    });
    await reply
      .code(changed ? 201 : 200)
      .header('etag', `"${revision.revision}"`)
      .send({ ...toPolicySummary(revision), warnings });
  }

  @Post('check')
  @TakesDocument()
  @RequireRoles('policy-admin', 'auditor', 'attester')
  @ApiOperation({ summary: 'Parse and type-check a policy without publishing it', operationId: 'checkPolicy' })
  @ApiConsumes(...POLICY_TYPES)
  @ApiBody(POLICY_BODY)
  @ApiOkResponse({ standardSchema: policyCheckAnswer })
  async check(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PolicyCheckAnswer> {
    reply.code(200);
    return this.service.check(sourceOf(request));
  }

  @Get()
  @RequireRoles('policy-admin', 'auditor', 'gate')
  @ApiOperation({ summary: 'The current revision of every policy, by name', operationId: 'listPolicies' })
  @ApiOkResponse({ standardSchema: policyPage })
  async list(@Query({ schema: pageQuery }) query: PageQuery): Promise<Page<PolicySummaryAnswer>> {
    const limit = parseLimit(query.limit);
    const [after] = query.cursor === undefined ? [''] : parseCursor('policies', query.cursor, ['string']);
    const rows = await this.policies.list(after, limit + 1);
    return pageOf(rows.map(toPolicySummary), limit, (last) => encodeCursor('policies', [last.name]));
  }

  @Get(':name')
  @RequireRoles('policy-admin', 'auditor', 'gate')
  @ApiOperation({ summary: 'The current revision of one policy, as JSON or as its source', operationId: 'getPolicy' })
  @ApiOkResponse(POLICY_ANSWER)
  async get(
    @Param('name') name: string,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await answerPolicy(reply, accept, await this.policies.findCurrent(name), `no policy is named ${name}`);
  }

  @Get(':name/revisions')
  @RequireRoles('policy-admin', 'auditor')
  @ApiOperation({ summary: 'The revisions of one policy, newest first', operationId: 'listPolicyRevisions' })
  @ApiOkResponse({ standardSchema: policyPage })
  async listRevisions(
    @Param('name') name: string,
    @Query({ schema: pageQuery }) query: PageQuery,
  ): Promise<Page<PolicySummaryAnswer>> {
    const limit = parseLimit(query.limit);
    const kind = `policy-revisions ${name}`;
    const [before] = query.cursor === undefined ? [MOST_REVISIONS] : parseCursor(kind, query.cursor, ['number']);
    if (!Number.isSafeInteger(before) || before > MOST_REVISIONS) throw notFound(`no revision follows ${before}`);
    const rows = await this.policies.listRevisions(name, before, limit + 1);
    if (rows.length === 0 && query.cursor === undefined) throw notFound(`no policy is named ${name}`);
    return pageOf(rows.map(toPolicySummary), limit, (last) => encodeCursor(kind, [last.revision]));
  }

  @Get(':name/revisions/:revision')
  @RequireRoles('policy-admin', 'auditor')
  @ApiOperation({ summary: 'One revision, as JSON or as its source', operationId: 'getPolicyRevision' })
  @ApiOkResponse(POLICY_ANSWER)
  async getRevision(
    @Param('name') name: string,
    @Param('revision') text: string,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const revision = /^[1-9]\d{0,8}$/.test(text) ? await this.policies.findRevision(name, Number(text)) : null;
    await answerPolicy(reply, accept, revision, `policy ${name} has no revision ${text}`);
  }
}

const MOST_REVISIONS = 2_147_483_647;

async function answerPolicy(
  reply: FastifyReply,
  accept: string | undefined,
  revision: PolicyRevision | null,
  absent: string,
): Promise<void> {
  if (revision === null) throw notFound(absent);
  reply.header('etag', `"${revision.revision}"`).header('vary', 'accept');
  if (/\byaml\b/i.test(accept ?? '')) {
    await reply.type('application/yaml; charset=utf-8').send(revision.source);
    return;
  }
  const document = parsePolicy(revision.source, revision.format);
  await reply.send({ ...toPolicySummary(revision), document });
}

/** The document as it was sent: its lines are those that faults name, and its text is what is kept. */
export function sourceOf({ body, headers }: FastifyRequest): PolicySource {
  const format = /\bjson\b/i.test(headers['content-type'] ?? '') ? 'json' : 'yaml';
  if (!Buffer.isBuffer(body) || body.length === 0) {
    throw policyFault('expected a policy document, as application/yaml or application/json');
  }
  if (!isUtf8(body)) throw policyFault('the document is not UTF-8 text');
  return { text: body.toString(), format };
}

function policyFault(message: string): PolicyFault {
  return new PolicyFault([{ path: '', message, line: 1, column: 1 }]);
}

/** `"3"` or `3`, and `*` for whatever there is (RFC 9110 section 13.1.1). */
function parseIfMatch(header: string | undefined): number | null {
  if (header === undefined || header.trim() === '*') return null;
  const revision = /^\s*"?(\d{1,9})"?\s*$/.exec(header)?.[1];
  if (revision !== undefined) return Number(revision);
  throw new AppError('malformed', 'request_invalid', 'If-Match names no revision', {
    errors: [{ path: 'headers.if-match', message: 'expected the number of a revision, such as "3"' }],
  });
}

function notFound(detail: string): AppError {
  return new AppError('not_found', 'policy_not_found', detail);
}
