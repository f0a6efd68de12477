import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { isSha256Digest, parseSubjectDigest, type SubjectDigest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { parseLimit } from '../platform/page.js';
import { moment, parsePeriod } from '../platform/period.js';
import { RequireRoles } from '../platform/roles.js';
import { HISTORY_TYPES } from './history-entry.js';
import { historyPage, toAnswer, type HistoryPage } from './history.answer.js';
import { HistoryStore } from './history.store.js';

const historyQuery = z.strictObject({
  digest: z.string().optional().describe('About this image, or about attestations whose subject has this digest'),
  type: z.enum(HISTORY_TYPES).optional(),
  // The database's text cannot hold a NUL.
  actor: z
    .string()
    .regex(/^[^\0]*$/, 'must not hold a NUL')
    .optional()
    .describe('Caused by, as in `actor` of an entry'),
  since: moment.optional().describe('Made at or after'),
  until: moment.optional().describe('Made before'),
  limit: z.string().optional().describe('1 to 1000, default 50'),
  cursor: z.string().optional().describe('`nextCursor` of the page before'),
});
type HistoryQuery = z.infer<typeof historyQuery>;

const CURSOR = 'history';

@ApiTags('History')
@Controller('v1')
export class HistoryController {
  constructor(private readonly store: HistoryStore) {}

  @Get('history')
  @RequireRoles('auditor')
  @ApiOperation({
    summary: 'Every acknowledged change and recorded verdict, oldest first',
    description:
      'In the order of commits. A change appears within a second or so, and never at or below a `completeTo` once answered. ' +
      'Codes: `digest_malformed`, `request_invalid`, `limit_invalid`, `cursor_invalid`.',
    operationId: 'listHistory',
  })
  @ApiOkResponse({ standardSchema: historyPage, description: 'One page' })
  list(@Query({ schema: historyQuery }) query: HistoryQuery): Promise<HistoryPage> {
    return this.page(query, query.digest === undefined ? null : parseDigest(query.digest));
  }

  @Get('images/:digest/history')
  @RequireRoles('auditor')
  @ApiOperation({
    summary: 'The timeline of one image, oldest first',
    description: 'What is about the image, and about every attestation that claims to be. Codes as of `listHistory`.',
    operationId: 'listImageHistory',
  })
  @ApiParam({ name: 'digest', description: '`sha256:` and 64 lower-case hex digits' })
  @ApiOkResponse({ standardSchema: historyPage, description: 'One page' })
  listOfImage(
    @Param('digest') digest: string,
    @Query({ schema: historyQuery.omit({ digest: true }) }) query: Omit<HistoryQuery, 'digest'>,
  ): Promise<HistoryPage> {
    return this.page(query, parseImageDigest(digest));
  }

  private async page(query: Omit<HistoryQuery, 'digest'>, digest: SubjectDigest | null): Promise<HistoryPage> {
    const limit = parseLimit(query.limit);
    const { entries, more, completeTo } = await this.store.list(
      {
        digest,
        type: query.type ?? null,
        actor: query.actor ?? null,
        ...parsePeriod({ since: query.since, until: query.until }),
      },
      query.cursor === undefined ? 0 : parsePosition(query.cursor),
      limit,
    );
    const last = entries.at(-1);
    return {
      items: entries.map(toAnswer),
      nextCursor: more && last !== undefined ? encodeCursor(CURSOR, [last.sequence]) : null,
      completeTo,
    };
  }
}

/** A cursor is not sealed: whatever stands in it is held against its form again. */
function parsePosition(cursor: string): number {
  const [sequence] = parseCursor(CURSOR, cursor, ['number']);
  if (Number.isSafeInteger(sequence)) return sequence;
  throw new AppError('malformed', 'cursor_invalid', 'cursor is not one that this list gave out', {
    errors: [{ path: 'query.cursor', message: 'must be the nextCursor of a page of this list' }],
  });
}

function parseDigest(text: string): SubjectDigest {
  const digest = parseSubjectDigest(text);
  if (digest !== null) return digest;
  throw new AppError('malformed', 'digest_malformed', 'a digest is its algorithm, a colon and lower-case hex', {
    errors: [{ path: 'query.digest', message: 'must be, for example, sha256: and 64 lower-case hex digits' }],
  });
}

function parseImageDigest(text: string): SubjectDigest {
  if (isSha256Digest(text)) return text;
  throw new AppError('malformed', 'digest_malformed', 'an image digest is sha256: and 64 lower-case hex digits', {
    errors: [{ path: 'digest', message: 'must be sha256: and 64 lower-case hex digits' }],
  });
}
