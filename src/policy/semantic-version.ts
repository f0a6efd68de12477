/** A version as semver.org 2.0.0 defines it; build metadata is left out, since it orders nothing (section 10). */
interface SemanticVersion {
  /** Major, minor and patch, as they are written. */
  readonly core: readonly string[];
  /** Empty for a release. */
  readonly prerelease: readonly string[];
}

/** Longer than any in use. */
const MOST_CHARACTERS = 256;

/** The grammar of semver.org 2.0.0, section 2, 9 and 10: no leading zeros, no `v`, no empty identifiers. */
const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** Reads a semantic version of at most 256 characters. Throws RangeError where the text is none. */
export function parseSemanticVersion(text: string): SemanticVersion {
  const [, major, minor, patch, prerelease] = (text.length <= MOST_CHARACTERS ? VERSION.exec(text) : null) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) {
    throw new RangeError('expected a semantic version, such as 1.4.0 or 2.0.0-rc.1');
  }
  return { core: [major, minor, patch], prerelease: prerelease?.split('.') ?? [] };
}

/** -1, 0 or 1, by the precedence of semver.org 2.0.0, section 11. */
export function compareSemanticVersions(a: SemanticVersion, b: SemanticVersion): -1 | 0 | 1 {
  const core = compareLists(a.core, b.core);
  if (core !== 0) return core;
  // A version before its release stands below the release.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return ordered(b.prerelease.length, a.prerelease.length);
  }
  return compareLists(a.prerelease, b.prerelease);
}

/** Identifier by identifier; of two that agree as far as the shorter goes, the longer stands above. */
function compareLists(a: readonly string[], b: readonly string[]): -1 | 0 | 1 {
  for (const [index, identifier] of a.entries()) {
    const other = b[index];
    if (other === undefined) break;
    const order = compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return ordered(a.length, b.length);
}

/** Numbers by size and below words, words by ASCII. Without leading zeros the longer number is the larger one. */
function compareIdentifiers(a: string, b: string): -1 | 0 | 1 {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return (isNumber && ordered(a.length, b.length)) || ordered(a, b);
}

function ordered<T extends string | number>(a: T, b: T): -1 | 0 | 1 {
  return a === b ? 0 : a < b ? -1 : 1;
}
