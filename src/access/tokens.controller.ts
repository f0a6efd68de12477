import { randomBytes } from 'node:crypto';
import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { z } from 'zod';
import { AppError } from '../platform/app-error.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { parseLimit, type Page } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import { CallerParam } from './caller.decorator.js';
import type { Caller } from './caller.js';
import { newTokenAnswer, toAnswer, tokenPage, type NewTokenAnswer, type TokenAnswer } from './token.answer.js';
import { TokenStore, type TokenPosition } from './token.store.js';
import { tokenRequest, type TokenRequest } from './token-request.js';
import { hashToken, isTokenId, TOKEN_BYTES, TOKEN_ID_BYTES, tokenIdOf, tokenOf } from './token.js';

const listQuery = z.strictObject({
  limit: z.string().optional().describe('1 to 1000, default 50'),
  cursor: z.string().optional().describe('`nextCursor` of the page before'),
});
type ListQuery = z.infer<typeof listQuery>;

const CURSOR = 'tokens';

@ApiTags('Tokens')
@Controller('v1/tokens')
export class TokensController {
  constructor(private readonly tokens: TokenStore) {}

  @Post()
  @RequireRoles('admin')
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'Issue a token; it is shown this once',
    description: 'It is good in every request that arrives from then on. Code: `request_invalid`.',
    operationId: 'createToken',
  })
  @ApiCreatedResponse({ standardSchema: newTokenAnswer, description: 'Issued' })
  async create(
    @Body({ schema: tokenRequest }) request: TokenRequest,
    @CallerParam() caller: Caller,
  ): Promise<NewTokenAnswer> {
    const token = tokenOf(randomBytes(TOKEN_BYTES));
    const issued = {
      id: tokenIdOf(randomBytes(TOKEN_ID_BYTES)),
      name: request.name,
      roles: [...new Set(request.roles)],
      policies: request.policies ?? null,
      parameters: request.parameters ?? null,
    };
    const expiry = request.expiresAt ?? null;
    const expiresAt = expiry === null ? null : new Date(expiry);
    if (!(await this.tokens.create({ ...issued, hash: hashToken(token), expiresAt }, caller.actor))) {
      throw new AppError('malformed', 'request_invalid', 'the token would have expired already', {
        errors: [{ path: 'expiresAt', message: 'must lie ahead' }],
      });
    }
    return { ...issued, expiresAt: expiresAt?.toISOString() ?? null, token };
  }

  @Get()
  @RequireRoles('auditor')
  @ApiOperation({ summary: 'All tokens, oldest first, revoked and expired ones too', operationId: 'listTokens' })
  @ApiOkResponse({ standardSchema: tokenPage, description: 'One page' })
  async list(@Query({ schema: listQuery }) query: ListQuery): Promise<Page<TokenAnswer>> {
    const after = query.cursor === undefined ? null : parsePosition(query.cursor);
    const { rows, next } = await this.tokens.list(after, parseLimit(query.limit));
    const nextCursor = next === null ? null : encodeCursor(CURSOR, [next.createdMicros, next.id]);
    return { items: rows.map(toAnswer), nextCursor };
  }

  @Delete(':id')
  @RequireRoles('admin')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Revoke a token; acts in the next request',
    description: 'Repetition changes nothing. Code: `token_not_found`.',
    operationId: 'revokeToken',
  })
  @ApiParam({ name: 'id', description: 'As answered when it was issued, and in the list' })
  @ApiNoContentResponse({ description: 'It is revoked, by this request or an earlier one' })
  async revoke(@Param('id') id: string, @CallerParam() caller: Caller): Promise<void> {
    if (isTokenId(id) && (await this.tokens.revoke(id, caller.actor))) return;
    throw new AppError('not_found', 'token_not_found', 'no token has this id');
  }
}

/** A cursor is not sealed: whatever stands in it is held against its form again. */
function parsePosition(cursor: string): TokenPosition {
  const [createdMicros, id] = parseCursor(CURSOR, cursor, ['number', 'string']);
  if (Number.isSafeInteger(createdMicros) && isTokenId(id)) return { createdMicros, id };
  throw new AppError('malformed', 'cursor_invalid', 'cursor is not one that this list gave out', {
    errors: [{ path: 'query.cursor', message: 'must be the nextCursor of a page of this list' }],
  });
}
