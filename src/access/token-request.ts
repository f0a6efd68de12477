import { z } from 'zod';
import { ROLES } from '../platform/roles.js';

const NAME = '[a-z0-9][a-z0-9._-]{0,99}';
const PARAMETER = '[A-Za-z][A-Za-z0-9_]{0,63}';

const name = z.string().regex(new RegExp(`^${NAME}$`), `must match ${NAME}`);

/** What the database can keep as jsonb: no NUL, no half of a surrogate pair. */
const text = z
  .string()
  .max(1000)
  .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed Unicode without NUL');

const pinnedParameters = z
  .record(
    z.string().regex(new RegExp(`^${PARAMETER}$`), `must match ${PARAMETER}`),
    z.union([text, z.number(), z.boolean()]),
  )
  .refine((given) => {
    const count = Object.keys(given).length;
    return count > 0 && count <= 100;
  }, 'must name 1 to 100 parameters, or be left out');

/** The body of a request for a new token. */
export const tokenRequest = z
  .strictObject({
    name: name.describe(
      'Shows in lists and in the history; several tokens may share one, as when one replaces another',
    ),
    roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
    expiresAt: z.iso
      .datetime({ offset: true })
      .nullish()
      .describe('From then on it is refused; must lie ahead. Left out: it does not expire'),
    policies: z
      .array(name)
      .min(1)
      .max(100)
      .nullish()
      .describe('The only policies by which it may ask for verdicts; for the roles gate and break-glass'),
    parameters: pinnedParameters
      .nullish()
      .describe(
        'Parameters that every verdict it asks for is given; another value is refused. For the roles gate and break-glass',
      ),
  })
  .superRefine(({ roles, policies, parameters }, context) => {
    const records = roles.includes('gate') || roles.includes('break-glass');
    if (roles.length === 0 || (records && !roles.includes('admin'))) return;
    // A pin that binds nothing would be taken for one that does.
    const message = roles.includes('admin')
      ? 'does not bind the role admin, which may do everything'
      : 'needs the role gate or break-glass, which alone put verdicts on record';
    for (const [field, value] of Object.entries({ policies, parameters })) {
      if (value !== null && value !== undefined) context.addIssue({ code: 'custom', path: [field], message });
    }
  });
export type TokenRequest = z.infer<typeof tokenRequest>;
