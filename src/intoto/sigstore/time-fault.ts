import type { Certificate } from './certificate.js';
import { subjectText } from './distinguished-name.js';
import { madeByOneOf, signersOf, type Timestamp } from './timestamp.js';
import { covers, type TrustedChain, type TrustedLog, type TrustedWindow } from './trust-material.js';

/**
 * Which of the moments is not one at which the certificate could be used under an authority: outside of the windows for which
 * the root lists it, or of the validity of a certificate. For people; null where none is amiss.
 */
export function certificateTimeFault(
  chains: readonly TrustedChain[],
  certificate: Certificate,
  moments: readonly Date[],
): string | null {
  const [first] = chains;
  if (first === undefined) return null;
  for (const moment of moments) {
    const listed = chains.filter(({ validFor }) => covers(validFor, moment));
    if (listed.length === 0) {
      return outside(`certificate authority ${first.name}`, chains, moment, 'the certificate was used');
    }
  }
  for (const one of [certificate, ...first.certChain]) {
    const moment = moments.find((candidate) => !one.validForDate(candidate));
    if (moment === undefined) continue;
    const which = one === certificate ? 'the certificate' : `certificate ${subjectText(one)} above it`;
    const window = spelt({ start: one.notBefore, end: one.notAfter });
    return `${which} was not valid when it was used: it is valid ${window}, and was used at ${moment.toISOString()}`;
  }
  return null;
}

/** Why a timestamp that names one of the authorities is not proved by it; null where it names none of them. */
export function timestampFault(
  timestamp: Timestamp,
  signature: Buffer,
  authorities: readonly TrustedChain[],
): string | null {
  const named = signersOf(timestamp, authorities);
  const [first] = named;
  if (first === undefined) return null;
  const { name, certChain } = first;
  if (!madeByOneOf(timestamp, signature, named)) {
    return `a timestamp that names authority ${name} does not verify: it is not by it, or of another signature`;
  }
  const at = timestamp.signingTime;
  if (!named.some(({ validFor }) => covers(validFor, at))) {
    return outside(`timestamp authority ${name}`, named, at, 'it made a timestamp');
  }
  const expired = certChain.find((certificate) => !certificate.validForDate(at));
  if (expired === undefined) return null;
  const window = spelt({ start: expired.notBefore, end: expired.notAfter });
  return `certificate ${subjectText(expired)} of timestamp authority ${name} is valid ${window}, not at ${at.toISOString()}`;
}

/** Why a log does not count at a moment; null where it does, or where there is no log. */
export function logTimeFault(kind: string, logs: readonly TrustedLog[], moment: Date): string | null {
  const [first] = logs;
  if (first === undefined || logs.some(({ validFor }) => covers(validFor, moment))) return null;
  return outside(`${kind} ${first.baseURL}`, logs, moment, 'it took something in');
}

function outside(
  who: string,
  listed: readonly { readonly validFor: TrustedWindow }[],
  moment: Date,
  what: string,
): string {
  const windows = listed.map(({ validFor }) => spelt(validFor)).join(', and ');
  return `${who} did not count when ${what}: the trust root lists it ${windows}, and that was at ${moment.toISOString()}`;
}

/** Years beyond four digits stand for an end that is not given. */
function spelt({ start, end }: TrustedWindow): string {
  const until = end.getUTCFullYear() > 9999 ? 'on' : `until ${end.toISOString()}`;
  return `from ${start.toISOString()} ${until}`;
}
