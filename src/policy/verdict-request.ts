import { isSha256Digest, type Sha256Digest } from '../intoto/digest.js';
import { AppError, type FieldError } from '../platform/app-error.js';
import { moment } from '../platform/period.js';

/** What a gate asks about one image: its digest, and the repository by which rules and waivers are scoped. */
export interface ImageReference {
  readonly digest: Sha256Digest;
  readonly repository: string | null;
}

/** A GET question as its path and query name it; parameter values are still text. */
export interface VerdictQuery extends ImageReference {
  readonly policy: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The moment as of which it is asked, to the millisecond; null: the moment at which it is answered. */
  readonly at: Date | null;
}

const PARAMETER_PREFIX = 'param.';
const LONGEST_REPOSITORY = 500;
/** Host with optional port, then path segments, as in the distribution specification; lower case but for the host's port. */
const REPOSITORY = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?::\d{1,5})?(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * Reads a verdict question from a request. A name given twice, or one this route does not know, is refused: a question
 * that was misunderstood must never be answered.
 *
 * @throws AppError `digest_malformed`, `repository_malformed`, `request_invalid`
 */
export function parseVerdictQuery(digest: string, query: URLSearchParams): VerdictQuery {
  const errors: FieldError[] = [];
  const known = new Map<string, string>();
  const parameters: [string, string][] = [];
  for (const [name, value] of query) {
    if (known.has(name)) errors.push({ path: `query.${name}`, message: 'given more than once' });
    known.set(name, value);
    if (name.startsWith(PARAMETER_PREFIX)) parameters.push([name.slice(PARAMETER_PREFIX.length), value]);
    else if (name !== 'policy' && name !== 'repository' && name !== 'at')
      errors.push({ path: `query.${name}`, message: 'is not known here' });
  }
  const policy = known.get('policy') ?? '';
  if (policy === '') errors.push({ path: 'query.policy', message: 'name the policy to decide by' });
  const at = parseMoment(known.get('at'));
  if (at === undefined) errors.push({ path: 'query.at', message: 'expected an RFC 3339 time with its offset' });
  if (errors.length > 0 || at === undefined)
    throw new AppError('malformed', 'request_invalid', 'the question is not understood', { errors });
  const repository = known.get('repository');
  return {
    digest: parseDigest(digest, 'digest'),
    repository: repository === undefined ? null : parseRepository(repository, 'query.repository'),
    policy,
    parameters: Object.fromEntries(parameters),
    at,
  };
}

/** null where no moment is named, undefined where the text is none. */
function parseMoment(text: string | undefined): Date | null | undefined {
  return text === undefined ? null : moment.safeParse(text).data;
}

/**
 * Reads an image as a gate names it: a digest, or `repository[:tag]@digest`. The tag says nothing about the image that
 * runs and is dropped.
 *
 * @throws AppError `digest_required` for a reference without a digest, `digest_malformed`, `repository_malformed`
 */
export function parseImageReference(text: string, path: string): ImageReference {
  if (isSha256Digest(text)) return { digest: text, repository: null };
  const at = text.lastIndexOf('@');
  if (at < 0) {
    if (/^[a-z0-9_+.-]+:[0-9a-fA-F]{32,}$/.test(text)) return { digest: parseDigest(text, path), repository: null };
    throw new AppError('malformed', 'digest_required', `${path} names no digest; a tag may be moved to another image`, {
      errors: [{ path, message: 'expected a digest, or repository@sha256:…' }],
    });
  }
  return {
    digest: parseDigest(text.slice(at + 1), path),
    repository: parseRepository(withoutTag(text.slice(0, at)), path),
  };
}

function withoutTag(name: string): string {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') && TAG.test(name.slice(colon + 1)) ? name.slice(0, colon) : name;
}

/** The text as an image digest. Throws AppError `digest_malformed`. */
export function parseDigest(text: string, path: string): Sha256Digest {
  if (isSha256Digest(text)) return text;
  throw new AppError('malformed', 'digest_malformed', 'an image digest is sha256: and 64 lower-case hex digits', {
    errors: [{ path, message: 'expected sha256: and 64 lower-case hex digits' }],
  });
}

/** The text as the name of a repository. Throws AppError `repository_malformed`. */
export function parseRepository(text: string, path: string): string {
  if (text.length <= LONGEST_REPOSITORY && REPOSITORY.test(text)) return text;
  throw new AppError(
    'malformed',
    'repository_malformed',
    'the repository is not a name of the distribution specification',
    {
      errors: [
        { path, message: 'expected for example registry.example.com/team/app, lower case, without tag or digest' },
      ],
    },
  );
}
