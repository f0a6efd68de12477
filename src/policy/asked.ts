import type { Sha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { parseParameters } from './parse-parameters.js';
import type { CurrentPolicy } from './policy-cache.js';
import type { Question } from './question.js';

/** A question as it is asked: parameters as given, not yet held against the policy. */
export interface Asked {
  readonly digest: Sha256Digest;
  readonly repository: string | null;
  readonly policy: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What is asked, held against the policy. Throws AppError `parameter_invalid`. */
export function questionOf(asked: Asked, current: CurrentPolicy): Question {
  return {
    digest: asked.digest,
    repository: asked.repository,
    policy: asked.policy,
    parameters: parseParameters(current.compiled.document, asked.parameters),
  };
}

/** The fault of a question under a policy that nobody has published. */
export function policyNotFound(name: string): AppError {
  return new AppError('not_found', 'policy_not_found', `no policy is named ${name}`);
}
