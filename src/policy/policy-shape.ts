import * as z from 'zod';
import { SBOM_FORMATS, SEVERITIES } from '../facts/fact.js';
import { DURATION_PATTERN } from './duration.js';
import { UNTIL_EXAMPLES } from './ignored-finding.js';
import { PARAMETER_NAME, REFERENCE, TEXT_OR_REFERENCE } from './parameter-reference.js';
import { DISTINCTIONS, SELECTS, SUBJECTS_OF_EVIDENCE } from './policy-document.js';

/*
 * The shape of a policy document, field by field, with what is expected of each in words. Both the reading of documents
 * and the published JSON Schema are made of it.
 */

const TEXT_EXPECTED =
  'expected text; a parameter is written "${params.name}" and is the whole value, a literal "${" is written "$${"';

const name = (expected: string): z.ZodString =>
  z
    .string(expected)
    .regex(/^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/, expected)
    .max(128, expected);

const prose = z.string('expected text').max(4096, 'expected at most 4096 characters');

const text = z
  .string(TEXT_EXPECTED)
  .regex(TEXT_OR_REFERENCE, TEXT_EXPECTED)
  .max(1024, 'expected at most 1024 characters');

const expression = z
  .string('expected a CEL expression as text')
  .min(1, 'expected a CEL expression')
  .max(4096, 'expected at most 4096 characters');

const wholeNumber = (least: number, most?: number) => {
  const expected =
    most === undefined
      ? `expected a whole number, ${least} or more`
      : `expected a whole number from ${least} to ${most}`;
  const number = z.int(expected).min(least, expected);
  return orReference(most === undefined ? number : number.max(most, expected), expected);
};

const score = orReference(
  z
    .number('expected a number from 0 to 10')
    .min(0, 'expected a number from 0 to 10')
    .max(10, 'expected a number from 0 to 10'),
  'expected a number from 0 to 10',
);

function orReference<T extends z.ZodType>(schema: T, expected: string) {
  return z.union([schema, z.string(expected).regex(REFERENCE, expected)], expected);
}

const attestors = z
  .array(z.string('expected the name of an attestor').min(1, 'expected the name of an attestor').max(256), {
    error: 'expected a list of attestors',
  })
  .min(1, 'expected at least one attestor')
  .max(100, 'expected at most 100 attestors')
  .meta({ description: 'Attestors whose evidence counts; each must itself be allowed to sign it' });

const buildWhere = z.strictObject({
  builder: text.optional().meta({ description: 'Glob over the builder id' }),
  source: text.optional().meta({ description: 'Glob over the canonical repository URL' }),
  ref: text.optional().meta({ description: 'Glob over the ref that was built' }),
  commit: text.optional().meta({ description: 'The commit that was built, in full' }),
  buildType: text.optional().meta({ description: 'Glob over the build type' }),
  slsaLevel: wholeNumber(1, 3).optional().meta({ description: 'Least SLSA build level concluded for the builder' }),
});

const limits = Object.fromEntries(
  SEVERITIES.map((severity) => [severity, wholeNumber(0).optional()]),
) as unknown as Record<(typeof SEVERITIES)[number], z.ZodOptional<ReturnType<typeof wholeNumber>>>;

const UNTIL_EXPECTED = `expected ${UNTIL_EXAMPLES}`;

const scanWhere = z.strictObject({
  scanner: text.optional().meta({ description: 'Only scans by this scanner' }),
  maxSeverity: z
    .strictObject(limits)
    .refine((given) => Object.keys(given).length > 0, 'expected a limit for at least one severity')
    .optional()
    .meta({
      description: 'How many findings of each severity are accepted; a severity without a limit has none',
      minProperties: 1,
    }),
  maxCvss: score.optional().meta({ description: 'Highest CVSS base score accepted' }),
  maxFindings: wholeNumber(0).optional().meta({ description: 'How many findings are accepted in all' }),
  ignore: z
    .array(
      z.strictObject({
        id: z.string('expected the id of a finding').min(1, 'expected the id of a finding').max(256),
        until: z
          .string(UNTIL_EXPECTED)
          .regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?$/, UNTIL_EXPECTED),
        reason: z.string('expected a reason').min(1, 'expected a reason').max(1024),
      }),
      { error: 'expected a list of findings' },
    )
    .min(1, 'expected at least one finding')
    .max(1000, 'expected at most 1000 findings')
    .optional()
    .meta({ description: 'Findings left out of the count, each until a date and for a reason' }),
  vex: z
    .strictObject({ from: attestors })
    .optional()
    .meta({ description: 'Attestors whose VEX statements may remove findings' }),
});

