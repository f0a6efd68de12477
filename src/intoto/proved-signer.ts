import type { Sha256Digest } from './digest.js';
import type { SignatureScheme } from './signature-scheme.js';
import type { Thumbprint } from './thumbprint.js';

declare const brand: unique symbol;

/**
 * Names an authority of a trust root by what it is, whatever root lists it and for how long: `ca:`, `ctlog:`, `tlog:` or
 * `tsa:` and a sha256 in hex, over the certificates of its chain or over its log's public key.
 */
export type AuthorityId = string & { readonly [brand]: 'AuthorityId' };

/** That an authority vouches for something at a moment: RFC 3339 UTC with milliseconds. */
export interface Vouching {
  readonly authority: AuthorityId;
  readonly at: string;
}

/** The extensions of a Fulcio certificate that say more than who: by the names under which an identity asks for them. */
export const CLAIM_NAMES = [
  'buildSignerUri',
  'buildSignerDigest',
  'runnerEnvironment',
  'sourceRepositoryUri',
  'sourceRepositoryDigest',
  'sourceRepositoryRef',
  'sourceRepositoryIdentifier',
  'sourceRepositoryOwnerUri',
  'sourceRepositoryOwnerIdentifier',
  'buildConfigUri',
  'buildConfigDigest',
  'buildTrigger',
  'runInvocationUri',
  'sourceRepositoryVisibility',
  'deploymentEnvironment',
  'githubWorkflowTrigger',
  'githubWorkflowSha',
  'githubWorkflowName',
  'githubWorkflowRepository',
  'githubWorkflowRef',
] as const;
export type ClaimName = (typeof CLAIM_NAMES)[number];

/** Whom a certificate names. */
export interface CertificateIdentity {
  /** The OIDC issuer that knew the holder; null where no Fulcio issued the certificate. */
  readonly issuer: string | null;
  /** Subject alternative names, sorted, never empty; exactly one where there is an issuer. */
  readonly subjects: readonly string[];
  readonly claims: Readonly<Partial<Record<ClaimName, string>>>;
}

/** A signature by a known key, as mathematics shows it. */
export interface ProvedKey {
  readonly type: 'key';
  readonly thumbprint: Thumbprint;
  readonly scheme: SignatureScheme;
  /** Who vouches for when it was signed; sorted by authority and time, empty where nobody does. */
  readonly times: readonly Vouching[];
}

/**
 * A signature by the key of a certificate that chains to the authorities of a trust root, as mathematics shows it: the leaf
 * was valid at every one of `times`, and so was the chain. Whether those authorities are trusted is not said.
 */
export interface ProvedCertificate {
  readonly type: 'certificate';
  /** sha256 of the leaf's DER. */
  readonly certificate: Sha256Digest;
  /** Of the leaf's key. */
  readonly thumbprint: Thumbprint;
  readonly scheme: SignatureScheme;
  readonly identity: CertificateIdentity;
  /**
   * Whether the leaf is meant for signing code: its extended key usage says so, or there is none (RFC 5280, 4.2.1.12). It is
   * on record whatever root it was proved under, since a root of another form may list the same authorities.
   */
  readonly codeSigning: boolean;
  /** The certificate authority to which it chains. */
  readonly chain: AuthorityId;
  /** Certificate transparency logs that promised to list it, each at the moment of its SCT. */
  readonly ctlogs: readonly Vouching[];
  /** Transparency logs in which the signature is included. */
  readonly tlogs: readonly AuthorityId[];
  /** Who vouches for when it was signed: timestamp authorities and logs; sorted, never empty. */
  readonly times: readonly Vouching[];
}

/** Who made one signature, as mathematics shows it and nothing more. */
export type ProvedSigner = ProvedKey | ProvedCertificate;

/** The earliest moment at which somebody vouches that the signature was there, RFC 3339; null where nobody does. */
export function earliestVouched({ times }: ProvedSigner): string | null {
  return times.reduce<string | null>((first, { at }) => (first === null || at < first ? at : first), null);
}
