import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { PastFactStore } from '../facts/past-facts.store.js';
import { ImageStateStore } from '../images/image-state.store.js';
import { ImageSummaryStore } from '../images/image-summary.store.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { moment } from '../platform/period.js';
import { RequireRoles } from '../platform/roles.js';
import {
  imageSummaryAnswer,
  toSummaryAnswer,
  type ImageKnown,
  type ImageSummaryAnswer,
} from './image-summary.answer.js';
import { assertPast } from './past-moment.js';
import { RecordedQuestionStore } from './recorded-question.store.js';
import { parseDigest } from './verdict-request.js';
import { WaiverStore } from './waiver.store.js';

const summaryQuery = z.strictObject({
  at: moment.optional().describe('As it stood then, by what had been recorded at the end of that millisecond'),
});

/** Questions asked about one image, beyond which the last verdicts are left out. */
const MOST_QUESTIONS = 1_000;

/** What the rooms know together about one image. */
@ApiTags('Images')
@Controller('v1/images')
export class ImageSummaryController {
  constructor(
    private readonly images: ImageStateStore,
    private readonly summaries: ImageSummaryStore,
    private readonly past: PastFactStore,
    private readonly questions: RecordedQuestionStore,
    private readonly waivers: WaiverStore,
  ) {}

  @Get(':digest')
  @RequireRoles('auditor')
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'What is known about one image, or was at an earlier moment',
    description:
      'As of a moment it is what a verdict as of that moment goes by. Codes: `digest_malformed`, `request_invalid`.',
    operationId: 'getImage',
  })
  @ApiParam({ name: 'digest', description: '`sha256:` and 64 lower-case hex digits' })
  @ApiOkResponse({ standardSchema: imageSummaryAnswer })
  async get(
    @Param('digest') text: string,
    @Query({ schema: summaryQuery }) { at }: z.infer<typeof summaryQuery>,
  ): Promise<ImageSummaryAnswer> {
    const digest = parseDigest(text, 'digest');
    return toSummaryAnswer(digest, at === undefined ? await this.atPresent(digest) : await this.asOf(digest, at));
  }

  private async atPresent(digest: Sha256Digest): Promise<ImageKnown> {
    const [state, summary, verdicts] = await Promise.all([
      this.images.readFacts(digest),
      this.summaries.find(digest, null),
      this.questions.latestOn(digest, null, MOST_QUESTIONS),
    ]);
    const about = { digest, repositories: repositoriesOf(verdicts) };
    const waivers = await this.waivers.inForceAbout(about, null, state.now);
    const { received, examined, revision, facts } = state;
    return { at: null, received, examined, revision, facts, summary, verdicts, waivers };
  }

  private async asOf(digest: Sha256Digest, moment: Date): Promise<ImageKnown> {
    const at = assertPast(moment, (await this.images.readState(digest)).now);
    const [past, verdicts, waiver] = await Promise.all([
      this.past.asOf(digest, at),
      this.questions.latestOn(digest, at, MOST_QUESTIONS),
      this.waivers.revisionAsOf(at),
    ]);
    const about = { digest, repositories: repositoriesOf(verdicts) };
    const [summary, waivers] = await Promise.all([
      this.summaries.find(digest, { at, verification: past.verification ?? 0 }),
      this.waivers.inForceAbout(about, waiver, at),
    ]);
    const { facts, revision, examined, unexamined } = past;
    return { at, received: examined + unexamined, examined, revision, facts, summary, verdicts, waivers };
  }
}

function repositoriesOf(verdicts: readonly { readonly repository: string | null }[]): readonly string[] {
  return [...new Set(verdicts.flatMap(({ repository }) => repository ?? []))].sort();
}
