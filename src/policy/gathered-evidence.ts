import type { CompiledEvidence } from './compile-policy.js';
import type { Gathered } from './evidence.js';

/** What has been gathered for one verdict so far, by requirement, and apart for each set of images whose evidence serves. */
export class GatheredEvidence {
  private readonly byRequirement = new Map<CompiledEvidence, Gathered>();
  private readonly served = new Map<string, GatheredEvidence>();

  get(requirement: CompiledEvidence): Gathered | undefined {
    return this.byRequirement.get(requirement);
  }

  set(requirement: CompiledEvidence, gathered: Gathered): void {
    this.byRequirement.set(requirement, gathered);
  }

  /** What has been gathered with the help of these images' evidence. */
  servedBy(images: readonly string[]): GatheredEvidence {
    const key = images.join(' ');
    const known = this.served.get(key) ?? new GatheredEvidence();
    this.served.set(key, known);
    return known;
  }
}
