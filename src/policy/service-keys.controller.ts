import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Public } from '../platform/roles.js';
import { SERVICE_KEYS, type ListedKey, type ServiceKeys } from './service-keys.js';

const keySet = z.object({
  keys: z
    .array(
      z.object({
        kty: z.string(),
        crv: z.string(),
        x: z.string(),
        y: z.string().optional(),
        use: z.literal('sig'),
        alg: z.enum(['ES256', 'EdDSA']).describe('ECDSA signatures in envelopes are in DER'),
        kid: z.string().describe('The `keyid` of its signatures: `sha256:` of the DER SubjectPublicKeyInfo'),
        pem: z.string().describe('The same key, as SubjectPublicKeyInfo in PEM'),
        retired: z.boolean().describe('It signs no more; what it signed stays signed'),
      }),
    )
    .describe('The key that signs is the first, where there is one'),
});

/** How long a reader may go on with the keys it has read, in seconds. */
const KEPT_SECONDS = 300;

/** The public keys of this service, for whoever verifies what it signed. */
@ApiTags('Verdicts')
@Public()
@Controller('.well-known/assay')
export class ServiceKeysController {
  constructor(@Inject(SERVICE_KEYS) private readonly keys: ServiceKeys) {}

  @Get('keys.json')
  @Header('cache-control', `public, max-age=${KEPT_SECONDS}`)
  @ApiOperation({
    summary: 'The public keys by which this service signs verdicts, as a JWK set (RFC 7517)',
    operationId: 'getServiceKeys',
    security: [],
  })
  @ApiOkResponse({ standardSchema: keySet })
  get(): object {
    return { keys: this.keys.listed.map(toJwk) };
  }
}

function toJwk({ publicKey, retired }: ListedKey): object {
  const { key, pem, thumbprint } = publicKey;
  const alg = key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : 'ES256';
  return { ...key.export({ format: 'jwk' }), use: 'sig', alg, kid: thumbprint, pem, retired };
}
