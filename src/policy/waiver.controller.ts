import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CallerParam } from '../access/caller.decorator.js';
import type { Caller } from '../access/caller.js';
import { AppError } from '../platform/app-error.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { pageOf, parseLimit, type Page } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import { assertPublished } from './assert-published.js';
import { PolicyStore } from './policy.store.js';
import { WAIVER_STATES } from './recorded-waiver.js';
import { parseDigest, parseRepository } from './verdict-request.js';
import {
  waiverRequest,
  waiverRevocationRequest,
  type WaiverRequest,
  type WaiverRevocationRequest,
} from './waiver-request.js';
import { toWaiverAnswer, waiverAnswer, waiverPage, type WaiverAnswer } from './waiver.answer.js';
import { waiverNotFound, WaiverService } from './waiver.service.js';

const listQuery = z.strictObject({
  policy: z.string().optional(),
  state: z.enum(WAIVER_STATES).optional(),
  digest: z.string().optional().describe('Those of this image; not those of its repository'),
  repository: z.string().optional(),
  limit: z.string().optional().describe('1 to 1000, default 50'),
  cursor: z.string().optional(),
});
type ListQuery = z.infer<typeof listQuery>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CURSOR = 'waivers';

/** Exceptions to single requirements of policies. */
@ApiTags('Waivers')
@Controller('v1/waivers')
export class WaiverController {
  constructor(
    private readonly waivers: WaiverService,
    private readonly policies: PolicyStore,
  ) {}

  @Post()
  @RequireRoles('policy-admin')
  @ApiOperation({
    summary: 'Waive one requirement of a policy, for one image or repository, for a time',
    description:
      'Holds from the next verdict on, or where it asks for approvals, from the last of them on. Only what is not satisfied ' +
      'is waived, never what is in error. Codes: `waiver_malformed`, `policy_not_found`, `parameter_invalid`.',
    operationId: 'createWaiver',
  })
  @ApiCreatedResponse({ standardSchema: waiverAnswer })
  async create(
    @Body({ schema: waiverRequest }) request: WaiverRequest,
    @CallerParam() caller: Caller,
  ): Promise<WaiverAnswer> {
    return toWaiverAnswer(await this.waivers.create(request, caller));
  }

  @Get()
  @RequireRoles('auditor', 'policy-admin')
  @ApiOperation({
    summary: 'Waivers, the last made first',
    description:
      'Codes: `policy_not_found`, `digest_malformed`, `repository_malformed`, `request_invalid`, `limit_invalid`, `cursor_invalid`.',
    operationId: 'listWaivers',
  })
  @ApiOkResponse({ standardSchema: waiverPage })
  async list(@Query({ schema: listQuery }) query: ListQuery): Promise<Page<WaiverAnswer>> {
    const limit = parseLimit(query.limit);
    const { digest, repository } = query;
    const filter = {
      policy: query.policy ?? null,
      state: query.state ?? null,
      digest: digest === undefined ? null : parseDigest(digest, 'query.digest'),
      repository: repository === undefined ? null : parseRepository(repository, 'query.repository'),
    };
    const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : revisionIn(query.cursor);
    await assertPublished(this.policies, query.policy);
    const seen = await this.waivers.list(filter, before, limit + 1);
    const page = pageOf(seen, limit, ({ waiver }) => encodeCursor(CURSOR, [waiver.revision]));
    return { ...page, items: page.items.map(toWaiverAnswer) };
  }

  @Get(':id')
  @RequireRoles('auditor', 'policy-admin')
  @ApiOperation({ summary: 'One waiver, with what was done about it', operationId: 'getWaiver' })
  @ApiOkResponse({ standardSchema: waiverAnswer })
  async get(@Param('id') id: string): Promise<WaiverAnswer> {
    return toWaiverAnswer(await this.waivers.get(parseId(id)));
  }

  @Post(':id/approve')
  @HttpCode(200)
  @RequireRoles('policy-admin')
  @ApiOperation({
    summary: 'Approve a waiver that somebody else made',
    description:
      'One token approves once, and never what it made itself; repetition changes nothing. Codes: `waiver_not_found`, ' +
      '`waiver_own`, `waiver_not_pending`.',
    operationId: 'approveWaiver',
  })
  @ApiOkResponse({ standardSchema: waiverAnswer })
  async approve(@Param('id') id: string, @CallerParam() caller: Caller): Promise<WaiverAnswer> {
    return toWaiverAnswer(await this.waivers.approve(parseId(id), caller));
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @RequireRoles('policy-admin')
  @ApiOperation({
    summary: 'Revoke a waiver; acts in the next verdict',
    description:
      'Cannot be taken back; repetition for the same reason changes nothing, and for another is refused. Codes: ' +
      '`waiver_not_found`, `waiver_revoked`.',
    operationId: 'revokeWaiver',
  })
  @ApiOkResponse({ standardSchema: waiverAnswer })
  async revoke(
    @Param('id') id: string,
    @Body({ schema: waiverRevocationRequest }) { reason }: WaiverRevocationRequest,
    @CallerParam() caller: Caller,
  ): Promise<WaiverAnswer> {
    return toWaiverAnswer(await this.waivers.revoke(parseId(id), reason, caller));
  }
}

function parseId(id: string): string {
  if (UUID.test(id)) return id;
  throw waiverNotFound(id);
}

/** A cursor is not sealed: whatever stands in it is held against its form again. */
function revisionIn(cursor: string): number {
  const [revision] = parseCursor(CURSOR, cursor, ['number']);
  if (Number.isSafeInteger(revision)) return revision;
  throw new AppError('malformed', 'cursor_invalid', 'the cursor is not one of this list');
}
