import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { isSha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { RequireRoles } from '../platform/roles.js';
import { manifestsAnswer, toManifestsAnswer } from './image-index.answer.js';
import { ImageIndexStore } from './image-index.store.js';

@ApiTags('Images')
@Controller('v1/images')
export class ImageIndexController {
  constructor(private readonly indexes: ImageIndexStore) {}

  @Get(':digest/manifests')
  @RequireRoles('auditor')
  @ApiOperation({ summary: 'The manifests of which an index consists', operationId: 'getImageManifests' })
  @ApiOkResponse({ standardSchema: manifestsAnswer })
  async get(@Param('digest') digest: string): Promise<z.infer<typeof manifestsAnswer>> {
    if (!isSha256Digest(digest)) throw new AppError('malformed', 'digest_malformed', 'an index is named by its sha256');
    const manifests = await this.indexes.manifestsOf(digest);
    if (manifests === null) throw new AppError('not_found', 'index_not_found', `no index is on record under ${digest}`);
    return toManifestsAnswer(digest, manifests);
  }
}
