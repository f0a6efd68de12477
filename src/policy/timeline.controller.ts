import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { entryQuery, filterOf, HISTORY_CURSOR, positionOf, type EntryQuery } from '../history/history-query.js';
import { encodeCursor } from '../platform/cursor.js';
import { parseLimit } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import { timelinePage, toTimelineAnswer, type TimelinePage } from './timeline.answer.js';
import { TimelineService } from './timeline.service.js';
import { parseDigest } from './verdict-request.js';

@ApiTags('History')
@Controller('v1/images')
export class TimelineController {
  constructor(private readonly timelines: TimelineService) {}

  @Get(':digest/history')
  @RequireRoles('auditor')
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'The timeline of one image, oldest first',
    description:
      'Entries about the image and about evidence that claims to be, and those that touch it: changes of trust in whoever signed ' +
      'proved evidence, of the policies and waivers under which it was asked about, and of indexes that list it. What touches it ' +
      'appears where it stands in the account, also below an earlier `completeTo`. Codes: `digest_malformed`, ' +
      '`request_invalid`, `limit_invalid`, `cursor_invalid`.',
    operationId: 'listImageHistory',
  })
  @ApiParam({ name: 'digest', description: '`sha256:` and 64 lower-case hex digits' })
  @ApiOkResponse({ standardSchema: timelinePage, description: 'One page' })
  async list(@Param('digest') text: string, @Query({ schema: entryQuery }) query: EntryQuery): Promise<TimelinePage> {
    const digest = parseDigest(text, 'digest');
    const filter = filterOf(query, null);
    const page = await this.timelines.page(digest, filter, positionOf(query.cursor), parseLimit(query.limit));
    const last = page.items.at(-1);
    return {
      items: page.items.map(toTimelineAnswer),
      nextCursor: page.more && last !== undefined ? encodeCursor(HISTORY_CURSOR, [last.sequence]) : null,
      completeTo: page.completeTo,
    };
  }
}
