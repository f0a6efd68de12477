import type { z } from 'zod';
import type { Role } from './roles.js';

/** What the API's description says about a hot route. Routes of controllers describe themselves by decorators. */
export interface RawOperation {
  readonly method: 'GET' | 'POST';
  /** With Fastify's `:name` for parameters. */
  readonly url: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  readonly roles: readonly Role[] | 'public';
  /** Parameters of the path, all of them texts. */
  readonly params?: Readonly<Record<string, string>>;
  /** Each member becomes a parameter of its own. */
  readonly query?: z.ZodObject<Readonly<Record<string, z.ZodType>>>;
  /** Headers that the route reads, each with what it means. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly description: string; readonly content: Readonly<Record<string, z.ZodType | null>> };
  /** By status; null where the answer has no JSON schema. */
  readonly responses: Readonly<Record<number, RawResponse>>;
}

export interface RawResponse {
  readonly description: string;
  /** By content type; null where the content is not described further. */
  readonly content?: Readonly<Record<string, z.ZodType | null>>;
}
