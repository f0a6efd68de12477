import { AppError, type FieldError } from './app-error.js';

/** The part of Standard Schema v1 that is used; zod schemas are such. */
export interface RequestSchema<T> {
  readonly '~standard': {
    readonly validate: (value: unknown) => Outcome<T> | Promise<Outcome<T>>;
  };
}

type Outcome<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly PathSegment[] | undefined }[] };

type PathSegment = PropertyKey | { readonly key: PropertyKey };

/** The part of a request that is read; its name leads the paths of faults in it, except for bodies. */
export type RequestPart = 'body' | 'query' | 'param';

const MOST_ERRORS = 50;
const LONGEST_TEXT = 500;

/** The value as the schema gives it. Throws AppError `request_invalid` that lists every fault with its path. */
export async function validateRequest<T>(schema: RequestSchema<T>, value: unknown, part: RequestPart): Promise<T> {
  const outcome = await schema['~standard'].validate(value);
  if (outcome.issues === undefined) return outcome.value;
  const errors = outcome.issues.slice(0, MOST_ERRORS).map((issue): FieldError => ({
    path: pathOf(issue.path ?? [], part === 'query' ? 'query' : '').slice(0, LONGEST_TEXT),
    message: issue.message.slice(0, LONGEST_TEXT),
  }));
  const what = part === 'param' ? 'path' : part;
  throw new AppError('malformed', 'request_invalid', `the ${what} is not as this route takes it`, { errors });
}

/** `keys[0].id`; a name that is no plain word is quoted. */
function pathOf(segments: readonly PathSegment[], root: string): string {
  return segments.reduce<string>((path, segment) => {
    const key = typeof segment === 'object' ? segment.key : segment;
    if (typeof key === 'number') return `${path}[${key}]`;
    const name = String(key);
    if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
    return path === '' ? name : `${path}.${name}`;
  }, root);
}
