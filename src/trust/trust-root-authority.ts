import type { AuthorityId, Vouching } from '../intoto/proved-signer.js';
import type { Authority } from '../intoto/sigstore/trust-root.js';
import { epochOf } from './epoch.js';
import { CLOCK_SKEW, type CertificateSigner, type Signer } from './signer.js';
import type { AuthorityWindow, HeldRoot } from './trust-root-state.js';

/** Whether a certificate stands under a root, by whom it trusts and for how long; else what is missing, for people. */
export type RootStanding =
  | {
      readonly stands: true;
      /** The earliest moment at which it is proved, under this root, to have signed; RFC 3339. */
      readonly provenAt: string;
    }
  | { readonly stands: false; readonly message: string };

/**
 * The earliest moment at which a signer is proved to have signed, by those whom the root trusts with that moment; null where
 * it is proved by none, or there is no such root. A moment more than five minutes after receipt proves nothing: the
 * signature was there before it. RFC 3339.
 *
 * @throws RangeError where a time of the signer is not one.
 */
export function provenTimeUnder(root: HeldRoot | null, signer: Signer): string | null {
  if (root === null) return null;
  const [first] = trustedTimes(root, signer).toSorted((a, b) => epochOf(a) - epochOf(b));
  return first ?? null;
}

/**
 * Resolves whether a certificate stands under a root, as mathematics has shown it to hang together: somebody whom the root
 * trusts with it says when it signed; at every such moment the root trusts the authority that issued it; where the root
 * lists certificate transparency logs, one of them promised to list it; where it lists transparency logs, one of them holds
 * the signature (Sigstore client specification, 4; windows include both ends). Under a root of Sigstore's form the
 * certificate must be meant for signing code; it may have been proved under one of the other form, which does not ask.
 *
 * @throws RangeError where a time of the signer is not one.
 */
export function certificateStandsUnder(root: HeldRoot, signer: CertificateSigner): RootStanding {
  const { name, windows } = root;
  const missing = (message: string): RootStanding => ({ stands: false, message });
  if (root.root.form === 'sigstore' && !signer.codeSigning) {
    return missing(`its certificate is not for signing code, as trust root ${name} asks in Sigstore's form`);
  }
  const provenAt = provenTimeUnder(root, signer);
  if (provenAt === null) return missing(untimed(root, signer));
  const times = trustedTimes(root, signer).map((time) => epochOf(time));
  const issuing = windowsOf(root, signer.chain, 'ca');
  if (issuing.length === 0)
    return missing(`trust root ${name} does not list the authority that issued its certificate`);
  if (!issuing.some((window) => times.every((time) => holds(window, time)))) {
    return missing(`trust root ${name} does not trust the authority that issued its certificate at that time`);
  }
  if (lists(windows, 'ctlog') && !signer.ctlogs.some((promise) => isVouchedFor(root, promise, 'ctlog'))) {
    return missing(`no certificate transparency log of trust root ${name} lists its certificate`);
  }
  const logged = signer.tlogs.some((log) =>
    windowsOf(root, log, 'tlog').some((window) => times.some((time) => holds(window, time))),
  );
  if (lists(windows, 'tlog') && !logged)
    return missing(`no transparency log of trust root ${name} holds its signature`);
  return { stands: true, provenAt };
}

/** The moments that count, and none of the future: whoever vouches for one has a wrong clock. */
function trustedTimes(root: HeldRoot, signer: Signer): readonly string[] {
  const latest = epochOf(signer.receivedAt) + CLOCK_SKEW;
  return vouchedTimes(root, signer).filter((time) => epochOf(time) <= latest);
}

/** Only timestamp authorities and transparency logs say when something was signed. */
function vouchedTimes(root: HeldRoot, { times }: Signer): readonly string[] {
  return times
    .filter((vouching) => isVouchedFor(root, vouching, 'tsa') || isVouchedFor(root, vouching, 'tlog'))
    .map(({ at }) => at);
}

function untimed(root: HeldRoot, signer: CertificateSigner): string {
  const { name } = root;
  const [ahead] = vouchedTimes(root, signer);
  return ahead === undefined
    ? `nobody whom trust root ${name} trusts says when it was signed`
    : `whoever trust root ${name} trusts with the time says ${ahead}, which is after it was received`;
}

function isVouchedFor(root: HeldRoot, { authority, at }: Vouching, type: Authority['type']): boolean {
  const moment = epochOf(at);
  return windowsOf(root, authority, type).some((window) => holds(window, moment));
}

function windowsOf(root: HeldRoot, authority: AuthorityId, type: Authority['type']): readonly AuthorityWindow[] {
  return (root.windows.get(authority) ?? []).filter((window) => window.type === type);
}

function holds({ from, until }: AuthorityWindow, moment: number): boolean {
  return from <= moment && moment <= until;
}

function lists(windows: HeldRoot['windows'], type: Authority['type']): boolean {
  return [...windows.values()].some((listed) => listed.some((window) => window.type === type));
}
