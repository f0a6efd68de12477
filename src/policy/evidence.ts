import type { Fact } from '../facts/fact.js';
import type { Thumbprint } from '../trust/signer.js';
import type { Times } from './evidence-times.js';
import type { ConsideredCode } from './verdict.js';

/** One signature over a fact, as one attestor's. */
export interface Route {
  readonly attestor: string;
  readonly thumbprint: Thumbprint;
  /** How people call the signer: `key k1 of qa`. */
  readonly label: string;
}

/** One fact as a member of one group, with what it may do there. */
export interface Entry {
  readonly fact: Fact;
  /** Evidence of one group speaks of one thing in one voice: the newest of it stands for the rest. */
  readonly group: string;
  /** Whose evidence it is: the approver of an approval, else the attestor. */
  readonly voice: string;
  /** It counts where it passes. */
  readonly helps: boolean;
  /** It stands in the way where it does not pass. */
  readonly hinders: boolean;
  /** The signatures by which it helps. */
  readonly routes: readonly Route[];
  /** Why it does not help. */
  readonly refusal: Refusal | null;
  /** The least and the most recent that it can be. */
  readonly earliest: Times;
  readonly latest: Times;
  /** The highest SLSA level concluded for a builder by those whose evidence this is. */
  levelOf(builder: string): number;
}

export interface Refusal {
  readonly code: ConsideredCode;
  readonly message: string;
}

/** Orders entries by what they are, so that no order of facts shows in a verdict. */
export function byAttestation(a: Entry, b: Entry): number {
  const [one, other] = [a, b].map(({ fact, group }) => JSON.stringify([fact.attestation, group, fact.id]));
  return one === other ? 0 : (one ?? '') < (other ?? '') ? -1 : 1;
}
