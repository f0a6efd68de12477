import type { AttestationId, Sha256Digest } from '../intoto/digest.js';

/** What each type of entry says beside who, when and about which image or attestation. Digests and names, no payloads. */
export interface HistoryData {
  'attestation.received': { readonly format: string; readonly predicateType: string; readonly size: number };
  'attestation.verified': Found & { readonly signers: readonly string[] };
  'attestation.rejected': Found & { readonly code: string };
  'attestation.error': Found & { readonly code: string };
  'envelope.dropped': {
    /** By which it was due, as the operator gave it. */
    readonly rule: string;
    readonly kind: string;
    readonly predicateType: string | null;
    /** Of the envelope, in bytes. */
    readonly size: number;
    /** sha256 of the envelope, which is the id of the attestation. */
    readonly digest: Sha256Digest;
    /** sha256 of what stays in its place, subjects and facts among it, as canonical JSON. */
    readonly record: Sha256Digest;
  };
  'hold.placed': {
    readonly hold: string;
    readonly scope: string;
    /** null where everything is held. */
    readonly target: string | null;
    readonly reason: string;
    readonly reference: string | null;
  };
  'hold.released': { readonly hold: string; readonly reason: string };
  'attestor.created': AttestorChange;
  'attestor.changed': AttestorChange;
  'attestor.deleted': { readonly attestor: string; readonly trustRevision: number };
  'key.revoked': {
    readonly attestor: string;
    readonly keyId: string;
    readonly thumbprint: string;
    readonly reason: 'superseded' | 'compromised';
    readonly effectiveFrom: string | null;
    readonly trustRevision: number;
  };
  'identity.revoked': {
    readonly attestor: string;
    readonly identityId: string;
    /** The certificates that it is for. */
    readonly pattern: object;
    readonly reason: 'superseded' | 'compromised';
    readonly effectiveFrom: string | null;
    readonly trustRevision: number;
  };
  'trust_root.created': TrustRootChange;
  'trust_root.changed': TrustRootChange;
  'trust_root.deleted': { readonly trustRoot: string; readonly trustRevision: number };
  'attestation.revoked': StatementActed;
  'attestation.retracted': StatementActed;
  'image.related': {
    readonly manifests: number;
    readonly size: number;
    /** From when on the images are related, with microseconds in UTC; entries of earlier releases do not say. */
    readonly at?: string;
  };
  'policy.changed': { readonly policy: string; readonly revision: number; readonly digest: Sha256Digest };
  'verdict.recorded': {
    readonly verdict: string;
    readonly policy: string;
    readonly revision: number;
    readonly decision: 'allow' | 'deny';
    /** sha256 of the verdict as canonical JSON. */
    readonly digest: Sha256Digest;
    /** The same of what the caller said about the occasion; null where that was nothing. */
    readonly context: Sha256Digest | null;
  };
  'verdict.break_glass': {
    readonly verdict: string;
    readonly policy: string;
    readonly revision: number;
    readonly decision: 'allow';
    readonly wouldDeny: boolean;
    readonly justification: string;
    /** sha256 of the verdict as canonical JSON. */
    readonly digest: Sha256Digest;
    /** The same of what the caller said about the occasion; null where that was nothing. */
    readonly context: Sha256Digest | null;
  };
  'waiver.created': WaiverAct & {
    readonly requirement: string;
    /** sha256 of the waiver as it was made, as canonical JSON. */
    readonly digest: Sha256Digest;
  };
  /** `at` in UTC with microseconds, `approver` the id of a token. */
  'waiver.approved': WaiverAct & { readonly approver: string; readonly at: string };
  'waiver.revoked': WaiverAct & { readonly reason: string; readonly at: string };
  'token.created': {
    readonly token: string;
    readonly name: string;
    readonly roles: readonly string[];
    /** `sha256:` and the digest of the hash under which the token is known; entries of earlier releases say nothing from here on. */
    readonly hash?: string;
    /** The policies to which it is pinned; null where to none. */
    readonly policies?: readonly string[] | null;
    /** The parameters to which it is pinned; null where to none. */
    readonly parameters?: Readonly<Record<string, string | number | boolean>> | null;
    /** RFC 3339 with milliseconds; null where it does not expire. */
    readonly expiresAt?: string | null;
  };
  'token.revoked': { readonly token: string; readonly name: string };
}

interface Found {
  readonly trustRevision: number;
  /** sha256 of all that the verification recorded, as canonical JSON. */
  readonly digest: Sha256Digest;
}

interface WaiverAct {
  readonly waiver: string;
  readonly waiverRevision: number;
  readonly policy: string;
}

interface AttestorChange {
  readonly attestor: string;
  readonly trustRevision: number;
  /** sha256 of the attestor's document as canonical JSON. */
  readonly digest: Sha256Digest;
}

interface TrustRootChange {
  readonly trustRoot: string;
  readonly trustRevision: number;
  /** sha256 of the root's document as canonical JSON. */
  readonly digest: Sha256Digest;
}

interface StatementActed {
  readonly reason: string;
  /** What was signed, whichever attestation holds it. */
  readonly signedDigest: Sha256Digest;
  /** Whom the act binds, sorted; null: whoever signed. Entries of earlier releases do not say. */
  readonly signers?: readonly string[] | null;
  readonly trustRevision: number;
}

export type HistoryType = keyof HistoryData;

const TYPES: Readonly<Record<HistoryType, true>> = {
  'attestation.received': true,
  'attestation.verified': true,
  'attestation.rejected': true,
  'attestation.error': true,
  'envelope.dropped': true,
  'hold.placed': true,
  'hold.released': true,
  'attestor.created': true,
  'attestor.changed': true,
  'attestor.deleted': true,
  'key.revoked': true,
  'identity.revoked': true,
  'trust_root.created': true,
  'trust_root.changed': true,
  'trust_root.deleted': true,
  'attestation.revoked': true,
  'attestation.retracted': true,
  'image.related': true,
  'policy.changed': true,
  'verdict.recorded': true,
  'verdict.break_glass': true,
  'waiver.created': true,
  'waiver.approved': true,
  'waiver.revoked': true,
  'token.created': true,
  'token.revoked': true,
};

/** Every type of entry, in the order above. */
export const HISTORY_TYPES = Object.keys(TYPES) as readonly HistoryType[];

/** One line of the account, to be appended in the transaction of the change it tells of. */
export type HistoryEntry = {
  readonly [T in HistoryType]: {
    readonly type: T;
    /** Who caused it: `token:`, the token's name, `#` and its id, or `service` where nobody asked. */
    readonly actor: string;
    readonly image: Sha256Digest | null;
    readonly attestation: AttestationId | null;
    readonly data: HistoryData[T];
  };
}[HistoryType];

/** The actor of what the service does on its own: verification, sequencing. */
export const SERVICE_ACTOR = 'service';
