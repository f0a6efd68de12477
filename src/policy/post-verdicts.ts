import { z } from 'zod';
import { assertRole, type Caller } from '../access/caller.js';
import { assertPinned } from '../access/pins.js';
import { AppError } from '../platform/app-error.js';
import { parseImageReference } from './verdict-request.js';
import type { IdentifiedVerdict } from './verdict.js';
import type { VerdictService } from './verdict.service.js';

const MOST_IMAGES = 500;

const occasion = z.string().max(500).optional();

/** What a gate asks on the record: one policy, any number of images, and what it says about the occasion. */
export const verdictsBody = z.strictObject({
  policy: z.string().min(1).max(200),
  images: z
    .array(z.string().max(1000))
    .min(1)
    .max(MOST_IMAGES)
    .describe('Digests, or `repository[:tag]@digest`; the repository scopes rules'),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  context: z
    .strictObject({
      environment: occasion,
      cluster: occasion,
      namespace: occasion,
      workload: occasion,
      requestedBy: occasion,
    })
    .optional()
    .describe('Recorded with the verdict, never evaluated'),
  breakGlass: z
    .strictObject({ justification: z.string().trim().min(10).max(2000) })
    .optional()
    .describe('Records the images as allowed whatever the policy says; for the role break-glass'),
});

/**
 * Decides for every image of the body, in its order, all verdicts on record before any is answered, or none.
 *
 * @throws AppError `request_invalid`, `digest_required`, `digest_malformed`, `repository_malformed`, and what one question
 * may meet: `policy_not_found`, `parameter_invalid`, `policy_not_permitted`, `parameter_not_permitted`; `role_missing` where
 * the caller may ask by policy and not by break-glass, or the other way round; `overloaded`.
 */
export async function postVerdicts(
  verdicts: VerdictService,
  body: unknown,
  caller: Caller,
): Promise<readonly IdentifiedVerdict[]> {
  const parsed = verdictsBody.safeParse(body);
  if (!parsed.success) {
    throw new AppError('malformed', 'request_invalid', 'the body is not a question for verdicts', {
      errors: parsed.error.issues.map((issue) => ({ path: pathOf(issue.path), message: issue.message })),
      cause: parsed.error,
    });
  }
  const { policy, images, context = null, breakGlass } = parsed.data;
  assertRole(caller, breakGlass === undefined ? ['gate'] : ['break-glass']);
  const parameters = assertPinned(caller, policy, parsed.data.parameters ?? {});
  const references = images.map((image, index) => parseImageReference(image, `images[${index}]`));
  const { actor } = caller;
  const asked = references.map((reference) => ({ ...reference, policy, parameters }));
  return verdicts.decideAll(
    asked,
    actor,
    context,
    breakGlass === undefined ? null : { justification: breakGlass.justification, by: actor },
  );
}

function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`))
    .join('');
}
