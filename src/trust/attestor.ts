import type { Kind } from '../intoto/predicate-kind.js';
import type { SignatureScheme } from '../intoto/signature-scheme.js';
import type { Thumbprint } from './signer.js';

/** A public key as an attestor holds it. Times are RFC 3339 UTC with milliseconds. */
export interface AttestorKey {
  readonly id: string;
  readonly thumbprint: Thumbprint;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
  /** Every way in which a signature by this key may have been made; never empty. */
  readonly schemes: readonly SignatureScheme[];
  readonly validFrom: string | null;
  readonly validUntil: string | null;
  /** Who stands behind the key, where it is a person's. */
  readonly person: string | null;
  /** When a later document left the key out; evidence from then on does not count. null while it is named. */
  readonly retiredAt: string | null;
}

/** A named authority: its keys, the evidence it may sign, and where. */
export interface Attestor {
  readonly name: string;
  readonly description: string | null;
  /** Exactly one of `kinds` and `predicateTypes` is given; the other is null. */
  readonly kinds: readonly Kind[] | null;
  readonly predicateTypes: readonly string[] | null;
  readonly keys: readonly AttestorKey[];
  /** Globs over the repository a gate names; null where the attestor is not limited. */
  readonly repositories: readonly string[] | null;
  /** The SLSA build level concluded for this attestor's evidence about a builder; none named, level 0. */
  readonly builders: readonly { readonly id: string; readonly slsaLevel: number }[];
  /** Whether approvals it signs may name an approver other than the signer (a ticket system's bot). */
  readonly mayNameApprovers: boolean;
}

/** What an attestor was from `at` until its next state. `attestor` is null from its deletion on. */
export interface AttestorState {
  readonly at: string;
  readonly trustRevision: number;
  readonly attestor: Attestor | null;
}

export interface KeyRevocation {
  readonly thumbprint: Thumbprint;
  readonly attestor: string;
  readonly keyId: string;
  /** `compromised` binds the thumbprint under every attestor; `superseded` only under the one named. */
  readonly reason: 'superseded' | 'compromised';
  /** Evidence received, or proved to be signed, at or after this moment stops helping; null: ever. */
  readonly effectiveFrom: string | null;
  /** When the revocation was recorded. */
  readonly at: string;
}

/** Everything trust knew at one revision; immutable, so one snapshot serves any number of evaluations. */
export interface TrustSnapshot {
  readonly revision: number;
  /** By attestor name, each history oldest first. Deleted attestors stay: their objections keep their place. */
  readonly attestors: ReadonlyMap<string, readonly AttestorState[]>;
  readonly revocations: readonly KeyRevocation[];
}
