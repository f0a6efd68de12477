import * as z from 'zod';
import { PARAMETER_NAME } from './parameter-reference.js';
import { prose } from './value-shapes.js';

/*
 * The shape of a policy document, field by field, with what is expected of each in words. Both the reading of documents
 * and the published JSON Schema are made of it.
 */

const name = (expected: string): z.ZodString =>
  z
    .string(expected)
    .regex(/^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/, expected)
    .max(128, expected);

/** The shape of the whole document around its requirements and parameters. */
export function documentShape<R extends z.ZodType, P extends z.ZodType>(requirement: R, declaration: P) {
  return z.strictObject({
    policy: name('expected a name of lower-case letters, digits, dots, underscores and hyphens'),
    description: prose.optional(),
    mode: z
      .enum(['enforce', 'audit'], 'expected enforce or audit')
      .optional()
      .meta({ description: 'audit answers allow, and says what it would have denied' }),
    onPending: z
      .enum(['allow', 'deny'], 'expected allow or deny')
      .optional()
      .meta({ description: 'Whether evidence that is still being verified blocks' }),
    parameters: z
      .record(z.string().regex(PARAMETER_NAME), declaration, { error: 'expected names with declarations' })
      .optional()
      .meta({ description: 'What a gate must or may say about the place' }),
    requirements: z
      .array(requirement, { error: 'expected a list of requirements' })
      .min(1, 'expected at least one requirement')
      .max(200, 'expected at most 200 requirements'),
  });
}
