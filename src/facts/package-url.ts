import { PackageURL } from 'packageurl-js';

/** Longer than any in use: in a registry's URL and a handful of qualifiers. */
const MAX_LENGTH = 4_096;

/** Reads a package URL (purl specification), or null where it is none or breaks the rules of its type. */
export function parsePackageUrl(text: string | null): PackageURL | null {
  if (text === null || text.length > MAX_LENGTH || !/^pkg:/i.test(text)) return null;
  try {
    return PackageURL.fromString(text);
  } catch {
    // The library refuses by errors of several classes, some of them its own mistakes.
    return null;
  }
}

/** The package URL in the one form in which it can be compared, or null where it is none. */
export function canonicalPackageUrl(text: string | null): string | null {
  return parsePackageUrl(text)?.toString() ?? null;
}

/** Whether a package URL that says as much as is asked for fits another one; `may_fit` where the other says too little to tell. */
export type PackageFit = 'fits' | 'may_fit' | 'differs';

/**
 * Whether what is asked for, a package URL that says as much as matters, fits the one given: type, namespace and name are
 * equal, the version too where one is asked for, and so is every qualifier that is asked for (OpenVEX, as go-vex
 * matches). A subpath, where one is asked for, must be equal as well: it speaks of less than the package. Where the given
 * one does not have what is asked for, it may fit.
 */
export function packageFit(asked: PackageURL, given: PackageURL): PackageFit {
  if (packageKey(asked) !== packageKey(given)) return 'differs';
  const qualifiers = new Map(Object.entries(given.qualifiers ?? {}));
  const compared = [
    [asked.version, given.version],
    [asked.subpath, given.subpath],
    ...Object.entries(asked.qualifiers ?? {}).map(([name, value]) => [value, qualifiers.get(name)] as const),
  ] as const;
  let fit: PackageFit = 'fits';
  for (const [one, other] of compared) {
    if (one === undefined || one === other) continue;
    if (other !== undefined) return 'differs';
    fit = 'may_fit';
  }
  return fit;
}

/** What two package URLs have in common that are of one package, in whatever version. */
export function packageKey({ type, namespace, name }: PackageURL): string {
  return JSON.stringify([type, namespace ?? null, name]);
}

/**
 * Whether the pattern fits the other package URL. What is not well-formed fits nothing.
 *
 * @param read as `parsePackageUrl`, for who compares many by one pattern and remembers what it read.
 */
export function purlMatches(
  pattern: string,
  purl: string,
  read: (text: string) => PackageURL | null = parsePackageUrl,
): boolean {
  const asked = read(pattern);
  const given = read(purl);
  return asked !== null && given !== null && packageFit(asked, given) === 'fits';
}
