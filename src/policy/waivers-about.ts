import type { Sha256Digest } from '../intoto/digest.js';
import type { PolicyDocument } from './policy-document.js';
import type { Parameters } from './verdict.js';
import { misfitOf } from './waivable-requirements.js';
import { NO_WAIVERS, type Waiver, type WaiversByRequirement } from './waiver.js';

/** What a waiver is held against beside the clock. */
export interface WaivedQuestion {
  readonly policy: string;
  readonly digest: Sha256Digest;
  /** As the gate named it, compared as it is written; null where it named none, which is in no waiver's repository. */
  readonly repository: string | null;
  readonly parameters: Parameters;
}

/**
 * The waivers of this policy, scope and parameters, whenever they hold; none that the policy's document does not let name
 * what it names.
 */
export function waiversAbout(
  waivers: readonly Waiver[],
  question: WaivedQuestion,
  document: PolicyDocument,
): WaiversByRequirement {
  const about = waivers.filter((waiver) => isAbout(waiver, question) && misfitOf(waiver, document) === null);
  return about.length === 0 ? NO_WAIVERS : Map.groupBy(about, ({ requirement }) => requirement);
}

function isAbout({ policy, scope, parameters }: Waiver, question: WaivedQuestion): boolean {
  if (policy !== question.policy) return false;
  const isInScope =
    scope.type === 'digest' ? scope.digest === question.digest : scope.repository === question.repository;
  return (
    isInScope &&
    Object.entries(parameters).every(
      ([name, value]) => Object.hasOwn(question.parameters, name) && question.parameters[name] === value,
    )
  );
}
