import type { AuthorityId } from '../intoto/proved-signer.js';
import type { Authority, TrustRoot } from '../intoto/sigstore/trust-root.js';
import { epochOf } from './epoch.js';

/** What a trust root was made at one trust revision, as it is on record. `root` is null where it was deleted. */
export interface TrustRootRecord {
  readonly name: string;
  readonly trustRevision: number;
  /** RFC 3339 UTC with milliseconds; never earlier than that of an earlier revision. */
  readonly at: string;
  readonly root: TrustRoot | null;
}

/** For how long a root trusts one of its authorities: in milliseconds since the epoch, both ends included. */
export interface AuthorityWindow {
  readonly type: Authority['type'];
  readonly from: number;
  readonly until: number;
}

/** Whom a root trusts, and for how long. */
export interface HeldRoot {
  readonly name: string;
  readonly root: TrustRoot;
  readonly windows: ReadonlyMap<AuthorityId, readonly AuthorityWindow[]>;
}

/** What a trust root was from `at`, in milliseconds since the epoch, until its next state. */
export interface RootState {
  readonly at: number;
  readonly trustRevision: number;
  /** null from its deletion on. */
  readonly held: HeldRoot | null;
  /** Whether it is the one that comes with the service. */
  readonly builtIn: boolean;
}

/**
 * The root with its windows as numbers.
 *
 * @throws RangeError where one of its times is not one.
 */
export function holdRoot(name: string, root: TrustRoot): HeldRoot {
  const windows = new Map<AuthorityId, readonly AuthorityWindow[]>();
  for (const { id, type, validFrom, validUntil } of root.authorities) {
    const window = { type, from: epochOf(validFrom), until: epochOf(validUntil, Infinity) };
    windows.set(id, [...(windows.get(id) ?? []), window]);
  }
  return { name, root, windows };
}
