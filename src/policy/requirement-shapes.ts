import * as z from 'zod';
import { DURATION_PATTERN } from './duration.js';
import { DISTINCTIONS, SELECTS, SUBJECTS_OF_EVIDENCE } from './policy-document.js';
import { attestors, expression, prose } from './value-shapes.js';
import { approvalWhere, buildWhere, sbomWhere, scanWhere, summaryWhere, testWhere } from './where-shapes.js';

const ID_EXPECTED = 'expected an id of lower-case letters, digits and hyphens, such as built-by-our-ci';

export const requirementId = z
  .string(ID_EXPECTED)
  .regex(/^[a-z0-9][a-z0-9-]*$/, ID_EXPECTED)
  .max(128, 'expected at most 128 characters');

/** The shapes of a requirement, by the field that says what it is; `kind` stands for one shape for each kind. */
export function requirementShapes<Id extends z.ZodType, Inner extends z.ZodType>(id: Id, inner: Inner) {
  const common = {
    id,
    description: prose.optional(),
    when: expression.optional().meta({ description: 'CEL over params and image: whether the requirement applies' }),
  };
  const evidence = {
    ...common,
    from: attestors,
    select: z.enum(SELECTS, `expected one of ${SELECTS.join(', ')}`).optional(),
    count: z
      .int('expected a whole number, 1 or more')
      .min(1, 'expected a whole number, 1 or more')
      .max(1000, 'expected at most 1000')
      .optional()
      .meta({ description: 'How many must pass; default 1' }),
    distinct: z.enum(DISTINCTIONS, `expected one of ${DISTINCTIONS.join(', ')}`).optional(),
    maxAge: z
      .string('expected a duration above zero, such as 24h, 7d or P1DT12H')
      .regex(DURATION_PATTERN, 'expected a duration above zero, such as 24h, 7d or P1DT12H')
      .optional(),
    order: z
      .literal('proven', 'expected proven')
      .optional()
      .meta({ description: 'Order by proven signing times, and refuse evidence that has none' }),
    of: z.literal('image', 'expected image: this kind is always about the image').optional(),
    via: z
      .literal('index', 'expected index')
      .optional()
      .meta({ description: 'index: what is said of an index serves its manifests, and the other way round' }),
    check: expression.optional().meta({ description: 'CEL that must hold for what was picked' }),
  };
  const ofEither = z
    .enum(SUBJECTS_OF_EVIDENCE, 'expected image or source')
    .optional()
    .meta({ description: 'source: evidence about the commit that the builds which satisfy the policy name' });
  const branches = (word: string) =>
    z.array(inner, { error: 'expected a list of requirements' }).min(1, `expected at least one requirement in ${word}`);
  return {
    kind: {
      build: z.strictObject({ ...evidence, kind: z.literal('build'), where: buildWhere.optional() }),
      scan: z.strictObject({ ...evidence, of: ofEither, kind: z.literal('scan'), where: scanWhere.optional() }),
      test: z.strictObject({ ...evidence, of: ofEither, kind: z.literal('test'), where: testWhere.optional() }),
      approval: z.strictObject({
        ...evidence,
        of: ofEither,
        kind: z.literal('approval'),
        where: approvalWhere.optional(),
        notBy: z
          .literal('builder', 'expected builder')
          .optional()
          .meta({ description: 'builder: the approval of whoever signed the build does not count' }),
      }),
      sbom: z.strictObject({ ...evidence, kind: z.literal('sbom'), where: sbomWhere.optional() }),
      // What VEX says is judged with scans. By itself it is for `check` to judge: that a document is there proves nothing.
      vex: z.strictObject({ ...evidence, kind: z.literal('vex'), check: evidence.check.unwrap() }),
      summary: z.strictObject({
        ...evidence,
        of: ofEither,
        kind: z.literal('summary'),
        where: summaryWhere.optional(),
      }),
    },
    predicateType: z.strictObject({
      ...evidence,
      of: ofEither,
      predicateType: z.string('expected a predicate type').min(1, 'expected a predicate type').max(1024),
    }),
    anyOf: z.strictObject({ ...common, anyOf: branches('anyOf') }),
    allOf: z.strictObject({ ...common, allOf: branches('allOf') }),
    not: z.strictObject({ ...common, not: inner }),
    check: z.strictObject({ ...common, check: expression }),
  };
}
