import { kindOf } from '../intoto/predicate-kind.js';
import type { CelExpression } from './cel-expression.js';
import { evidenceIn, type CompiledEvidence, type CompiledRequirement } from './compile-policy.js';
import type { Requirement } from './policy-document.js';

/** A requirement about builds whose evidence tells of what the image was built. */
export interface NamingBuild {
  readonly requirement: CompiledEvidence;
  /** The conditions of every `anyOf` around it, the outermost first. */
  readonly within: readonly CelExpression[];
}

/**
 * The requirements about builds that may say what was built: those of the policy's own list, and those in an `anyOf` there.
 * Whatever satisfies one of them satisfies a requirement of the policy by itself. A build in an `allOf` counts only
 * together with something else, and one under a `not` is what must not be: neither says anything here.
 */
export function namingBuilds(requirements: readonly CompiledRequirement[]): readonly NamingBuild[] {
  return requirements.flatMap((requirement) => namingIn(requirement, []));
}

function namingIn(requirement: CompiledRequirement, within: readonly CelExpression[]): readonly NamingBuild[] {
  switch (requirement.type) {
    case 'evidence':
      return requirement.kind === 'build' ? [{ requirement, within }] : [];
    case 'anyOf': {
      const inside = requirement.when === null ? within : [...within, requirement.when];
      return requirement.branches.flatMap((branch) => namingIn(branch, inside));
    }
    case 'check':
    case 'allOf':
    case 'not':
      return [];
  }
}

/** Every requirement for builds, however deep. */
export function buildsAskedFor(requirements: readonly CompiledRequirement[]): readonly CompiledEvidence[] {
  return requirements.flatMap(evidenceIn).filter(({ kind }) => kind === 'build');
}

/** Whether a requirement of a document's list is, or offers, one that may say what was built. */
export function isNamingBuild(requirement: Requirement): boolean {
  if ('anyOf' in requirement) return requirement.anyOf.some(isNamingBuild);
  if ('kind' in requirement) return requirement.kind === 'build';
  return 'predicateType' in requirement && kindOf(requirement.predicateType) === 'build';
}
