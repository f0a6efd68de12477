import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CallerParam } from '../access/caller.decorator.js';
import type { Caller } from '../access/caller.js';
import { AppError } from '../platform/app-error.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { pageOf, parseLimit, type Page } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import {
  holdReleaseRequest,
  holdRequest,
  parseHoldRequest,
  type HoldReleaseRequest,
  type HoldRequest,
} from './legal-hold-request.js';
import { holdAnswer, holdPage, toHoldAnswer, type HoldAnswer } from './legal-hold.answer.js';
import { holdNotFound, LegalHoldStore } from './legal-hold.store.js';

const listQuery = z.strictObject({
  state: z.enum(['in_force', 'released']).optional(),
  limit: z.string().optional().describe('1 to 1000, default 50'),
  cursor: z.string().optional().describe('`nextCursor` of the page before'),
});
type ListQuery = z.infer<typeof listQuery>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CURSOR = 'legal-holds';

/** What keeps evidence from being dropped, whatever the rules of retention say. */
@ApiTags('Retention')
@Controller('v1/legal-holds')
export class LegalHoldsController {
  constructor(private readonly holds: LegalHoldStore) {}

  @Post()
  @RequireRoles('admin')
  @ApiOperation({
    summary: 'Hold the envelopes of an image, a repository or an attestation, or all of them',
    description:
      'From the answer on nothing under it is dropped until it is released. What bears on several images is held with any of ' +
      'them. Codes: `request_invalid`, `digest_malformed`, `repository_malformed`, `attestation_id_malformed`, ' +
      '`attestation_not_found`, `envelope_dropped`.',
    operationId: 'placeLegalHold',
  })
  @ApiCreatedResponse({ standardSchema: holdAnswer })
  async place(@Body({ schema: holdRequest }) request: HoldRequest, @CallerParam() caller: Caller): Promise<HoldAnswer> {
    return toHoldAnswer(await this.holds.place(parseHoldRequest(request), caller.actor));
  }

  @Get()
  @RequireRoles('auditor')
  @ApiOperation({ summary: 'Legal holds, the last placed first', operationId: 'listLegalHolds' })
  @ApiOkResponse({ standardSchema: holdPage })
  async list(@Query({ schema: listQuery }) { state, limit: text, cursor }: ListQuery): Promise<Page<HoldAnswer>> {
    const limit = parseLimit(text);
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : numberIn(cursor);
    const filter = { inForce: state === undefined ? null : state === 'in_force' };
    const page = pageOf(await this.holds.list(filter, before, limit + 1), limit, ({ number }) =>
      encodeCursor(CURSOR, [number]),
    );
    return { ...page, items: page.items.map(toHoldAnswer) };
  }

  @Get(':id')
  @RequireRoles('auditor')
  @ApiOperation({ summary: 'One legal hold', operationId: 'getLegalHold' })
  @ApiOkResponse({ standardSchema: holdAnswer })
  async get(@Param('id') id: string): Promise<HoldAnswer> {
    return toHoldAnswer(await this.holds.get(parseId(id)));
  }

  @Post(':id/release')
  @HttpCode(200)
  @RequireRoles('admin')
  @ApiOperation({
    summary: 'Release a legal hold',
    description:
      'Cannot be taken back. Repetition for the same reason changes nothing; for another it is refused, and says when and by whom ' +
      'the hold was released. Codes: `request_invalid`, `hold_not_found`, `hold_released`.',
    operationId: 'releaseLegalHold',
  })
  @ApiOkResponse({ standardSchema: holdAnswer })
  async release(
    @Param('id') id: string,
    @Body({ schema: holdReleaseRequest }) { reason }: HoldReleaseRequest,
    @CallerParam() caller: Caller,
  ): Promise<HoldAnswer> {
    return toHoldAnswer(await this.holds.release(parseId(id), reason, caller.actor));
  }
}

function parseId(id: string): string {
  if (UUID.test(id)) return id;
  throw holdNotFound(id);
}

/** A cursor is not sealed: whatever stands in it is held against its form again. */
function numberIn(cursor: string): number {
  const [number] = parseCursor(CURSOR, cursor, ['number']);
  if (Number.isSafeInteger(number)) return number;
  throw new AppError('malformed', 'cursor_invalid', 'the cursor is not one of this list');
}
