import type { PackageURL } from 'packageurl-js';
import type { VexComponent, VexStatement } from '../facts/fact.js';
import { parsePackageUrl } from '../facts/package-url.js';

/** What a statement may speak of as the image; the repository is null where the gate named none. */
export interface AskedImage {
  /** Any of these is the image. */
  readonly digests: ReadonlySet<string>;
  readonly repository: string | null;
}

/** What a scan that VEX is joined to was about: the image, or the commit that it was built of. */
export type Scanned = 'image' | 'source';

/** What a statement speaks of in an image: all of it, or one package in it. */
export interface VexScope {
  /** null: whatever is found in the image. */
  readonly package: PackageURL | null;
  /** False where it cannot be told whether it speaks of this. */
  readonly certain: boolean;
}

type Answer = 'yes' | 'perhaps' | 'no';

/** The types of package URLs that name images. */
const IMAGE_TYPES: readonly string[] = ['oci', 'docker'];

/**
 * What a statement speaks of in the image that is a subject of its attestation (OpenVEX, ATTESTING.md): the whole of it where
 * it names no products. A product that is the image is named by its digest or its repository, and may be narrowed to
 * subcomponents; any other package URL names a package wherever it is found. What is known by a name of its author's alone,
 * or also by a digest that is not the image's, may be this or something else.
 */
export function scopesOf({ products }: VexStatement, image: AskedImage, scanned: Scanned): readonly VexScope[] {
  if (products === null) return [{ package: null, certain: true }];
  // A list that is empty speaks of nothing, or of the document's subject: it certainly removes nothing.
  if (products.length === 0) return [{ package: null, certain: false }];
  return products.flatMap((product) => scopesOfProduct(product, image, scanned));
}

function scopesOfProduct(
  product: NonNullable<VexStatement['products']>[number],
  image: AskedImage,
  scanned: Scanned,
): readonly VexScope[] {
  const { subcomponents } = product;
  const named = packageOf(product);
  if (named !== null) {
    const certain = subcomponents.length === 0 && !hasDigest(product);
    // A product that is part of the image may be what its subcomponents are part of.
    return [{ package: named, certain }, ...subcomponents.map((part) => scopeWithin(part, false))];
  }
  const answer = isImage(product, image);
  if (answer === 'no') return [];
  // Not all that is in a commit gets into the image, so what is said of the image may not be meant of the commit.
  const certain = answer === 'yes' && scanned === 'image';
  if (subcomponents.length === 0) return [{ package: null, certain }];
  return subcomponents.map((part) => scopeWithin(part, certain));
}

function scopeWithin(part: VexComponent, certain: boolean): VexScope {
  const named = packageOf(part);
  return named === null ? { package: null, certain: false } : { package: named, certain: certain && !hasDigest(part) };
}

/** The package that a component is, or null where it is an image or known by other names. */
function packageOf({ purl }: VexComponent): PackageURL | null {
  const parsed = parsePackageUrl(purl);
  return parsed === null || IMAGE_TYPES.includes(parsed.type) ? null : parsed;
}

function hasDigest({ hashes }: VexComponent): boolean {
  return Object.keys(hashes).length > 0;
}

/** Whether a product that is no package is the image. Its digest tells, unless its name is certainly another's. */
function isImage({ purl, hashes }: VexComponent, { digests, repository }: AskedImage): Answer {
  const parsed = parsePackageUrl(purl);
  const byName = parsed === null ? null : isNamed(parsed, digests, repository);
  if (!Object.hasOwn(hashes, 'sha256')) return byName ?? 'perhaps';
  const byDigest = digests.has(`sha256:${hashes['sha256'] ?? ''}`) ? 'yes' : 'no';
  if (byName === null || byName === byDigest) return byDigest;
  return byDigest === 'yes' && byName === 'perhaps' ? 'yes' : 'perhaps';
}

/** The version of an image is its digest (purl types oci and docker); without one it is every image of its repository. */
function isNamed(named: PackageURL, digests: ReadonlySet<string>, repository: string | null): Answer {
  const { type, version, name, qualifiers } = named;
  if (version?.startsWith('sha256:') === true) return digests.has(version.toLowerCase()) ? 'yes' : 'no';
  if (type !== 'oci') return 'perhaps';
  const { repository_url: url, ...others } = qualifiers ?? {};
  if (typeof url !== 'string' || repository === null) return 'perhaps';
  const asked = plainRepository(repository);
  const said = plainRepository(url);
  // Some write the repository without its last name, which the package URL has already.
  if (said !== asked && `${said}/${name}` !== asked) return 'no';
  return version === undefined && Object.keys(others).length === 0 ? 'yes' : 'perhaps';
}

function plainRepository(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/^index\.docker\.io\//, 'docker.io/');
}
