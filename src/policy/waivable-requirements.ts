import type { PolicyDocument, Requirement } from './policy-document.js';
import type { Waiver } from './waiver.js';

/** A requirement that a waiver may name. */
export interface WaivableRequirement {
  readonly id: string;
  /** It is about scans, so that single findings of them can be waived. */
  readonly scans: boolean;
}

/**
 * The requirements of a policy that a waiver may name: all with an id, those inside of others too, but for what is below a
 * `not`. There what passes denies, so a waiver could only do harm; the requirement that holds the `not` can be named.
 */
export function waivableRequirements(document: PolicyDocument): ReadonlyMap<string, WaivableRequirement> {
  return new Map(document.requirements.flatMap(waivableIn).map((requirement) => [requirement.id, requirement]));
}

function waivableIn(requirement: Requirement): readonly WaivableRequirement[] {
  const inner =
    'anyOf' in requirement
      ? requirement.anyOf.flatMap(waivableIn)
      : 'allOf' in requirement
        ? requirement.allOf.flatMap(waivableIn)
        : [];
  if (requirement.id === undefined) return inner;
  const scans = 'kind' in requirement && requirement.kind === 'scan';
  return [{ id: requirement.id, scans }, ...inner];
}

/** What a waiver says of the policy that it is for. */
export type WaivedOfPolicy = Pick<Waiver, 'requirement' | 'vulnerability' | 'parameters'>;

/** A member of a waiver that fits nothing in the policy. */
export interface Misfit {
  readonly path: 'requirement' | 'vulnerability' | 'parameters';
  readonly message: string;
}

/** Why a waiver can waive nothing under this document of its policy, whatever is asked; null where it can. */
export function misfitOf(
  { requirement, vulnerability, parameters }: WaivedOfPolicy,
  document: PolicyDocument,
): Misfit | null {
  const waivable = waivableRequirements(document);
  const named = waivable.get(requirement);
  if (named === undefined) {
    return {
      path: 'requirement',
      message: `the policy has no requirement ${requirement} that can be waived; it has ${[...waivable.keys()].join(', ')}`,
    };
  }
  if (vulnerability !== null && !named.scans) {
    return { path: 'vulnerability', message: `requirement ${requirement} is not about scans, so it has no findings` };
  }
  const unknown = Object.keys(parameters).filter((name) => !Object.hasOwn(document.parameters ?? {}, name));
  if (unknown.length > 0) {
    return { path: 'parameters', message: `the policy has no parameter ${unknown.join(', ')}` };
  }
  return null;
}
