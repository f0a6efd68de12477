import { compilePolicy, type CompiledPolicy } from './compile-policy.js';
import { parsePolicy } from './parse-policy.js';
import type { PolicyRevision } from './policy.store.js';

/** A revision of a policy, by default the current one, ready to evaluate. */
export interface CurrentPolicy {
  readonly revision: PolicyRevision;
  readonly compiled: CompiledPolicy;
}

/** Loads one policy's current revision together with the counter that every change of a policy raises, in one snapshot. */
export type LoadPolicy = (
  name: string,
) => Promise<{ readonly counter: number; readonly revision: PolicyRevision | null }>;

/**
 * Compiled policies by name, as they are at one value of the policies' counter. Whoever asks names the counter that it
 * read for its request; `undefined` answers that the policies have changed since, so that the caller reads again.
 */
export class PolicyCache {
  private counter = -1;
  private readonly policies = new Map<string, CurrentPolicy | null>();

  constructor(private readonly load: LoadPolicy) {}

  async at(counter: number, name: string): Promise<CurrentPolicy | null | undefined> {
    if (counter > this.counter) {
      this.counter = counter;
      this.policies.clear();
    }
    if (counter === this.counter) {
      const known = this.policies.get(name);
      if (known !== undefined) return known;
    }
    const loaded = await this.load(name);
    if (loaded.counter !== counter) return undefined;
    const current = loaded.revision === null ? null : prepare(loaded.revision);
    // Unknown names are not kept: a caller could invent any number of them.
    if (current !== null && counter === this.counter) this.policies.set(name, current);
    return current;
  }
}

/** Reads and compiles a revision. Throws PolicyFault where this release takes the document no longer. */
export function prepare(revision: PolicyRevision): CurrentPolicy {
  return { revision, compiled: compilePolicy(parsePolicy(revision.source, revision.format)) };
}
