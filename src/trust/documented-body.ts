import type { z } from 'zod';

/** Any value, described by the JSON Schema of another schema. */
interface DocumentedBody {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly types: { readonly input: unknown; readonly output: unknown };
    readonly validate: (value: unknown) => { readonly value: unknown };
    readonly jsonSchema: unknown;
  };
}

/**
 * Describes a request body in the OpenAPI document and lets any value through: the body is parsed by the room, which says
 * more about it than a schema can and names its faults by codes of its own.
 */
export function documentedBy(schema: z.ZodType): DocumentedBody {
  return {
    '~standard': {
      version: 1,
      vendor: 'assay',
      types: { input: undefined, output: undefined },
      validate: (value) => ({ value }),
      jsonSchema: schema['~standard'].jsonSchema,
    },
  };
}
