import type { AuthorityId } from './proved-signer.js';

/** An authority that a trust root lists. One and the same may be listed several times, for several periods. */
export interface Authority {
  readonly id: AuthorityId;
  /** Issues certificates; promises to list them; lists signatures; timestamps them. */
  readonly type: 'ca' | 'ctlog' | 'tlog' | 'tsa';
  /** What people call it: a subject or a host. */
  readonly name: string;
  /** First moment at which it is trusted; RFC 3339 UTC. */
  readonly validFrom: string;
  /** Last moment at which it is trusted, itself included; null where no end is set. */
  readonly validUntil: string | null;
}

/** Whom to believe about who signed, and when: a Sigstore TrustedRoot, or certificate authorities of one's own. */
export interface TrustRoot {
  readonly form: 'sigstore' | 'x509';
  readonly authorities: readonly Authority[];
  /** The document, as JSON: equal for roots that say the same. */
  readonly json: object;
}
