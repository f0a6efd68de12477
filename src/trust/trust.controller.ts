import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CallerParam } from '../access/caller.decorator.js';
import type { Caller } from '../access/caller.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { pageOf, parseLimit, type Page } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import { attestorDocument } from './attestor-document.js';
import { attestorAnswer, attestorPage, toAttestorAnswer, type AttestorAnswer } from './attestor.answer.js';
import { answerOf, created } from './attestor-changed.js';
import { documentedBy } from './documented-body.js';
import { parseAttestor } from './parse-attestor.js';
import { deleteAttestor, getAttestor, putAttestor } from './trust-change.js';
import { findAttestor } from './trust-snapshot.js';
import { TrustStore } from './trust.store.js';

const listQuery = z.strictObject({
  limit: z.string().optional().describe('1 to 1000, default 50'),
  cursor: z.string().optional().describe('`nextCursor` of the page before'),
});
type ListQuery = z.infer<typeof listQuery>;

const CURSOR = 'attestors';

@ApiTags('Trust')
@Controller('v1/attestors')
export class TrustController {
  constructor(private readonly store: TrustStore) {}

  @Put(':name')
  @RequireRoles('trust-admin')
  @ApiOperation({
    summary: 'Register an attestor or replace what it is',
    description:
      'A key or an identity that the document leaves out is retired as superseded: what was received or signed before ' +
      'still counts.',
    operationId: 'putAttestor',
  })
  @ApiCreatedResponse({ standardSchema: attestorAnswer, description: 'Registered' })
  @ApiOkResponse({ standardSchema: attestorAnswer, description: 'Replaced, or already so' })
  async put(
    @Param('name') name: string,
    @Body({ schema: documentedBy(attestorDocument) }) body: unknown,
    @CallerParam() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AttestorAnswer> {
    const document = parseAttestor(name, body);
    const changed = await this.store.change(caller.actor, (trust, now) => putAttestor(trust, document, now));
    const { change } = changed;
    if (change?.type === 'attestor' && change.previous === null) created(reply, name);
    return answerOf(changed, name);
  }

  @Get()
  @RequireRoles('auditor', 'trust-admin')
  @ApiOperation({ summary: 'The attestors, by name', operationId: 'listAttestors' })
  @ApiOkResponse({ standardSchema: attestorPage })
  async list(@Query({ schema: listQuery }) query: ListQuery): Promise<Page<AttestorAnswer>> {
    const limit = parseLimit(query.limit);
    const [after] = query.cursor === undefined ? [''] : parseCursor(CURSOR, query.cursor, ['string']);
    const { trust, now } = await this.store.current();
    const names = [...trust.attestors.keys()]
      .filter((name) => name > after && findAttestor(trust, name) !== null)
      .sort();
    const { items, nextCursor } = pageOf(names, limit, (last) => encodeCursor(CURSOR, [last]));
    return {
      items: items.map((name) => toAttestorAnswer(trust, getAttestor(trust, name), now.getTime())),
      nextCursor,
    };
  }

  @Get(':name')
  @RequireRoles('auditor', 'trust-admin')
  @ApiOperation({ summary: 'One attestor, its keys and identities with their state', operationId: 'getAttestor' })
  @ApiOkResponse({ standardSchema: attestorAnswer })
  async get(@Param('name') name: string): Promise<AttestorAnswer> {
    const { trust, now } = await this.store.current();
    return toAttestorAnswer(trust, getAttestor(trust, name), now.getTime());
  }

  @Delete(':name')
  @HttpCode(204)
  @RequireRoles('trust-admin')
  @ApiOperation({
    summary: 'Delete an attestor',
    description:
      'It supports nothing more from the next verdict on. Its objections keep their place, and history keeps it.',
    operationId: 'deleteAttestor',
  })
  @ApiNoContentResponse()
  async delete(@Param('name') name: string, @CallerParam() caller: Caller): Promise<void> {
    await this.store.change(caller.actor, (trust) => deleteAttestor(trust, name));
  }
}
