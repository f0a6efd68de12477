import type { Waiver } from './waiver.js';

/** Loads the waivers of a policy as of a committed waiver revision; `now` is when they are asked for. */
export type LoadWaivers = (policy: string, revision: number, now: Date) => Promise<readonly Waiver[]>;

/**
 * The waivers of policies as they are at one waiver revision. Whoever asks names the revision that it read for its request,
 * and is given those of that revision and no other.
 */
export class WaiverCache {
  private revision = -1;
  private readonly policies = new Map<string, readonly Waiver[]>();

  constructor(private readonly load: LoadWaivers) {}

  /** @param policy one that there is: any number of others could be invented. */
  async at(revision: number, policy: string, now: Date): Promise<readonly Waiver[]> {
    if (revision > this.revision) {
      this.revision = revision;
      this.policies.clear();
    }
    if (revision === this.revision) {
      const known = this.policies.get(policy);
      if (known !== undefined) return known;
    }
    const waivers = await this.load(policy, revision, now);
    if (revision === this.revision) this.policies.set(policy, waivers);
    return waivers;
  }
}
