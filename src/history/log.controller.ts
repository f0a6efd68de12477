import { Controller, Get, Header, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '../platform/app-error.js';
import { Public, RequireRoles } from '../platform/roles.js';
import { logAnswer } from './log.answer.js';
import { LogService } from './log.service.js';
import { LogStore, type ServedCheckpoint } from './log.store.js';
import { parseNoteKey, type NoteKey } from './note-key.js';
import { parseSize } from './sizes.js';
import { parseTileLevel, parseTilePath, TILE_WIDTH, type TileCoordinates } from './tile.js';

/** Under which the module provides the keys of the witnesses. */
export const WITNESSES = Symbol('WITNESSES');

const checkpointQuery = z.strictObject({
  size: z.string().optional().describe('The checkpoint of exactly this size, where one was signed'),
  witnessed: z.enum(['true']).optional().describe('The last one that a witness has signed'),
});
type CheckpointQuery = z.infer<typeof checkpointQuery>;

const NOTE = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
/** How long a reader may go on with what may change, in seconds. */
const SHORT = 1;
const KEPT_SECONDS = 300;
/** Of what never changes. */
const FOREVER = 'max-age=31536000, immutable';
/** A partial tile stays what it is, but a reader has no more use for it soon. */
const PARTIAL = 'max-age=60';

/** The log as C2SP tlog-tiles has it: public but for what entries say. */
@ApiTags('Log')
@Controller()
export class LogController {
  constructor(
    private readonly log: LogService,
    private readonly store: LogStore,
    @Inject(WITNESSES) private readonly witnesses: readonly NoteKey[],
  ) {}

  @Get('log/checkpoint')
  @Public()
  @Header('content-type', NOTE)
  @Header('cache-control', `public, max-age=${SHORT}`)
  @ApiOperation({
    summary: 'The last checkpoint of the log, a signed note (C2SP tlog-checkpoint)',
    description: 'Codes: `size_invalid`, `size_beyond_log`, `checkpoint_not_found`.',
    operationId: 'getLogCheckpoint',
    security: [],
  })
  @ApiOkResponse({ content: { 'text/plain': {} } })
  async checkpoint(@Query({ schema: checkpointQuery }) query: CheckpointQuery): Promise<string> {
    if (query.witnessed === undefined) return (await this.log.checkpoint(parseSize(query.size, 'query.size'))).note;
    const witnessed = await this.store.latestWitnessed();
    if (witnessed !== null) return witnessed.note;
    throw new AppError('not_found', 'checkpoint_not_found', 'no checkpoint was signed by a witness yet');
  }

  @Get('log/tile/entries/*')
  @RequireRoles('auditor')
  @ApiOperation({
    summary: 'The leaves below a tile, each behind its length in two bytes (C2SP tlog-tiles)',
    description:
      'The rest of the path is the tile: `000`, `x001/x234/067`, `067.p/8`. Codes: `tile_malformed`, `tile_not_found`.',
    operationId: 'getLogEntries',
  })
  @ApiParam({ name: '*', description: 'The tile' })
  @ApiOkResponse({ content: { 'application/octet-stream': {} } })
  async entries(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    const wanted = parseTilePath(restOf(request)) ?? malformedTile();
    const bundle = await this.log.entryBundle(wanted);
    reply.header('cache-control', `private, ${wanted.width === TILE_WIDTH ? FOREVER : PARTIAL}`).type(BYTES);
    return bundle;
  }

  @Get('log/tile/:level/*')
  @Public()
  @ApiOperation({
    summary: 'The hashes of a tile of the tree (C2SP tlog-tiles)',
    description:
      'The rest of the path is the tile: `000`, `x001/x234/067`, `067.p/8`. Codes: `tile_malformed`, `tile_not_found`.',
    operationId: 'getLogTile',
    security: [],
  })
  @ApiParam({ name: 'level', description: '0 to 63' })
  @ApiParam({ name: '*', description: 'The tile' })
  @ApiOkResponse({ content: { 'application/octet-stream': {} } })
  async tile(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    const wanted = coordinatesOf(request);
    const hashes = await this.log.tile(wanted);
    reply.header('cache-control', `public, ${wanted.width === TILE_WIDTH ? FOREVER : PARTIAL}`).type(BYTES);
    return hashes;
  }

  @Get('.well-known/assay/log.json')
  @Public()
  @Header('cache-control', `public, max-age=${KEPT_SECONDS}`)
  @ApiOperation({ summary: 'The name of the log and its key', operationId: 'getLogKey', security: [] })
  @ApiOkResponse({ standardSchema: logAnswer })
  async key(): Promise<z.infer<typeof logAnswer>> {
    const key = keyOf(await this.log.checkpoint(null));
    return {
      origin: key.name,
      vkey: key.vkey,
      publicKey: key.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      witnesses: this.witnesses.map(({ vkey }) => vkey),
    };
  }

  @Get('.well-known/assay/log.vkey')
  @Public()
  @Header('content-type', NOTE)
  @Header('cache-control', `public, max-age=${KEPT_SECONDS}`)
  @ApiOperation({ summary: 'The key of the log as a verifier key', operationId: 'getLogVerifierKey', security: [] })
  @ApiOkResponse({ content: { 'text/plain': {} } })
  async verifierKey(): Promise<string> {
    return `${keyOf(await this.log.checkpoint(null)).vkey}\n`;
  }
}

function keyOf({ vkey }: ServedCheckpoint): NoteKey {
  return parseNoteKey(vkey);
}

function coordinatesOf(request: FastifyRequest): TileCoordinates {
  const level = parseTileLevel((request.params as { readonly level: string }).level) ?? malformedTile();
  return { level, ...(parseTilePath(restOf(request)) ?? malformedTile()) };
}

/** What the route's star stands for. */
function restOf(request: FastifyRequest): string {
  return (request.params as { readonly '*': string })['*'];
}

function malformedTile(): never {
  throw new AppError(
    'malformed',
    'tile_malformed',
    'a tile is a level from 0 to 63 and a number such as x001/x234/067',
    {
      errors: [{ path: 'tile', message: 'must be, for example, 0/x001/x234/067 or 0/067.p/8' }],
    },
  );
}
