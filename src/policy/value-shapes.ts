import * as z from 'zod';
import { REFERENCE, TEXT_OR_REFERENCE } from './parameter-reference.js';

/** Prose, for people. */
export const prose = z.string('expected text').max(4096, 'expected at most 4096 characters');

const TEXT_EXPECTED =
  'expected text; a parameter is written "${params.name}" and is the whole value, a literal "${" is written "$${"';

/** Text that may be a parameter. */
export const text = z
  .string(TEXT_EXPECTED)
  .regex(TEXT_OR_REFERENCE, TEXT_EXPECTED)
  .max(1024, 'expected at most 1024 characters');

/** A list of such texts; `what` names several of them. */
export const texts = (what: string) =>
  z
    .array(text, { error: `expected a list of ${what}` })
    .min(1, `expected at least one of ${what}`)
    .max(100, `expected at most 100 ${what}`);

/** An expression in CEL; whether it is one is for its compiler to say. */
export const expression = z
  .string('expected a CEL expression as text')
  .min(1, 'expected a CEL expression')
  .max(4096, 'expected at most 4096 characters');

/** A whole number that may be a parameter; bounds inclusive. */
export const wholeNumber = (least: number, most?: number) => {
  const expected =
    most === undefined
      ? `expected a whole number, ${least} or more`
      : `expected a whole number from ${least} to ${most}`;
  const number = z.int(expected).min(least, expected);
  return orReference(most === undefined ? number : number.max(most, expected), expected);
};

/** A CVSS base score that may be a parameter. */
export const score = orReference(
  z
    .number('expected a number from 0 to 10')
    .min(0, 'expected a number from 0 to 10')
    .max(10, 'expected a number from 0 to 10'),
  'expected a number from 0 to 10',
);

/** What the schema takes, or a parameter in its place. */
export function orReference<T extends z.ZodType>(schema: T, expected: string) {
  return z.union([schema, z.string(expected).regex(REFERENCE, expected)], expected);
}

/** The names of those whose evidence counts. */
export const attestors = z
  .array(z.string('expected the name of an attestor').min(1, 'expected the name of an attestor').max(256), {
    error: 'expected a list of attestors',
  })
  .min(1, 'expected at least one attestor')
  .max(100, 'expected at most 100 attestors')
  .meta({ description: 'Attestors whose evidence counts; each must itself be allowed to sign it' });
