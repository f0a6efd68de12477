import type { Believed } from '../trust/weighed-revisions.js';
import { evidenceIn, type CompiledPolicy } from './compile-policy.js';

/** Whom a policy believes, through all its branches and of VEX as well. Waivers are approved by callers, not by attestors. */
export function believedBy({ requirements }: Pick<CompiledPolicy, 'requirements'>): Believed {
  const evidence = requirements.flatMap(evidenceIn);
  return {
    attestors: new Set(evidence.flatMap(({ from }) => from)),
    tellsApart: evidence.some(({ kind, distinct }) => kind === 'approval' || distinct !== null),
  };
}
