import { z } from 'zod';
import { isAttestationId } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { parseDigest, parseRepository } from '../policy/verdict-request.js';
import type { HoldScope, RequestedHold } from './legal-hold.js';

const words = (most: number): z.ZodString => z.string().trim().min(1).max(most);
const name = z.string().max(1000).optional();

/** The body of a request for a legal hold. */
export const holdRequest = z.strictObject({
  scope: z
    .strictObject({ digest: name, repository: name, attestation: name, everything: z.literal(true).optional() })
    .refine(
      (scope) => Object.keys(scope).length === 1,
      'expected one of digest, repository, attestation and everything',
    )
    .describe('One image, one repository as gates name it, one attestation by its id, or everything'),
  reason: words(1000),
  reference: words(500).optional().describe('Where the matter is written down'),
});
export type HoldRequest = z.infer<typeof holdRequest>;

/** The body of a request to release one. */
export const holdReleaseRequest = z.strictObject({ reason: words(1000) });
export type HoldReleaseRequest = z.infer<typeof holdReleaseRequest>;

/** @throws AppError `digest_malformed`, `repository_malformed`, `attestation_id_malformed` */
export function parseHoldRequest({ scope, reason, reference }: HoldRequest): RequestedHold {
  return { ...targetOf(scope), reason, reference: reference ?? null };
}

function targetOf({ digest, repository, attestation }: HoldRequest['scope']): {
  readonly scope: HoldScope;
  readonly target: string | null;
} {
  if (digest !== undefined) return { scope: 'image', target: parseDigest(digest, 'scope.digest') };
  if (repository !== undefined) return { scope: 'repository', target: parseRepository(repository, 'scope.repository') };
  if (attestation === undefined) return { scope: 'everything', target: null };
  if (isAttestationId(attestation)) return { scope: 'attestation', target: attestation };
  const message = 'expected sha256: and 64 lower-case hex digits';
  throw new AppError('malformed', 'attestation_id_malformed', `scope.attestation: ${message}`, {
    errors: [{ path: 'scope.attestation', message }],
  });
}
