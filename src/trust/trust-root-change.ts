import type { TrustRoot } from '../intoto/sigstore/trust-root.js';
import { AppError } from '../platform/app-error.js';
import { canonicalJson } from '../intoto/canonical-json.js';
import type { TrustChange } from './trust-change.js';
import { rootGains } from './trust-root-gains.js';
import type { RootState } from './trust-root-state.js';
import type { TrustSnapshot } from './trust-snapshot.js';

/** What a trust root PUT under a name changes; null where it is so already. */
export function putRoot(trust: TrustSnapshot, name: string, root: TrustRoot): TrustChange | null {
  const previous = trust.roots.get(name)?.at(-1)?.held?.root ?? null;
  if (previous !== null && isSame(previous, root)) return null;
  return { type: 'root', name, previous, root, gains: rootGains(previous, root) };
}

/** What differs in form alone asks for different things of a certificate. */
function isSame(one: TrustRoot, other: TrustRoot): boolean {
  return one.form === other.form && canonicalJson(one.json) === canonicalJson(other.json);
}

/**
 * Deletes a trust root: nothing stands under it any more. Where it was put in the place of the one that is built in, that one
 * is there again.
 *
 * @throws AppError `trust_root_not_found`, or `trust_root_built_in` for the built-in one itself.
 */
export function deleteRoot(trust: TrustSnapshot, name: string): TrustChange {
  const { held, builtIn } = getRoot(trust, name);
  if (builtIn) {
    throw new AppError('conflict', 'trust_root_built_in', `trust root ${name} is built in; PUT another in its place`);
  }
  const [first] = trust.roots.get(name) ?? [];
  const left = first?.builtIn === true ? (first.held?.root ?? null) : null;
  return { type: 'root', name, previous: held.root, root: null, gains: rootGains(held.root, left) };
}

/** The trust root as it is. Throws AppError `trust_root_not_found`. */
export function getRoot(
  trust: TrustSnapshot,
  name: string,
): RootState & { readonly held: NonNullable<RootState['held']> } {
  const state = trust.roots.get(name)?.at(-1);
  if (state === undefined || state.held === null) {
    throw new AppError('not_found', 'trust_root_not_found', `no trust root is named ${name}`);
  }
  return { ...state, held: state.held };
}
