import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CallerParam } from '../access/caller.decorator.js';
import type { Caller } from '../access/caller.js';
import { isAttestationId, isSha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { RequireRoles } from '../platform/roles.js';
import { documentedBy } from './documented-body.js';
import { SignedStatementStore, type SignedStatement } from './signed-statement.store.js';
import { STATEMENT_ACTS, type StatementAct, type StatementActKind } from './statement-act.js';
import { actDocument, actOnStatement, lastActOn, parseActRequest } from './statement-standing.js';
import { TrustStore } from './trust.store.js';

const actAnswer = z
  .object({
    attestation: z.string(),
    act: z.enum(STATEMENT_ACTS),
    reason: z.string(),
    signedDigest: z
      .string()
      .describe('What was signed: the act binds it in whatever form and however often it is posted'),
    signers: z
      .array(z.string())
      .nullable()
      .describe('By whom: keys by thumbprint, certificates by issuer and subject; null: by whomever'),
    at: z.iso.datetime(),
    trustRevision: z.number().int(),
    images: z.object({ count: z.number().int() }).describe('Images that it is about'),
    links: z.object({ verdicts: z.string().describe('The verdicts that come out otherwise') }),
  })
  .meta({ id: 'StatementAct' });
type ActAnswer = z.infer<typeof actAnswer>;

/** Takes back what one attestation says, without touching anybody's key. */
@ApiTags('Trust')
@Controller('v1/attestations')
export class StatementActsController {
  constructor(
    private readonly trust: TrustStore,
    private readonly statements: SignedStatementStore,
  ) {}

  @Post(':id/revoke')
  @HttpCode(200)
  @RequireRoles('trust-admin')
  @ApiOperation({
    summary: 'Revoke what an attestation says',
    description:
      'What was signed, by these signers, supports no allow from the next verdict on, however often it is posted again. It ' +
      'goes on objecting where it objects; no key is touched. Cannot be taken back.',
    operationId: 'revokeAttestation',
  })
  @ApiOkResponse({ standardSchema: actAnswer })
  revoke(
    @Param('id') id: string,
    @Body({ schema: documentedBy(actDocument) }) body: unknown,
    @CallerParam() caller: Caller,
  ): Promise<ActAnswer> {
    return this.act(id, 'revoked', body, caller);
  }

  @Post(':id/retract')
  @HttpCode(200)
  @RequireRoles('trust-admin')
  @ApiOperation({
    summary: 'Retract what an attestation says',
    description:
      'What was signed, by these signers, neither supports nor objects from the next verdict on: for a scan that was wrong. ' +
      'Cannot be taken back.',
    operationId: 'retractAttestation',
  })
  @ApiOkResponse({ standardSchema: actAnswer })
  retract(
    @Param('id') id: string,
    @Body({ schema: documentedBy(actDocument) }) body: unknown,
    @CallerParam() caller: Caller,
  ): Promise<ActAnswer> {
    return this.act(id, 'retracted', body, caller);
  }

  private async act(id: string, act: StatementActKind, body: unknown, caller: Caller): Promise<ActAnswer> {
    const { reason } = parseActRequest(body);
    const statement = await this.getStatement(id);
    const { trust } = await this.trust.change(caller.actor, (current) =>
      actOnStatement(current, statement, act, reason),
    );
    const recorded = lastActOn(trust, statement);
    if (recorded === null) throw new Error(`no act on ${statement.signedDigest} is on record`);
    return toActAnswer(recorded, statement);
  }

  private async getStatement(id: string): Promise<SignedStatement> {
    if (!isAttestationId(id)) {
      const message = 'expected sha256: and 64 lower-case hex digits';
      throw new AppError('malformed', 'attestation_id_malformed', `an attestation id: ${message}`, {
        errors: [{ path: 'id', message }],
      });
    }
    const statement = await this.statements.find(id);
    if (statement !== null) return statement;
    throw new AppError('not_found', 'attestation_not_found', `no attestation is stored under ${id}`);
  }
}

function toActAnswer(act: StatementAct, { attestation, subjects }: SignedStatement): ActAnswer {
  return {
    attestation,
    act: act.act,
    reason: act.reason,
    signedDigest: act.signedDigest,
    signers: act.signers === null ? null : [...act.signers],
    at: act.at,
    trustRevision: act.trustRevision,
    images: { count: subjects.filter(isSha256Digest).length },
    links: { verdicts: `/v1/attestations/${attestation}/flips` },
  };
}
