import type { Sha256Digest, SubjectDigest } from '../intoto/digest.js';

/** Images of which it is remembered what they depend on; those asked about longest ago are forgotten first. */
const MOST_IMAGES = 20_000;
/** Beyond this an image's answers have changed so often that most of what is remembered is of no use any more. */
const MOST_DIGESTS = 64;

/**
 * Which other digests answers about an image have depended on, so that the next question about it reads all of them at
 * once. It decides nothing: an answer that depends on a digest which was not read is never used again.
 */
export class RelatedDigests {
  private readonly digests = new Map<Sha256Digest, readonly SubjectDigest[]>();

  /** The other digests to read with this image; none where nothing is remembered. */
  of(image: Sha256Digest): readonly SubjectDigest[] {
    return this.digests.get(image) ?? [];
  }

  /** Remembers what an answer depended on, beside what others did. */
  remember(image: Sha256Digest, dependedOn: readonly SubjectDigest[]): void {
    if (dependedOn.length === 0) return;
    const all = [...new Set([...this.of(image), ...dependedOn])];
    this.digests.delete(image);
    this.digests.set(image, all.length > MOST_DIGESTS ? dependedOn : all);
    if (this.digests.size <= MOST_IMAGES) return;
    const [oldest] = this.digests.keys();
    if (oldest !== undefined) this.digests.delete(oldest);
  }
}
