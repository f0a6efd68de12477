import type { SignatureScheme } from '../intoto/signature-scheme.js';
import type { Thumbprint } from '../intoto/thumbprint.js';

export type { Thumbprint } from '../intoto/thumbprint.js';

/**
 * Who made one signature, as mathematics shows it and nothing more. It is recorded with the verification and never
 * changes; whether it counts is resolved by trust each time facts are read.
 */
export interface KeySigner {
  readonly type: 'key';
  readonly thumbprint: Thumbprint;
  readonly scheme: SignatureScheme;
  /** When this service received the first evidence that carries this signature; RFC 3339. */
  readonly receivedAt: string;
  /** When it received the last such evidence, where it came more than once; RFC 3339. */
  readonly lastReceivedAt?: string | undefined;
  /** A signing time proved by somebody other than the signer, or null. */
  readonly provenAt: string | null;
}

export type Signer = KeySigner;
