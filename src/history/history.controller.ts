import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { isSha256Digest, type SubjectDigest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { encodeCursor } from '../platform/cursor.js';
import { parseLimit } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import { entryQuery, filterOf, HISTORY_CURSOR, positionOf, type EntryQuery } from './history-query.js';
import { historyPage, toPage, type HistoryPage } from './history.answer.js';
import { HistoryStore } from './history.store.js';

@ApiTags('History')
@Controller('v1')
export class HistoryController {
  constructor(private readonly store: HistoryStore) {}

  @Get('images/:digest/history')
  @RequireRoles('auditor')
  @ApiOperation({
    summary: 'The timeline of one image, oldest first',
    description: 'What is about the image, and about every attestation that claims to be. Codes as of `listHistory`.',
    operationId: 'listImageHistory',
  })
  @ApiParam({ name: 'digest', description: '`sha256:` and 64 lower-case hex digits' })
  @ApiOkResponse({ standardSchema: historyPage, description: 'One page' })
  async listOfImage(
    @Param('digest') digest: string,
    @Query({ schema: entryQuery }) query: EntryQuery,
  ): Promise<HistoryPage> {
    const filter = filterOf(query, parseImageDigest(digest));
    const list = await this.store.list(filter, positionOf(query.cursor), parseLimit(query.limit));
    return toPage(list, (sequence) => encodeCursor(HISTORY_CURSOR, [sequence]));
  }
}

function parseImageDigest(text: string): SubjectDigest {
  if (isSha256Digest(text)) return text;
  throw new AppError('malformed', 'digest_malformed', 'an image digest is sha256: and 64 lower-case hex digits', {
    errors: [{ path: 'digest', message: 'must be sha256: and 64 lower-case hex digits' }],
  });
}
