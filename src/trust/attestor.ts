import type { Kind } from '../intoto/predicate-kind.js';
import type { ClaimName } from '../intoto/proved-signer.js';
import type { SignatureScheme } from '../intoto/signature-scheme.js';
import type { Thumbprint } from './signer.js';

/** The trust root of keys and identities that name none. It is built in. */
export const PUBLIC_GOOD = 'public-good';

/** A public key as an attestor holds it. Times are RFC 3339 UTC with milliseconds. */
export interface AttestorKey {
  /** Names the key within its attestor, in every later document too: one id never stands for two keys. */
  readonly id: string;
  readonly thumbprint: Thumbprint;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
  /** Every way in which a signature by this key may have been made; never empty. */
  readonly schemes: readonly SignatureScheme[];
  /** The name of the root whose timestamps and logs prove when the key signed. */
  readonly trustRoot: string;
  /** First moment at which evidence counts; null: ever. */
  readonly validFrom: string | null;
  /** First moment at which evidence no longer counts; null: never. */
  readonly validUntil: string | null;
  /** Who stands behind the key, where it is a person's. */
  readonly person: string | null;
  /** When a later document left the key out; evidence from then on does not count. null while it is named. */
  readonly retiredAt: string | null;
}

/** Which certificates an identity is for: all that it names must be so of the certificate. */
export interface IdentityPattern {
  /** Compared byte for byte; null: certificates without an OIDC issuer, and no others. */
  readonly issuer: string | null;
  /** Exactly one of `subject` and `subjectGlob` is given; the other is null. */
  readonly subject: string | null;
  readonly subjectGlob: string | null;
  /** By claim, an anchored glob of its value. */
  readonly claims: Readonly<Partial<Record<ClaimName, string>>>;
  /** The name of the root under which a certificate has to stand. */
  readonly trustRoot: string;
}

/** Whoever a certificate names, as an attestor takes them for its own. Times are RFC 3339 UTC with milliseconds. */
export interface AttestorIdentity extends IdentityPattern {
  /** Names the identity within its attestor, in every later document too: one id never stands for two patterns. */
  readonly id: string;
  /** First moment at which evidence counts; null: ever. Held against the time at which it is proved to be signed. */
  readonly validFrom: string | null;
  /** First moment at which evidence no longer counts; null: never. */
  readonly validUntil: string | null;
  /** Who the subject is, where it is a person's; only beside `subject`. */
  readonly person: string | null;
  /** When a later document left the identity out; evidence signed from then on does not count. null while it is named. */
  readonly retiredAt: string | null;
}

/** A named authority: its keys and identities, the evidence it may sign, and where. */
export interface Attestor {
  readonly name: string;
  readonly description: string | null;
  /** Exactly one of `kinds` and `predicateTypes` is given; the other is null. */
  readonly kinds: readonly Kind[] | null;
  readonly predicateTypes: readonly string[] | null;
  /** In the order of their ids; no two have one id or one thumbprint. */
  readonly keys: readonly AttestorKey[];
  /** In the order of their ids; no two have one id or one pattern. */
  readonly identities: readonly AttestorIdentity[];
  /** Globs over the repository a gate names; null where the attestor is not limited. */
  readonly repositories: readonly string[] | null;
  /** The SLSA build level concluded for this attestor's evidence about a builder, by id or glob; none named, level 0. */
  readonly builders: readonly { readonly id: string; readonly slsaLevel: number }[];
  /** Whether approvals it signs may name an approver other than the signer (a ticket system's bot). */
  readonly mayNameApprovers: boolean;
}

/** What an attestor was made at one trust revision, as it is on record. `attestor` is null where it was deleted. */
export interface AttestorRecord {
  readonly name: string;
  readonly trustRevision: number;
  /** RFC 3339 UTC with milliseconds; never earlier than that of an earlier revision. */
  readonly at: string;
  readonly attestor: RecordedAttestor | null;
}

/** An attestor as it was recorded: before there were identities and trust roots, without them. */
export type RecordedAttestor = Omit<Attestor, 'keys' | 'identities'> & {
  readonly keys: readonly (Omit<AttestorKey, 'trustRoot'> & Partial<Pick<AttestorKey, 'trustRoot'>>)[];
  readonly identities?: readonly AttestorIdentity[];
};

/** The attestor that was recorded, with what it went without. */
export function attestorOf(recorded: RecordedAttestor): Attestor {
  return {
    ...recorded,
    keys: recorded.keys.map((key) => ({ ...key, trustRoot: key.trustRoot ?? PUBLIC_GOOD })),
    identities: recorded.identities ?? [],
  };
}

export const REVOCATION_REASONS = ['superseded', 'compromised'] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

/** That a key was revoked, as it is on record. A key revoked earlier than before has several. */
export interface KeyRevocation {
  readonly thumbprint: Thumbprint;
  readonly attestor: string;
  readonly keyId: string;
  /** `compromised` binds the thumbprint under every attestor; `superseded` only under the one named. */
  readonly reason: RevocationReason;
  /** Evidence received, or proved to be signed, at or after this moment stops helping; null: ever. */
  readonly effectiveFrom: string | null;
  /** When the revocation was recorded. */
  readonly at: string;
  readonly trustRevision: number;
}

/** That an identity was revoked, as it is on record. An identity revoked earlier than before has several. */
export interface IdentityRevocation {
  readonly attestor: string;
  readonly identityId: string;
  /** What it was: `compromised` binds every certificate that fits it, whoever else may name it. */
  readonly pattern: IdentityPattern;
  /** `superseded` binds only the identity of the attestor named. */
  readonly reason: RevocationReason;
  /** Evidence proved to be signed at or after this moment stops helping; null: ever. */
  readonly effectiveFrom: string | null;
  /** When the revocation was recorded. */
  readonly at: string;
  readonly trustRevision: number;
}
