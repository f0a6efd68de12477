import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { RawOperation, RawResponse } from './raw-operation.js';

type Paths = OpenAPIObject['paths'];
type Operation = NonNullable<Paths[string]['get']>;
type Content = Record<string, { schema?: object }>;
/** What each code means. */
export type ErrorCodes = Readonly<Record<string, string>>;

/**
 * The description of the whole API: what the controllers say of themselves, the hot routes, and every code of a refusal. Deterministic: the same
 * code gives the same document, byte for byte once written as YAML.
 */
export function createOpenApiDocument(
  app: INestApplication,
  operations: readonly RawOperation[],
  errorCodes: ErrorCodes,
): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Assay')
    .setDescription('May this image run here, and why? Signed evidence in, verdicts with reasons out.')
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An Assay token or a token of a federated issuer' })
    .addSecurityRequirements('bearer')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  const paths: Paths = { ...document.paths };
  for (const operation of operations) {
    const path = operation.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation) };
  }
  return {
    ...document,
    paths: withProblems(sorted(paths)),
    components: {
      ...document.components,
      schemas: { ...document.components?.schemas, Problem: problemSchema(errorCodes) },
    },
  };
}

/** The document as it is committed and served. */
export function toYaml(document: OpenAPIObject): string {
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
}

function describe(operation: RawOperation): Operation {
  const { operationId, summary, tag, roles, body } = operation;
  return {
    operationId,
    summary,
    tags: [tag],
    parameters: parametersOf(operation),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            description: body.description,
            required: true,
            content: contentOf(body.content, 'input'),
          },
        }),
    responses: Object.fromEntries(
      Object.entries(operation.responses).map(([status, response]) => [status, responseOf(response)]),
    ),
    security: roles === 'public' ? [] : [{ bearer: [] }],
  };
}

function parametersOf({ params = {}, query, headers = {} }: RawOperation): NonNullable<Operation['parameters']> {
  const texts = (place: 'path' | 'header', described: Readonly<Record<string, string>>): Parameters =>
    Object.entries(described).map(([name, description]) => ({
      name,
      in: place,
      required: place === 'path',
      description,
      schema: { type: 'string' },
    }));
  const queries = Object.entries(query?.shape ?? {}).map(([name, member]) => {
    const { description, ...schema } = toSchema(member, 'input');
    return {
      name,
      in: 'query' as const,
      required: !member.safeParse(undefined).success,
      ...(typeof description === 'string' ? { description } : {}),
      schema,
    };
  });
  return [...texts('path', params), ...queries, ...texts('header', headers)];
}

type Parameters = NonNullable<Operation['parameters']>;

function responseOf({ description, content }: RawResponse): { description: string; content?: Content } {
  return content === undefined ? { description } : { description, content: contentOf(content, 'output') };
}

function contentOf(content: Readonly<Record<string, z.ZodType | null>>, io: 'input' | 'output'): Content {
  return Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [type, schema === null ? {} : { schema: toSchema(schema, io) }]),
  );
}

/** The schema as OpenAPI 3.0 writes it, for what is sent (`input`) or answered (`output`). */
export function toSchema(schema: z.core.$ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'openapi-3.0', io, unrepresentable: 'any' });
  return rest;
}

function problemSchema(codes: ErrorCodes): object {
  const meanings = Object.entries(codes).map(([code, meaning]) => `- \`${code}\`: ${meaning}`);
  return {
    type: 'object',
    description: 'RFC 9457, with a stable code and the id of the request',
    required: ['type', 'title', 'status', 'code', 'requestId'],
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      code: {
        type: 'string',
        enum: Object.keys(codes),
        description: `For programs; never changes its meaning.\n\n${meanings.join('\n')}`,
      },
      detail: { type: 'string', description: 'For people' },
      requestId: { type: 'string' },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['path', 'message'],
          properties: { path: { type: 'string' }, message: { type: 'string' } },
        },
      },
    },
  };
}

/** Every operation may answer with a problem; said once for all instead of by every route. */
function withProblems(paths: Paths): Paths {
  const problem = {
    description: 'Anything that went wrong',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  return mapOperations(paths, (operation) => ({
    ...operation,
    responses: { ...operation.responses, default: operation.responses.default ?? problem },
  }));
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

function mapOperations(paths: Paths, change: (operation: Operation) => Operation): Paths {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => {
      const changed = { ...item };
      for (const method of METHODS) {
        const operation = item[method];
        if (operation !== undefined) changed[method] = change(operation);
      }
      return [path, changed];
    }),
  );
}

function sorted(paths: Paths): Paths {
  return Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1)));
}
