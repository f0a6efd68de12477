import type { PolicyDocument, Requirement } from './policy-document.js';
import { bindNumber } from './value-match.js';
import type { Verdict } from './verdict.js';

/**
 * The highest SLSA build level that the verdict proves of the image, 1 to 3, or null where it proves none: that of a
 * requirement of its own which is about a build, asks for a level and is satisfied. One that was waived proves nothing,
 * and neither does one inside of `anyOf`, `allOf` or `not`, whose result does not say which branch held.
 */
export function provedBuildLevel(document: PolicyDocument, verdict: Verdict): number | null {
  const results = new Map(verdict.requirements.map((result) => [result.id, result]));
  const levels = document.requirements.flatMap((requirement, index) => {
    const result = results.get(requirement.id ?? `requirements[${index}]`);
    if (result?.status !== 'satisfied' || result.evidence.length === 0) return [];
    return levelAsked(requirement, verdict) ?? [];
  });
  return levels.length === 0 ? null : Math.max(...levels);
}

function levelAsked(requirement: Requirement, { parameters }: Verdict): number | null {
  if (!('kind' in requirement) || requirement.kind !== 'build') return null;
  // What is said of a commit is not said of the image.
  const about: string = requirement.of ?? 'image';
  if (about !== 'image') return null;
  const asked = requirement.where?.slsaLevel;
  if (asked === undefined) return null;
  const level = bindNumber(asked)(parameters);
  return level === 1 || level === 2 || level === 3 ? level : null;
}
