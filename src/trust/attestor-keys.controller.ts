import { Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CallerParam } from '../access/caller.decorator.js';
import type { Caller } from '../access/caller.js';
import { RequireRoles } from '../platform/roles.js';
import { answerOf, created } from './attestor-changed.js';
import { keyDocument, revocationDocument } from './attestor-document.js';
import { attestorAnswer, type AttestorAnswer } from './attestor.answer.js';
import { documentedBy } from './documented-body.js';
import { parseKey, parseRevocation } from './parse-attestor.js';
import { revokedKeyAnswer, toRevokedKey, type RevokedKeyAnswer } from './revocation.answer.js';
import { strictest } from './revocation.js';
import { revocationsBinding } from './revocations-binding.js';
import { SignedImagesStore } from './signed-images.store.js';
import { addKey, getKey, revokeKey } from './trust-change.js';
import { TrustStore } from './trust.store.js';

@ApiTags('Trust')
@Controller('v1/attestors')
export class AttestorKeysController {
  constructor(
    private readonly store: TrustStore,
    private readonly images: SignedImagesStore,
  ) {}

  @Post(':name/keys')
  @RequireRoles('trust-admin')
  @ApiOperation({
    summary: 'Add a key, or take a retired one back',
    description: 'Evidence that waited for the key is looked at again and counts from then on.',
    operationId: 'addAttestorKey',
  })
  @ApiCreatedResponse({ standardSchema: attestorAnswer, description: 'Added' })
  @ApiOkResponse({ standardSchema: attestorAnswer, description: 'The attestor holds the key already, as it is named' })
  async addKey(
    @Param('name') name: string,
    @Body({ schema: documentedBy(keyDocument) }) body: unknown,
    @CallerParam() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AttestorAnswer> {
    const key = parseKey(body);
    const changed = await this.store.change(caller.actor, (trust) => addKey(trust, name, key));
    if (changed.change === null) reply.code(200);
    else created(reply, name);
    return answerOf(changed, name);
  }

  @Post(':name/keys/:keyId/revoke')
  @HttpCode(200)
  @RequireRoles('trust-admin')
  @ApiOperation({
    summary: 'Revoke a key',
    description:
      'Evidence received, or by a proven signing time signed, at or after `effectiveFrom` stops helping in the very next ' +
      'verdict; objections keep their place. Cannot be taken back, only moved earlier or from superseded to compromised.',
    operationId: 'revokeAttestorKey',
  })
  @ApiOkResponse({ standardSchema: revokedKeyAnswer })
  async revoke(
    @Param('name') name: string,
    @Param('keyId') keyId: string,
    @Body({ schema: documentedBy(revocationDocument) }) body: unknown,
    @CallerParam() caller: Caller,
  ): Promise<RevokedKeyAnswer> {
    const request = parseRevocation(body);
    const { trust } = await this.store.change(caller.actor, (current, now) =>
      revokeKey(current, name, keyId, request, now),
    );
    const { thumbprint } = getKey(trust, name, keyId);
    const revocation = strictest(revocationsBinding(trust, name, thumbprint));
    if (revocation === null) throw new Error(`key ${keyId} of ${name} was not revoked`);
    return toRevokedKey(revocation, await this.images.count({ type: 'key', thumbprint }));
  }
}
