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

/**
 * Whether the pattern, a package URL that says as much as is asked for, fits the other one: type, namespace and name are
 * equal, the version too where the pattern has one, and so is every qualifier that the pattern has (OpenVEX, as go-vex
 * matches). A subpath, where the pattern has one, must be equal as well: it speaks of less than the package. What is not
 * well-formed fits nothing.
 */
export function purlMatches(pattern: string, purl: string): boolean {
  const asked = parsePackageUrl(pattern);
  const given = parsePackageUrl(purl);
  if (asked === null || given === null) return false;
  if (asked.type !== given.type || asked.namespace !== given.namespace || asked.name !== given.name) return false;
  if (asked.version !== undefined && asked.version !== given.version) return false;
  if (asked.subpath !== undefined && asked.subpath !== given.subpath) return false;
  const qualifiers = new Map(Object.entries(given.qualifiers ?? {}));
  return Object.entries(asked.qualifiers ?? {}).every(([name, value]) => qualifiers.get(name) === value);
}
