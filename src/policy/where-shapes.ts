import * as z from 'zod';
import { SBOM_FORMATS, SEVERITIES } from '../facts/fact.js';
import { UNTIL_EXAMPLES } from './ignored-finding.js';
import { attestors, orReference, score, text, texts, wholeNumber } from './value-shapes.js';

/* The shapes of `where`, one for each kind of evidence that has conditions. */

export const buildWhere = z.strictObject({
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

export const scanWhere = z.strictObject({
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

export const testWhere = z.strictObject({
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

export const approvalWhere = z.strictObject({
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

export const sbomWhere = z.strictObject({
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

const DIGEST_EXPECTED = 'expected a digest such as sha256:… in lower-case hexadecimal digits';

export const summaryWhere = z.strictObject({
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
