import type { TrustedThings } from '../trust/touching-revisions.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import { believedAmong, weighedRevisions, type Believed } from '../trust/weighed-revisions.js';
import { evidenceIn, type CompiledPolicy } from './compile-policy.js';
import { tyingRevisions } from './tying-revisions.js';

/** Whom a policy believes, and whether it tells people or signers apart: then it matters what anybody says of who they are. */
export interface PolicyTrust extends Believed {
  readonly tellsApart: boolean;
}

/** Whom a policy believes, through all its branches and of VEX as well. Waivers are approved by callers, not by attestors. */
export function believedBy({ requirements }: Pick<CompiledPolicy, 'requirements'>): PolicyTrust {
  const evidence = requirements.flatMap(evidenceIn);
  return {
    attestors: new Set(evidence.flatMap(({ from }) => from)),
    tellsApart: evidence.some(({ kind, distinct }) => kind === 'approval' || distinct !== null),
  };
}

/** What trust is asked about an image: who signed what, and whom that names. */
export interface TrustedEvidence extends TrustedThings {
  readonly people: readonly string[];
}

/**
 * The trust revisions that a policy could come to notice: those that weigh with whom it believes, and where it tells people or
 * signers apart, those by which others of them are one.
 */
export function noticedRevisions(
  trust: TrustSnapshot,
  evidence: TrustedEvidence,
  { attestors, tellsApart }: PolicyTrust,
): readonly number[] {
  const weighed = weighedRevisions(trust, evidence, { attestors });
  if (!tellsApart) return weighed;
  const signers = believedAmong(trust, evidence.signers, attestors);
  const tying = tyingRevisions(trust, { signers, people: evidence.people, everybody: evidence.signers });
  return [...new Set([...weighed, ...tying])].sort((a, b) => a - b);
}
