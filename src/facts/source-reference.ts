/** A repository, and the ref in it, as a URI names them. */
export interface SourceReference {
  /** Scheme and host in lower case; no `git+`, user, `.git`, `@ref` or fragment. */
  readonly repository: string;
  readonly ref: string | null;
}

const REPOSITORY_URI = /^(?:git\+)?(https?|ssh|git):\/\/(?:[^@/?#]*@)?([^@/?#]+)\/([^@?#]+)(?:@(.*)|#(.*))?$/is;

/**
 * Reads the URI of a source repository: `git+https://host/path@ref` (SPDX download location, as SLSA provenance uses it),
 * a plain `https://host/path.git`, or BuildKit's `https://host/path.git#ref:directory`. null where it is none, or where
 * its path could mean another one than it shows: a policy's glob must match what git would fetch.
 *
 * What follows `@` is the ref to its end: a branch may be called `main#x`, and must not pass for `main`.
 */
export function sourceReference(uri: string): SourceReference | null {
  const [, scheme, host, path, ref, fragment = ''] = REPOSITORY_URI.exec(uri) ?? [];
  if (scheme === undefined || host === undefined || path === undefined || isMisleading(uri)) return null;
  const repositoryPath = path.replace(/\/$/, '').replace(/\.git$/, '');
  if (repositoryPath.split('/').some((segment) => ['', '.', '..'].includes(segment))) return null;
  const repository = `${scheme}://${host}/`.toLowerCase() + repositoryPath;
  // After `git+` a fragment is a directory (SPDX). A ref holds no colon.
  const named = ref ?? (/^git\+/i.test(uri) ? null : (fragment.split(':')[0] ?? null));
  return { repository, ref: refName(named) };
}

/** The ref, or null where there is none or it is a commit, which has a place of its own. */
export function refName(ref: string | null): string | null {
  return ref === null || ref === '' || isCommit(ref.toLowerCase()) ? null : ref;
}

/** Whether the text is a full git object name, by SHA-1 or SHA-256, in lower case. */
export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** White space, control characters and back slashes, and encoded forms of what gives a URI its structure. */
function isMisleading(uri: string): boolean {
  return /[\s\\\p{Cc}]|%(?:[01][\da-f]|2[35ef]|3f|40|5c|7f)/iu.test(uri);
}
