import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { isAttestationId, isSha256Digest, type Sha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { encodeCursor, parseCursor } from '../platform/cursor.js';
import { pageOf, parseLimit, type Page } from '../platform/page.js';
import { RequireRoles } from '../platform/roles.js';
import { SignedImagesStore, type SoughtSigner } from '../trust/signed-images.store.js';
import { SignedStatementStore } from '../trust/signed-statement.store.js';
import { getIdentity, getKey } from '../trust/trust-change.js';
import { TrustStore } from '../trust/trust.store.js';
import { RecordedQuestionStore } from './recorded-question.store.js';
import { findFlips, type VerdictFlip } from './verdict-flips.js';
import { VerdictService } from './verdict.service.js';

const listQuery = z.strictObject({
  limit: z.string().optional().describe('Images looked at for a page, 1 to 1000, default 50'),
  cursor: z.string().optional().describe('`nextCursor` of the page before'),
});
type ListQuery = z.infer<typeof listQuery>;

const flipAnswer = z.object({
  image: z.string(),
  repository: z.string().nullable(),
  policy: z.string(),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  recorded: z
    .object({ verdict: z.string(), at: z.iso.datetime(), decision: z.enum(['allow', 'deny']) })
    .describe('The last answer on record to this question'),
  decision: z
    .enum(['allow', 'deny'])
    .nullable()
    .describe('What it would be at this moment; null where the question would be refused'),
  code: z.string().nullable().describe('Why it would be refused'),
  unsatisfied: z.array(z.string()).describe('The requirements that are not satisfied at this moment'),
});

const flipPage = z.object({
  items: z.array(flipAnswer),
  nextCursor: z.string().nullable().describe('A page may be empty and have a next: it is of images looked at'),
});

const CURSOR = 'flips';
/** Questions on record about the images of one page, beyond which the page looks at fewer images. */
const MOST_QUESTIONS = 5_000;

/** What a revocation changes of the verdicts that were given. */
@ApiTags('Trust')
@Controller('v1')
export class VerdictFlipsController {
  constructor(
    private readonly trust: TrustStore,
    private readonly images: SignedImagesStore,
    private readonly statements: SignedStatementStore,
    private readonly questions: RecordedQuestionStore,
    private readonly verdicts: VerdictService,
  ) {}

  @Get('attestors/:name/keys/:keyId/flips')
  @RequireRoles('auditor', 'trust-admin')
  @ApiOperation({
    summary: 'Recorded verdicts about images with evidence signed by a key that would come out otherwise',
    description:
      'Each question is evaluated at this moment; nothing is put on record. Images whose verdicts depended on such evidence ' +
      'about a commit or a related image (`of: source`, `via: index`) are among them.',
    operationId: 'listFlipsOfKey',
  })
  @ApiOkResponse({ standardSchema: flipPage })
  async ofKey(
    @Param('name') name: string,
    @Param('keyId') keyId: string,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<z.infer<typeof flipAnswer>>> {
    const { thumbprint } = getKey(await this.trust.snapshot(), name, keyId);
    return this.ofSigner({ type: 'key', thumbprint }, query);
  }

  @Get('attestors/:name/identities/:identityId/flips')
  @RequireRoles('auditor', 'trust-admin')
  @ApiOperation({
    summary: 'The same of whoever has the issuer and subject of an identity',
    operationId: 'listFlipsOfIdentity',
  })
  @ApiOkResponse({ standardSchema: flipPage })
  async ofIdentity(
    @Param('name') name: string,
    @Param('identityId') identityId: string,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<z.infer<typeof flipAnswer>>> {
    const pattern = getIdentity(await this.trust.snapshot(), name, identityId);
    return this.ofSigner({ type: 'identity', pattern }, query);
  }

  @Get('attestations/:id/flips')
  @RequireRoles('auditor', 'trust-admin')
  @ApiOperation({
    summary: 'Recorded verdicts about the images of an attestation that would come out otherwise',
    description: 'And about those whose verdicts depended on what it says of a commit or of a related image.',
    operationId: 'listFlipsOfAttestation',
  })
  @ApiOkResponse({ standardSchema: flipPage })
  async ofAttestation(
    @Param('id') id: string,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<z.infer<typeof flipAnswer>>> {
    const statement = isAttestationId(id) ? await this.statements.find(id) : null;
    if (statement === null) {
      throw new AppError('not_found', 'attestation_not_found', `no attestation is stored under ${id}`);
    }
    const depending = await this.questions.dependentsOf(statement.subjects);
    const sorted = [...new Set([...statement.subjects, ...depending])]
      .filter((subject) => isSha256Digest(subject))
      .sort();
    return this.page(query, (after, limit) => Promise.resolve(sorted.filter((image) => image > after).slice(0, limit)));
  }

  private ofSigner(sought: SoughtSigner, query: ListQuery): Promise<Page<z.infer<typeof flipAnswer>>> {
    return this.page(query, (after, limit) => this.images.page(sought, after, limit, 'depending'));
  }

  private async page(
    query: ListQuery,
    touched: (after: string, limit: number) => Promise<readonly Sha256Digest[]>,
  ): Promise<Page<z.infer<typeof flipAnswer>>> {
    const limit = parseLimit(query.limit);
    const [after] = query.cursor === undefined ? [''] : parseCursor(CURSOR, query.cursor, ['string']);
    const images = pageOf(await touched(after, limit + 1), limit, (last) => encodeCursor(CURSOR, [last]));
    const answers = await this.questions.latestAbout(images.items, MOST_QUESTIONS);
    const flips = await findFlips(answers, this.verdicts);
    // Cut short, the page ends with the last image of which every question was looked at.
    const last = answers.length === MOST_QUESTIONS ? answers.at(-1)?.image : undefined;
    if (last === undefined || images.items[0] === last)
      return { items: flips.map(toAnswer), nextCursor: images.nextCursor };
    const before = images.items.filter((image) => image < last).at(-1) ?? '';
    return {
      items: flips.filter(({ recorded }) => recorded.image < last).map(toAnswer),
      nextCursor: encodeCursor(CURSOR, [before]),
    };
  }
}

function toAnswer({ recorded, decision, code, unsatisfied }: VerdictFlip): z.infer<typeof flipAnswer> {
  const { id, at, image, repository, policy, parameters } = recorded;
  return {
    image,
    repository,
    policy,
    parameters: { ...parameters },
    recorded: { verdict: id, at: at.toISOString(), decision: recorded.decision },
    decision,
    code,
    unsatisfied: [...unsatisfied],
  };
}
