import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CallerParam } from '../access/caller.decorator.js';
import type { Caller } from '../access/caller.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { pageOf, parseLimit, type Page } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import { documentedBy } from './documented-body.js';
import { parseRoot } from './parse-trust-root.js';
import { deleteRoot, putRoot } from './trust-root-change.js';
import { TRUST_ROOT_FORMATS, type TrustRootFormats } from './trust-root-formats.js';
import {
  toTrustRootAnswer,
  toTrustRootWithDocument,
  trustRootAnswer,
  trustRootPage,
  trustRootWithDocument,
  type TrustRootAnswer,
  type TrustRootWithDocument,
} from './trust-root.answer.js';
import { findRoot } from './trust-snapshot.js';
import { TrustStore } from './trust.store.js';

const listQuery = z.strictObject({
  limit: z.string().optional().describe('1 to 1000, default 50'),
  cursor: z.string().optional().describe('`nextCursor` of the page before'),
});
type ListQuery = z.infer<typeof listQuery>;

const rootDocument = z
  .record(z.string(), z.unknown())
  .describe('A Sigstore TrustedRoot, or certificate authorities of your own')
  .meta({ id: 'TrustRootDocument' });

const CURSOR = 'trust-roots';

@ApiTags('Trust')
@Controller('v1/trust-roots')
export class TrustRootsController {
  constructor(
    private readonly store: TrustStore,
    @Inject(TRUST_ROOT_FORMATS) private readonly formats: TrustRootFormats,
  ) {}

  @Put(':name')
  @RequireRoles('trust-admin')
  @ApiOperation({
    summary: 'Put a trust root, or replace one',
    description:
      'Acts in the very next verdict: what stood under authorities that the root no longer lists supports nothing more, and ' +
      'its objections keep their place.',
    operationId: 'putTrustRoot',
  })
  @ApiCreatedResponse({ standardSchema: trustRootAnswer, description: 'Made' })
  @ApiOkResponse({ standardSchema: trustRootAnswer, description: 'Replaced, or already so' })
  async put(
    @Param('name') name: string,
    @Body({ schema: documentedBy(rootDocument) }) body: unknown,
    @CallerParam() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TrustRootAnswer> {
    const root = parseRoot(name, body, this.formats);
    const { change, trust } = await this.store.change(caller.actor, (current) => putRoot(current, name, root));
    if (change?.type === 'root' && change.previous === null) {
      reply.code(201).header('location', `/v1/trust-roots/${name}`);
    }
    return toTrustRootAnswer(trust, name);
  }

  @Get()
  @RequireRoles('auditor', 'trust-admin')
  @ApiOperation({ summary: 'The trust roots, by name', operationId: 'listTrustRoots' })
  @ApiOkResponse({ standardSchema: trustRootPage })
  async list(@Query({ schema: listQuery }) query: ListQuery): Promise<Page<TrustRootAnswer>> {
    const limit = parseLimit(query.limit);
    const [after] = query.cursor === undefined ? [''] : parseCursor(CURSOR, query.cursor, ['string']);
    const trust = await this.store.snapshot();
    const names = [...trust.roots.keys()].filter((name) => name > after && findRoot(trust, name) !== null).sort();
    const { items, nextCursor } = pageOf(names, limit, (last) => encodeCursor(CURSOR, [last]));
    return { items: items.map((name) => toTrustRootAnswer(trust, name)), nextCursor };
  }

  @Get(':name')
  @RequireRoles('auditor', 'trust-admin')
  @ApiOperation({
    summary: 'One trust root, its authorities and for how long it trusts them, and its document',
    operationId: 'getTrustRoot',
  })
  @ApiOkResponse({ standardSchema: trustRootWithDocument })
  async get(@Param('name') name: string): Promise<TrustRootWithDocument> {
    return toTrustRootWithDocument(await this.store.snapshot(), name);
  }

  @Delete(':name')
  @HttpCode(204)
  @RequireRoles('trust-admin')
  @ApiOperation({
    summary: 'Delete a trust root',
    description:
      'Nothing stands under it from the next verdict on; objections keep their place. Where it was put in the place of the ' +
      'built-in root, that one is there again.',
    operationId: 'deleteTrustRoot',
  })
  @ApiNoContentResponse()
  async delete(@Param('name') name: string, @CallerParam() caller: Caller): Promise<void> {
    await this.store.change(caller.actor, (trust) => deleteRoot(trust, name));
  }
}
