import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { createOpenApiDocument, toYaml, type ErrorCodes } from './openapi.js';
import type { RawOperation } from './raw-operation.js';

const DESCRIPTION: RawOperation = {
  method: 'GET',
  url: '/openapi.yaml',
  operationId: 'getApiDescription',
  summary: 'This document',
  tag: 'Operations',
  roles: 'public',
  responses: { 200: { description: 'OpenAPI 3', content: { 'application/yaml': null } } },
};

/** The description of this application with its hot routes, as it is served. */
export function describeApi(
  app: NestFastifyApplication,
  operations: readonly RawOperation[],
  errorCodes: ErrorCodes,
): OpenAPIObject {
  return createOpenApiDocument(app, [...operations, DESCRIPTION], errorCodes);
}

/** Serves the API's description at `/openapi.yaml` and, for people, at `/docs`. It is made when first asked for. */
export function serveApiDescription(
  app: NestFastifyApplication,
  operations: readonly RawOperation[],
  errorCodes: ErrorCodes,
): void {
  let document: OpenAPIObject | null = null;
  const describe = (): OpenAPIObject => (document ??= describeApi(app, operations, errorCodes));
  app
    .getHttpAdapter()
    .getInstance()
    .get(DESCRIPTION.url, (_request, reply) => reply.type('application/yaml; charset=utf-8').send(toYaml(describe())));
  SwaggerModule.setup('docs', app, describe, { raw: false, customSiteTitle: 'Assay' });
}
