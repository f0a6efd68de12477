import { Readable } from 'node:stream';
import { Controller, Inject, Param, Post, Req, Res, type OnModuleDestroy } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FactStore } from '../facts/fact.store.js';
import { ImageStateStore } from '../images/image-state.store.js';
import { AppError } from '../platform/app-error.js';
import { TakesDocument } from '../platform/document-body.js';
import type { Logger } from '../platform/logger.js';
import { LOGGER } from '../platform/platform-parts.js';
import { RequireRoles } from '../platform/roles.js';
import { TrustStore } from '../trust/trust.store.js';
import { CelEngine } from './cel.js';
import { impactLines, type ImpactLine, type ImpactRun } from './impact.js';
import { parametersForUnasked, parseImpactRequest } from './impact-request.js';
import { ImpactStore } from './impact.store.js';
import { parsePolicy } from './parse-policy.js';
import { sourceOf } from './policy.controller.js';
import { PolicyService } from './policy.service.js';
import { PolicyStore, type PolicyRevision } from './policy.store.js';
import { VerdictService } from './verdict.service.js';
import { whatIf } from './what-if.js';

/** Looks under way at once; each takes a connection, a thread for expressions and what is left of the processor. */
const AT_ONCE = 2;

@ApiTags('Policies')
@Controller('v1/policies')
export class ImpactController implements OnModuleDestroy {
  private underWay = 0;
  private readonly running = new Set<Readable>();

  constructor(
    private readonly service: PolicyService,
    private readonly policies: PolicyStore,
    private readonly verdicts: VerdictService,
    private readonly known: ImpactStore,
    private readonly images: ImageStateStore,
    private readonly facts: FactStore,
    private readonly trust: TrustStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post(':name/impact')
  @TakesDocument()
  @RequireRoles('policy-admin')
  @ApiOperation({
    summary: 'Which known images would be decided otherwise by a document, and by which requirement',
    description:
      'Compares the current revision with the document at this moment; nothing is published and nothing goes on record. ' +
      'Every image with evidence or a verdict on record is asked what was asked about it under the policy, or else what the ' +
      'query says. The answer has a line for each flip, `{"image", "repository", "parameters", "from", "to", ' +
      '"requirements"}`, lines of `{"progress"}` between them, and `{"summary"}` as its last: an answer without it is not ' +
      'complete. `from` and `to` are null where the question would be refused, for the reason in `code`.',
    operationId: 'findPolicyImpact',
  })
  @ApiConsumes('application/yaml', 'application/json')
  @ApiBody({ description: 'The policy document, as for `putPolicy`', schema: {} })
  @ApiQuery({ name: 'repository', required: false, description: 'For images that nobody has asked about' })
  @ApiQuery({
    name: 'param.NAME',
    required: false,
    description: 'The value of parameter NAME, for images that nobody has asked about and for questions that lack it',
  })
  @ApiOkResponse({ description: 'JSON Lines', content: { 'application/jsonl': {} } })
  async find(@Param('name') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const mark = request.url.indexOf('?');
    const query = new URLSearchParams(mark < 0 ? '' : request.url.slice(mark + 1));
    if (this.underWay >= AT_ONCE) {
      throw new AppError('overloaded', 'overloaded', 'other looks at the impact of policies are under way', {
        retryAfterSeconds: 30,
      });
    }
    this.underWay += 1;
    const lines = await this.open(name, request, query).catch((error: unknown) => {
      this.underWay -= 1;
      throw error;
    });
    lines.once('error', (error) => {
      this.logger.error({ err: error, requestId: request.id }, 'the impact of a policy was not found out');
    });
    await reply.code(200).header('cache-control', 'no-store').type('application/jsonl; charset=utf-8').send(lines);
  }

  /** Ends what is under way, which could take minutes more. */
  onModuleDestroy(): void {
    for (const lines of this.running) lines.destroy();
  }

  /** Frees what it takes when it closes, whether it was read to its end or its reader went away. */
  private async open(name: string, request: FastifyRequest, query: URLSearchParams): Promise<Readable> {
    const cel = new CelEngine();
    const lines = Readable.from(textOf(impactLines(await this.prepare(name, request, query, cel))));
    this.running.add(lines);
    lines.once('close', () => {
      this.underWay -= 1;
      this.running.delete(lines);
      void cel.close();
    });
    return lines;
  }

  /** Everything that can be refused is refused here, before anything is answered. */
  private async prepare(
    name: string,
    request: FastifyRequest,
    query: URLSearchParams,
    cel: CelEngine,
  ): Promise<ImpactRun> {
    const asked = parseImpactRequest(query);
    const source = sourceOf(request);
    const { document, digest } = this.service.read(name, source);
    const revision = await this.policies.findCurrent(name);
    if (revision === null) throw new AppError('not_found', 'policy_not_found', `no policy is named ${name}`);
    const current = parsePolicy(revision.source, revision.format);
    const unasked = parametersForUnasked(current, document, asked.parameters);
    const { trust, now } = await this.trust.current();
    const candidate: PolicyRevision = {
      ...{ name, digest, format: source.format, source: source.text, at: now, actor: '' },
      revision: revision.revision + 1,
    };
    const { verdicts, images, facts } = this;
    const { look, under } = whatIf({ verdicts, images, facts, trust, now, cel });
    return {
      policy: name,
      current: { document: current, verdicts: under(revision) },
      candidate: { document, verdicts: under(candidate) },
      known: this.known,
      look,
      request: asked,
      unasked,
      compared: {
        current: { revision: revision.revision, digest: revision.digest, mode: current.mode ?? 'enforce' },
        candidate: { digest, mode: document.mode ?? 'enforce' },
        evaluatedAt: now.toISOString(),
      },
      onFailure: (error, image) => {
        this.logger.error({ err: error, image, requestId: request.id }, 'an image could not be evaluated');
      },
    };
  }
}

async function* textOf(lines: AsyncIterable<ImpactLine>): AsyncGenerator<string, void> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}
