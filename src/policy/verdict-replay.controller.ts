import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AppError } from '../platform/app-error.js';
import { RequireRoles } from '../platform/roles.js';
import { PastVerdictService } from './past-verdict.service.js';
import { replayAnswer } from './replay.answer.js';
import type { Replay } from './replay-verdict.js';
import { isVerdictId } from './verdict-id.js';

/** Verdicts on record, evaluated again. */
@ApiTags('Verdicts')
@Controller('v1/verdicts')
export class VerdictReplayController {
  constructor(private readonly past: PastVerdictService) {}

  @Get(':id/replay')
  @RequireRoles('auditor')
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'A verdict on record evaluated again from its recorded inputs, and what it would be at this moment',
    description: 'Nothing is put on record.',
    operationId: 'replayVerdict',
  })
  @ApiOkResponse({ standardSchema: replayAnswer })
  async replay(@Param('id') id: string): Promise<Replay> {
    const replay = isVerdictId(id) ? await this.past.replay(id) : null;
    if (replay === null) throw new AppError('not_found', 'verdict_not_found', `no verdict is on record under ${id}`);
    return replay;
  }
}
