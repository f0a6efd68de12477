import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Database } from './database.js';
import { BACKGROUND_WORK, Degradations } from './degradations.js';
import { Metrics } from './metrics.js';
import { QUEUES } from './platform-parts.js';
import type { Queues } from './queue.js';
import { Public } from './roles.js';

const healthAnswer = z.object({ status: z.literal('ok') });
const readyAnswer = z.object({
  status: z.enum(['ready', 'degraded', 'unavailable']),
  failing: z.array(z.enum(['database', 'queue', ...BACKGROUND_WORK])),
});
type ReadyAnswer = z.infer<typeof readyAnswer>;

const PATIENCE_MS = 2_000;

@ApiTags('Operations')
@Public()
@Controller()
export class HealthController {
  constructor(
    private readonly database: Database,
    @Inject(QUEUES) private readonly queues: Queues,
    private readonly metrics: Metrics,
    private readonly degradations: Degradations,
  ) {}

  @Get('healthz')
  @ApiOperation({ summary: 'Whether this process runs', operationId: 'getHealth', security: [] })
  @ApiOkResponse({ standardSchema: healthAnswer })
  health(): z.infer<typeof healthAnswer> {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({
    summary: 'Whether what this process depends on answers, and what does not',
    description:
      '`degraded` is answered with 200: requests are answered as ever, and an operator has to look at what fails in the background.',
    operationId: 'getReadiness',
    security: [],
  })
  @ApiOkResponse({ standardSchema: readyAnswer })
  @ApiResponse({ status: 503, standardSchema: readyAnswer })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadyAnswer> {
    const [database, queue] = await Promise.all([
      answers(() => this.database.ping()),
      answers(() => this.queues.ping()),
    ]);
    const away: ReadyAnswer['failing'] = [
      ...(database ? [] : ['database' as const]),
      ...(queue ? [] : ['queue' as const]),
    ];
    const refused = this.degradations.current();
    if (away.length > 0) reply.code(503);
    const status = away.length > 0 ? 'unavailable' : refused.length > 0 ? 'degraded' : 'ready';
    return { status, failing: [...away, ...refused] };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ summary: 'What this process counts, for Prometheus', operationId: 'getMetrics', security: [] })
  @ApiOkResponse({ content: { 'text/plain': {} } })
  getMetrics(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}

/** Why something does not answer is in the log of whoever uses it; here only whether. */
async function answers(ping: () => Promise<void>): Promise<boolean> {
  const answered = ping().then(
    () => true,
    () => false,
  );
  return Promise.race([answered, sleep(PATIENCE_MS, false, { ref: false })]);
}
