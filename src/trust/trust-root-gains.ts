import type { AuthorityId } from '../intoto/proved-signer.js';
import type { TrustRoot } from '../intoto/sigstore/trust-root.js';
import { ROOT_CAUSE, rootCause, type GainCause } from './gain-causes.js';
import { holdRoot, type AuthorityWindow, type HeldRoot } from './trust-root-state.js';

type Windows = HeldRoot['windows'];

/**
 * By what causes anything could count under the next state of a trust root that could not under the previous one; null where
 * there is none. Taking an authority away may let something count as well: a certificate need not stand at a time that
 * nobody vouches for any more, and a root that lists no log of a kind asks for none.
 * A root of plain X.509 does not ask whether a certificate is meant for signing code, as one of Sigstore's form does.
 */
export function rootGains(previous: TrustRoot | null, next: TrustRoot | null): readonly GainCause[] {
  const before = windowsOf(previous);
  const after = windowsOf(next);
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (authority) => written(before.get(authority)) !== written(after.get(authority)),
  );
  const more = changed.some((authority) => isMore(before.get(authority) ?? [], after.get(authority) ?? []));
  const takesAnyPurpose = previous?.form === 'sigstore' && next?.form === 'x509';
  const asksForLess =
    takesAnyPurpose || (['ctlog', 'tlog'] as const).some((type) => lists(before, type) && !lists(after, type));
  const freed = asksForLess ? listed(after, 'ca') : [];
  const causes = [...(more || takesAnyPurpose ? [ROOT_CAUSE] : []), ...[...changed, ...freed].map(rootCause)];
  return [...new Set(causes)].sort();
}

function windowsOf(root: TrustRoot | null): Windows {
  return root === null ? new Map() : holdRoot('', root).windows;
}

function written(windows: readonly AuthorityWindow[] | undefined): string {
  const each = (windows ?? []).map(({ type, from, until }) => JSON.stringify([type, from, until]));
  return [...each].sort().join();
}

function isMore(before: readonly AuthorityWindow[], after: readonly AuthorityWindow[]): boolean {
  return after.some(
    (window) =>
      !before.some(({ type, from, until }) => type === window.type && from <= window.from && until >= window.until),
  );
}

function listed(windows: Windows, type: AuthorityWindow['type']): readonly AuthorityId[] {
  return [...windows].filter(([, all]) => all.some((window) => window.type === type)).map(([authority]) => authority);
}

function lists(windows: Windows, type: AuthorityWindow['type']): boolean {
  return listed(windows, type).length > 0;
}
