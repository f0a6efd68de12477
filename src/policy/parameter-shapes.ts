import * as z from 'zod';
import { prose } from './value-shapes.js';

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