const testWhere = z.strictObject({
  suites: z
    .array(text, { error: 'expected a list of suites' })
    .min(1, 'expected at least one suite')
    .max(100, 'expected at most 100 suites')
    .optional()
    .meta({ description: 'Suites, each of which must be satisfied' }),
  environment: z
    .record(z.string().min(1).max(128), text, { error: 'expected names with values' })
    .refine((given) => Object.keys(given).length > 0, 'expected at least one name with a value')
    .optional()
    .meta({ description: 'Where the test must have run, by the names of its configuration', minProperties: 1 }),
  hardware: text.optional(),
  region: text.optional(),
  result: z
    .enum(['passed', 'warned'], 'expected passed or warned')
    .optional()
    .meta({ description: 'The least result that passes; default passed' }),
});

const approvalWhere = z.strictObject({
  environment: text.optional(),
  region: text.optional(),
  role: text.optional(),
});

/** Without what a parameter is written with: it would be taken for itself and match nothing. */
const LITERAL = /^[^${}]+$/;

const licenceGlobs = z
  .array(
    z
      .string('expected a licence')
      .regex(LITERAL, 'expected a licence, such as MIT or GPL-*')
      .max(256, 'expected at most 256 characters'),
    { error: 'expected a list of licences' },
  )
  .min(1, 'expected at least one licence')
  .max(1000, 'expected at most 1000 licences');

const PACKAGE_EXPECTED = 'expected a package URL, such as pkg:npm/left-pad or pkg:maven/org.example/lib@1.0';

const sbomWhere = z.strictObject({
  format: z.enum(SBOM_FORMATS, `expected one of ${SBOM_FORMATS.join(', ')}`).optional(),
  minComponents: wholeNumber(1).optional().meta({ description: 'How many components it lists at least' }),
  licences: z
    .strictObject({ deny: licenceGlobs.optional(), allow: licenceGlobs.optional() })
    .refine((given) => Object.keys(given).length > 0, 'expected deny or allow')
    .optional()
    .meta({
      description: 'Licences by name, with * for anything; a component without one fails allow',
      minProperties: 1,
    }),
  components: z
    .strictObject({
      deny: z
        .array(
          z
            .string(PACKAGE_EXPECTED)
            .regex(/^pkg:[^${}]+$/, PACKAGE_EXPECTED)
            .max(1024, 'expected at most 1024 characters'),
          { error: 'expected a list of package URLs' },
        )
        .min(1, 'expected at least one package URL')
        .max(1000, 'expected at most 1000 package URLs'),
    })
    .optional()
    .meta({ description: 'Package URLs that say as much as matters: without a version every version is meant' }),
});

const texts = (what: string) =>
  z
    .array(text, { error: `expected a list of ${what}` })
    .min(1, `expected at least one of ${what}`)
    .max(100, `expected at most 100 ${what}`);

const DIGEST_EXPECTED = 'expected a digest such as sha256:… in lower-case hexadecimal digits';

const summaryWhere = z.strictObject({
  verifier: text.optional().meta({ description: "Glob over the verifier's id" }),
  resourceUri: text.optional().meta({ description: 'Glob over the resource that was verified' }),
  levels: texts('levels')
    .optional()
    .meta({ description: 'Levels, each of which must be reached: SLSA_BUILD_LEVEL_3 implies the lower ones' }),
  policy: z
    .strictObject({
      uri: text.optional().meta({ description: "Glob over the policy's URI" }),
      digest: orReference(z.string(DIGEST_EXPECTED).regex(/^[a-z0-9_]+:[0-9a-f]+$/, DIGEST_EXPECTED), DIGEST_EXPECTED)
        .optional()
        .meta({ description: "The policy's digest" }),
    })
    .refine((given) => Object.keys(given).length > 0, 'expected uri or digest')
    .optional()
    .meta({ description: 'By which policy it was verified', minProperties: 1 }),
  properties: texts('properties').optional().meta({ description: 'Properties, each of which must hold' }),
});

const parameterNotes = {
  description: prose.optional(),
  required: z.boolean('expected true or false').optional(),
};

function parameter<T extends string, V extends z.ZodType>(type: T, value: V) {
  return z.strictObject({
    type: z.literal(type),
    ...parameterNotes,
    default: value.optional(),
    oneOf: z
      .array(value, { error: 'expected a list of values' })
      .min(1, 'expected at least one value')
      .max(1000, 'expected at most 1000 values')
      .optional(),
  });
}

/** The shape of a parameter's declaration, by its type. */
export const parameterShapes = {
  string: parameter('string', z.string('expected text').max(1024, 'expected at most 1024 characters')),
  integer: parameter('integer', z.int('expected a whole number')),
  number: parameter('number', z.number('expected a number')),
  boolean: parameter('boolean', z.boolean('expected true or false')),
};

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

const ID_EXPECTED = 'expected an id of lower-case letters, digits and hyphens, such as built-by-our-ci';

export const requirementId = z
  .string(ID_EXPECTED)
  .regex(/^[a-z0-9][a-z0-9-]*$/, ID_EXPECTED)
  .max(128, 'expected at most 128 characters');

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
