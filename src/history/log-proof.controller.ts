import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AppError } from '../platform/app-error.js';
import { RequireRoles } from '../platform/roles.js';
import { consistencyAnswer, entryProofAnswer, toConsistencyAnswer, toEntryProofAnswer } from './log.answer.js';
import { LogService, toTlogProof } from './log.service.js';
import { parseSequence, parseSize } from './sizes.js';

const proofQuery = z.strictObject({
  size: z.string().optional().describe('Under the checkpoint of exactly this size; default the last one'),
});
const consistencyQuery = z.strictObject({
  from: z.string().optional().describe('The smaller size, in leaves'),
  to: z.string().optional().describe('The larger size; default the size of the log'),
});

/** Proofs about the log. */
@ApiTags('Log')
@Controller('v1/history')
export class LogProofController {
  constructor(private readonly log: LogService) {}

  @Get('consistency')
  @RequireRoles('auditor')
  @ApiOperation({
    summary: 'The proof that the log at one size is a beginning of it at another',
    description: 'Codes: `size_invalid`, `size_beyond_log`, `checkpoint_not_found`.',
    operationId: 'getLogConsistency',
  })
  @ApiOkResponse({ standardSchema: consistencyAnswer })
  async consistency(
    @Query({ schema: consistencyQuery }) query: z.infer<typeof consistencyQuery>,
  ): Promise<z.infer<typeof consistencyAnswer>> {
    const from = parseSize(query.from, 'query.from');
    if (from === null) {
      const errors = [{ path: 'query.from', message: 'is required' }];
      throw new AppError('malformed', 'size_invalid', 'from is required', { errors });
    }
    return toConsistencyAnswer(await this.log.consistency(from, parseSize(query.to, 'query.to')));
  }

  @Get(':sequence/proof')
  @RequireRoles('auditor')
  @ApiOperation({
    summary: 'The proof that an entry is in the log',
    description:
      'As JSON, or where `Accept` prefers `text/plain` as one text (C2SP tlog-proof) with the leaf as its extra line. ' +
      'Codes: `sequence_malformed`, `entry_not_sealed`, `size_invalid`, `size_beyond_log`, `checkpoint_not_found`.',
    operationId: 'getEntryProof',
  })
  @ApiParam({ name: 'sequence', description: 'The place of the entry in the account, from 1' })
  @ApiOkResponse({ standardSchema: entryProofAnswer })
  async proof(
    @Param('sequence') sequence: string,
    @Query({ schema: proofQuery }) query: z.infer<typeof proofQuery>,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object | string> {
    const proof = await this.log.proof(parseSequence(sequence), parseSize(query.size, 'query.size'));
    reply.header('vary', 'accept').header('cache-control', 'no-store');
    if (accept === undefined || !/\btext\/plain\b/i.test(accept)) return toEntryProofAnswer(proof);
    reply.type('text/plain; charset=utf-8');
    return toTlogProof(proof);
  }
}
