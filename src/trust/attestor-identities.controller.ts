import { Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CallerParam } from '../access/caller.decorator.js';
import type { Caller } from '../access/caller.js';
import { RequireRoles } from '../platform/roles.js';
import { answerOf, created } from './attestor-changed.js';
import { identityDocument, revocationDocument } from './attestor-document.js';
import { attestorAnswer, type AttestorAnswer } from './attestor.answer.js';
import { documentedBy } from './documented-body.js';
import { parseRevocation } from './parse-attestor.js';
import { parseIdentity } from './parse-identity.js';
import { revokedIdentityAnswer, toRevokedIdentity, type RevokedIdentityAnswer } from './revocation.answer.js';
import { strictest } from './revocation.js';
import { revocationsOfIdentity } from './revocations-binding.js';
import { SignedImagesStore } from './signed-images.store.js';
import { addIdentity, getIdentity, revokeIdentity } from './trust-change.js';
import { TrustStore } from './trust.store.js';

@ApiTags('Trust')
@Controller('v1/attestors')
export class AttestorIdentitiesController {
  constructor(
    private readonly store: TrustStore,
    private readonly images: SignedImagesStore,
  ) {}

  @Post(':name/identities')
  @RequireRoles('trust-admin')
  @ApiOperation({
    summary: 'Add a keyless identity, or take a retired one back',
    description: 'Evidence that waited for the identity is looked at again and counts from then on.',
    operationId: 'addAttestorIdentity',
  })
  @ApiCreatedResponse({ standardSchema: attestorAnswer, description: 'Added' })
  @ApiOkResponse({
    standardSchema: attestorAnswer,
    description: 'The attestor holds the identity already, as it is named',
  })
  async addIdentity(
    @Param('name') name: string,
    @Body({ schema: documentedBy(identityDocument) }) body: unknown,
    @CallerParam() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AttestorAnswer> {
    const identity = parseIdentity(body);
    const changed = await this.store.change(caller.actor, (trust) => addIdentity(trust, name, identity));
    if (changed.change === null) reply.code(200);
    else created(reply, name);
    return answerOf(changed, name);
  }

  @Post(':name/identities/:identityId/revoke')
  @HttpCode(200)
  @RequireRoles('trust-admin')
  @ApiOperation({
    summary: 'Revoke an identity',
    description:
      'Evidence proved to be signed at or after `effectiveFrom` stops helping in the very next verdict; objections keep their ' +
      'place. As compromised it binds every certificate that fits, whoever else names it. Cannot be taken back, only moved ' +
      'earlier or from superseded to compromised.',
    operationId: 'revokeAttestorIdentity',
  })
  @ApiOkResponse({ standardSchema: revokedIdentityAnswer })
  async revoke(
    @Param('name') name: string,
    @Param('identityId') identityId: string,
    @Body({ schema: documentedBy(revocationDocument) }) body: unknown,
    @CallerParam() caller: Caller,
  ): Promise<RevokedIdentityAnswer> {
    const request = parseRevocation(body);
    const { trust } = await this.store.change(caller.actor, (current, now) =>
      revokeIdentity(current, name, identityId, request, now),
    );
    const identity = getIdentity(trust, name, identityId);
    const revocation = strictest(revocationsOfIdentity(trust, name, identity));
    if (revocation === null) throw new Error(`identity ${identityId} of ${name} was not revoked`);
    return toRevokedIdentity(revocation, await this.images.count({ type: 'identity', pattern: identity }));
  }
}
