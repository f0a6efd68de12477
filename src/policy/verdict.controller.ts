import { Controller, Get, Headers, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AppError } from '../platform/app-error.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { toSchema } from '../platform/openapi.js';
import { parseLimit, type Page } from '../platform/page.js';
import { moment, parsePeriod } from '../platform/period.js';
import { Public, RequireRoles } from '../platform/roles.js';
import { acceptsEnvelope, ENVELOPE_TYPE } from './accept-envelope.js';
import { assertPublished } from './assert-published.js';
import { policySchema } from './policy-schema.js';
import { PolicyStore } from './policy.store.js';
import {
  historyOf,
  VERDICT_HISTORY,
  VERDICT_SIGNING,
  type VerdictHistory,
  type VerdictSigning,
} from './sign-verdict.js';
import { recordedVerdictAnswer, toRecordedAnswer, verdictWithHistoryAnswer } from './verdict.answer.js';
import { isVerdictId } from './verdict-id.js';
import { parseDigest } from './verdict-request.js';
import { VerdictStore } from './verdict.store.js';

const listQuery = z.strictObject({
  digest: z.string().optional(),
  policy: z.string().optional(),
  decision: z.enum(['allow', 'deny']).optional(),
  breakGlass: z.enum(['true', 'false']).optional().describe('Only those by break-glass, or only others'),
  since: moment.optional().describe('Given at or after'),
  until: moment.optional().describe('Given before'),
  limit: z.string().optional().describe('1 to 1000, default 50'),
  cursor: z.string().optional(),
});
type ListQuery = z.infer<typeof listQuery>;

const verdictPage = z.object({ items: z.array(recordedVerdictAnswer), nextCursor: z.string().nullable() });
const CURSOR = 'verdicts';

@ApiTags('Verdicts')
@Controller('v1')
export class VerdictController {
  constructor(
    private readonly verdicts: VerdictStore,
    private readonly policies: PolicyStore,
    @Inject(VERDICT_HISTORY) private readonly history: VerdictHistory,
    @Inject(VERDICT_SIGNING) private readonly signing: VerdictSigning,
  ) {}

  @Get('verdicts')
  @RequireRoles('auditor')
  @ApiOperation({
    summary: 'Verdicts on record, newest first',
    description: 'Codes: `policy_not_found`, `digest_malformed`, `request_invalid`, `limit_invalid`, `cursor_invalid`.',
    operationId: 'listVerdicts',
  })
  @ApiOkResponse({ standardSchema: verdictPage })
  async list(@Query({ schema: listQuery }) query: ListQuery): Promise<Page<object>> {
    const position = query.cursor === undefined ? null : parseCursor(CURSOR, query.cursor, ['number', 'string']);
    const filter = {
      digest: query.digest === undefined ? null : parseDigest(query.digest, 'query.digest'),
      policy: query.policy ?? null,
      decision: query.decision ?? null,
      breakGlass: query.breakGlass === undefined ? null : query.breakGlass === 'true',
      ...parsePeriod({ since: query.since, until: query.until }),
    };
    const after = position === null ? null : checkedPosition(position[0], position[1]);
    const limit = parseLimit(query.limit);
    await assertPublished(this.policies, query.policy);
    const { rows, next } = await this.verdicts.list(filter, after, limit);
    return {
      items: rows.map(toRecordedAnswer),
      nextCursor: next === null ? null : encodeCursor(CURSOR, [next.at, next.id]),
    };
  }

  @Get('verdicts/:id')
  @RequireRoles('auditor', 'gate')
  @ApiOperation({
    summary: 'One verdict as it was recorded, with its entry in history',
    description:
      'Where `Accept` names the envelope, as the SLSA verification summary that could have been given then, in signed DSSE. ' +
      'Codes: `verdict_not_found`, `verdict_not_signed`, `signing_not_configured`, `signing_unavailable`.',
    operationId: 'getVerdict',
  })
  @ApiOkResponse({
    content: { 'application/json': { schema: toSchema(verdictWithHistoryAnswer, 'output') }, [ENVELOPE_TYPE]: {} },
  })
  async get(
    @Param('id') id: string,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const recorded = isVerdictId(id) ? await this.verdicts.find(id) : null;
    if (recorded === null) throw new AppError('not_found', 'verdict_not_found', `no verdict is on record under ${id}`);
    reply.header('vary', 'accept');
    if (!acceptsEnvelope(accept)) {
      return { ...toRecordedAnswer(recorded), history: await historyOf(this.history, recorded.id) };
    }
    this.signing.assertConfigured();
    const envelope = await this.signing.sign(Buffer.from(JSON.stringify({ id: recorded.id, ...recorded.verdict })));
    reply.type(ENVELOPE_TYPE);
    return envelope;
  }

  @Get('schemas/policy.json')
  @Public()
  @ApiOperation({ summary: 'The JSON Schema of policy documents', operationId: 'getPolicySchema', security: [] })
  @ApiOkResponse({ description: 'JSON Schema, draft 2020-12', content: { 'application/json': {} } })
  schema(): object {
    return policySchema();
  }
}

/** A cursor is not sealed: whatever stands in it is held against its form again. */
function checkedPosition(at: number, id: string): { readonly at: number; readonly id: string } {
  if (isVerdictId(id) && Number.isSafeInteger(at) && Math.abs(at) < 8.64e15) return { at, id };
  throw new AppError('malformed', 'cursor_invalid', 'the cursor is not one of this list');
}
