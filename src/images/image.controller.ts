import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { isSha256Digest } from '../intoto/digest.js';
import { KINDS } from '../intoto/predicate-kind.js';
import { AppError } from '../platform/app-error.js';
import { RequireRoles } from '../platform/roles.js';
import { ImageStateStore } from './image-state.store.js';

const imageAnswer = z.object({
  digest: z.string(),
  received: z.number().int().describe('Attestations received that name the image'),
  examined: z.number().int().describe('Attestations among them that have been examined'),
  pending: z.boolean().describe('Some are still to be examined'),
  revision: z.number().int().describe('Raised by every change of what is proved about the image'),
  facts: z
    .array(
      z.object({ attestation: z.string(), kind: z.enum(KINDS), predicateType: z.string(), receivedAt: z.string() }),
    )
    .describe('What signatures by known keys prove; whether it counts is for a verdict to say'),
});
type ImageAnswer = z.infer<typeof imageAnswer>;

const storedFact = z.object({
  attestation: z.string(),
  kind: z.enum(KINDS),
  predicateType: z.string(),
  receivedAt: z.string(),
});

@ApiTags('Images')
@Controller('v1/images')
export class ImageController {
  constructor(private readonly images: ImageStateStore) {}

  @Get(':digest')
  @RequireRoles('auditor')
  @ApiOperation({ summary: 'What is known about one image', operationId: 'getImage' })
  @ApiOkResponse({ standardSchema: imageAnswer })
  async get(@Param('digest') digest: string): Promise<ImageAnswer> {
    if (!isSha256Digest(digest)) {
      throw new AppError('malformed', 'digest_malformed', 'an image digest is sha256: and 64 lower-case hex digits', {
        errors: [{ path: 'digest', message: 'expected sha256: and 64 lower-case hex digits' }],
      });
    }
    const { received, examined, revision, facts } = await this.images.readFacts(digest);
    return {
      digest,
      received,
      examined,
      pending: received > examined,
      revision,
      facts: facts.map((fact) => storedFact.parse(fact)),
    };
  }
}
