import { isSha256Digest, type Sha256Digest } from '../intoto/digest.js';
import { Failure } from './failure.js';

/** An image as named on the command line. */
export interface ImageReference {
  readonly digest: Sha256Digest;
  /** Without tag; null where the digest stands alone. */
  readonly repository: string | null;
  /** As given. */
  readonly text: string;
}

/**
 * Reads `DIGEST` or `REPOSITORY[:TAG]@DIGEST`. A tag beside a digest says nothing and is dropped; one without a digest
 * names a different image tomorrow, and so is refused. Throws Failure.
 */
export function parseImageReference(text: string): ImageReference {
  const at = text.lastIndexOf('@');
  const digest = text.slice(at + 1);
  if (!isSha256Digest(digest)) {
    throw new Failure(`an image is named by its digest: expected REPOSITORY@sha256:… or sha256:…, not ${text}`, [
      '  a digest is sha256: and 64 lower-case hexadecimal digits',
    ]);
  }
  if (at === -1) return { digest, repository: null, text };
  const tagged = text.slice(0, at);
  const colon = tagged.lastIndexOf(':');
  // A colon before the last slash belongs to the registry's port.
  const repository = colon > tagged.lastIndexOf('/') ? tagged.slice(0, colon) : tagged;
  if (repository === '') throw new Failure(`there is no repository before the @ in ${text}`);
  return { digest, repository, text };
}
