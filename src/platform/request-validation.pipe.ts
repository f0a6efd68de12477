import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { validateRequest } from './request-validation.js';

/**
 * Holds bodies, queries and path parameters against the schema given with them (`@Body({ schema })`), and hands on the
 * value as the schema gives it. What has no schema passes as it is.
 */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  async transform(value: unknown, { schema, type }: ArgumentMetadata): Promise<unknown> {
    if (schema === undefined || type === 'custom') return value;
    return validateRequest(schema, value, type);
  }
}
