import { policyNotFound } from './asked.js';
import type { PolicyStore } from './policy.store.js';

/**
 * Throws AppError `policy_not_found` where nobody ever published a policy of this name. A filter by a name that is misspelt would
 * find nothing, and read as if nothing had been allowed. Policies are never deleted, so whatever has answered is known.
 *
 * @param name undefined: no policy was named.
 */
export async function assertPublished(
  policies: Pick<PolicyStore, 'findCurrent'>,
  name: string | undefined,
): Promise<void> {
  if (name !== undefined && (await policies.findCurrent(name)) === null) throw policyNotFound(name);
}
