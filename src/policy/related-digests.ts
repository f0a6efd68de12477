import type { Sha256Digest, SubjectDigest } from '../intoto/digest.js';

/** Digests remembered in all; of images asked about longest ago they are forgotten first. */
const MOST_REMEMBERED = 400_000;
/** Beyond this an image's answers have changed so often that most of what is remembered is of no use; one may need 160. */
const MOST_DIGESTS = 400;

/**
 * Which other digests answers about an image have depended on, so that the next question about it reads all of them at
 * once. It decides nothing: an answer that depends on a digest which was not read is never used again.
 */
export class RelatedDigests {
  private readonly digests = new Map<Sha256Digest, readonly SubjectDigest[]>();
  private remembered = 0;

  /** The other digests to read with this image; none where nothing is remembered. */
  of(image: Sha256Digest): readonly SubjectDigest[] {
    return this.digests.get(image) ?? [];
  }

  /** Remembers what an answer depended on, beside what others did. */
  remember(image: Sha256Digest, dependedOn: readonly SubjectDigest[]): void {
    if (dependedOn.length === 0) return;
    const all = [...new Set([...this.of(image), ...dependedOn])];
    this.forget(image);
    const remembered = all.length > MOST_DIGESTS ? dependedOn : all;
    this.digests.set(image, remembered);
    this.remembered += remembered.length;
    for (const oldest of this.digests.keys()) {
      if (this.remembered <= MOST_REMEMBERED) return;
      this.forget(oldest);
    }
  }

  private forget(image: Sha256Digest): void {
    this.remembered -= this.of(image).length;
    this.digests.delete(image);
  }
}
