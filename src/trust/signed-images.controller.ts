import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { Sha256Digest } from '../intoto/digest.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { pageOf, parseLimit, type Page } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import { SignedImagesStore, type SoughtSigner } from './signed-images.store.js';
import { getIdentity, getKey } from './trust-change.js';
import { TrustStore } from './trust.store.js';

const listQuery = z.strictObject({
  limit: z.string().optional().describe('1 to 1000, default 50'),
  cursor: z.string().optional().describe('`nextCursor` of the page before'),
});
type ListQuery = z.infer<typeof listQuery>;

const imagePage = z.object({
  items: z.array(z.string().describe('`sha256:` and 64 lower-case hex digits')),
  nextCursor: z.string().nullable(),
});

const CURSOR = 'signed-images';

/** Which images a revocation touches. */
@ApiTags('Trust')
@Controller('v1/attestors')
export class SignedImagesController {
  constructor(
    private readonly store: TrustStore,
    private readonly images: SignedImagesStore,
  ) {}

  @Get(':name/keys/:keyId/images')
  @RequireRoles('auditor', 'trust-admin')
  @ApiOperation({
    summary: 'The images with evidence signed by a key, whether or not it counts, by digest',
    operationId: 'listImagesOfKey',
  })
  @ApiOkResponse({ standardSchema: imagePage })
  async ofKey(
    @Param('name') name: string,
    @Param('keyId') keyId: string,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<Sha256Digest>> {
    const { thumbprint } = getKey(await this.store.snapshot(), name, keyId);
    return this.page({ type: 'key', thumbprint }, query);
  }

  @Get(':name/identities/:identityId/images')
  @RequireRoles('auditor', 'trust-admin')
  @ApiOperation({
    summary: 'The images with evidence signed by whoever has the issuer and subject of an identity, by digest',
    description: 'Whether or not it counts; claims and the trust root are not looked at.',
    operationId: 'listImagesOfIdentity',
  })
  @ApiOkResponse({ standardSchema: imagePage })
  async ofIdentity(
    @Param('name') name: string,
    @Param('identityId') identityId: string,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<Sha256Digest>> {
    const pattern = getIdentity(await this.store.snapshot(), name, identityId);
    return this.page({ type: 'identity', pattern }, query);
  }

  private async page(sought: SoughtSigner, query: ListQuery): Promise<Page<Sha256Digest>> {
    const limit = parseLimit(query.limit);
    const [after] = query.cursor === undefined ? [''] : parseCursor(CURSOR, query.cursor, ['string']);
    const images = await this.images.page(sought, after, limit + 1);
    return pageOf(images, limit, (last) => encodeCursor(CURSOR, [last]));
  }
}
