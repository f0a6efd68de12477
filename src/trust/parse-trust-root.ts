import { Malformed } from '../intoto/malformed.js';
import type { TrustRoot } from '../intoto/sigstore/trust-root.js';
import { AppError } from '../platform/app-error.js';
import { trustRootName } from './attestor-document.js';
import type { TrustRootFormats } from './trust-root-formats.js';

/** What exceeds it is left out, so that no document can make a long answer. */
const MAX_LISTED = 100;

/**
 * Reads what was PUT under the name of a trust root, in any of the forms known.
 *
 * @throws AppError `trust_root_malformed` with the path of every fault.
 */
export function parseRoot(name: string, body: unknown, { parse }: Pick<TrustRootFormats, 'parse'>): TrustRoot {
  const named = trustRootName.safeParse(name);
  const faults = (named.error?.issues ?? []).map(({ message }) => ({ path: 'name', message }));
  try {
    const root = parse(body);
    if (faults.length === 0) return root;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    faults.push(...error.faults);
  }
  throw new AppError('malformed', 'trust_root_malformed', 'the trust root is malformed', {
    errors: faults.slice(0, MAX_LISTED),
  });
}
