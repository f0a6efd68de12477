import { Controller, Get, Headers, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ImageSearchStore } from '../images/image-search.store.js';
import { isSha256Digest, type Sha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { LARGEST_LIMIT, pageOf, parseLimit } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import { TrustStore } from '../trust/trust.store.js';
import { assertPublished } from './assert-published.js';
import { imageSearchQuery, searchConditions, type ImageSearchQuery } from './image-search-request.js';
import { csvOfPage, imageSearchPage, toFoundAnswer, type ImageSearchPage } from './image-search.answer.js';
import { PolicyStore } from './policy.store.js';

const CURSOR = 'images';

@ApiTags('Images')
@Controller('v1')
export class ImageSearchController {
  constructor(
    private readonly images: ImageSearchStore,
    private readonly trust: TrustStore,
    private readonly policies: PolicyStore,
  ) {}

  @Get('images')
  @RequireRoles('auditor')
  @ApiOperation({
    summary: 'Which images meet all of what is named, by digest, and why',
    description:
      'By evidence that was verified once, whether or not its signers still count, and by verdicts on record. At least one filter ' +
      'is named, of which a period, a decision and a limit are none. CSV by `Accept: text/csv` or `format=csv`: a page at a time, ' +
      'the next by `Link`, and `completeTo` as the header `assay-complete-to`. Codes: `search_filter_missing`, ' +
      '`key_not_revoked`, `key_not_found`, `identity_not_found`, `attestor_not_found`, `policy_not_found`, `request_invalid`, ' +
      '`limit_invalid`, `cursor_invalid`.',
    operationId: 'searchImages',
  })
  @ApiOkResponse({ standardSchema: imageSearchPage, description: 'One page' })
  async search(
    @Query({ schema: imageSearchQuery }) query: ImageSearchQuery,
    @Headers('accept') accept: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImageSearchPage | string> {
    const asCsv = query.format === undefined ? /\btext\/csv\b/i.test(accept ?? '') : query.format === 'csv';
    const page = await this.page(query, asCsv);
    reply.header('vary', 'accept');
    if (!asCsv) return page;
    reply.type('text/csv; charset=utf-8; header=present').header('assay-complete-to', String(page.completeTo));
    if (page.nextCursor !== null) {
      const parameters = new URLSearchParams(request.url.split('?')[1]);
      parameters.set('cursor', page.nextCursor);
      reply.header('link', `</v1/images?${parameters.toString()}>; rel="next"`);
    }
    return csvOfPage(page.items);
  }

  private async page(query: ImageSearchQuery, asCsv: boolean): Promise<ImageSearchPage> {
    const limit = parseLimit(query.limit ?? (asCsv ? String(LARGEST_LIMIT) : undefined));
    const after = query.cursor === undefined ? null : parsePosition(query.cursor);
    const conditions = searchConditions(query, await this.trust.snapshot());
    await assertPublished(this.policies, query.policy);
    const { images, completeTo, leftOut } = await this.images.page(conditions, after, limit + 1);
    const { items, nextCursor } = pageOf(images, limit, ({ digest }) => encodeCursor(CURSOR, [digest]));
    return { items: items.map(toFoundAnswer), nextCursor, completeTo, leftOut };
  }
}

/** A cursor is not sealed: whatever stands in it is held against its form again. */
function parsePosition(cursor: string): Sha256Digest {
  const [digest] = parseCursor(CURSOR, cursor, ['string']);
  if (isSha256Digest(digest)) return digest;
  throw new AppError('malformed', 'cursor_invalid', 'cursor is not one that this list gave out', {
    errors: [{ path: 'query.cursor', message: 'must be the nextCursor of a page of this list' }],
  });
}
