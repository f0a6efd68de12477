import type { PackageURL } from 'packageurl-js';
import { packageFit, packageKey } from '../facts/package-url.js';
import type { Said } from './finding-removals.js';
import type { VexScope } from './vex-scope.js';

/** The newest of what is said, apart by whether it is known when it was said. */
export interface Newest {
  timed: Said | null;
  untimed: Said | null;
}

interface Pattern {
  readonly package: PackageURL;
  readonly newest: Newest;
}

/** What is said of one package in any of its versions. */
interface OfPackage {
  readonly all: Newest;
  /** By version, undefined for any, and the whole package URL. */
  readonly byVersion: Map<string | undefined, Map<string, Pattern>>;
}

/** What is said of one vulnerability. */
interface OfVulnerability {
  readonly whole: Newest;
  readonly anyPackage: Newest;
  readonly byPackage: Map<string, OfPackage>;
}

/**
 * What is said of vulnerabilities in an image, so kept that finding the newest that speaks of one finding takes no longer for
 * more of it.
 *
 * @param doubtful whether what may speak of a finding speaks of it
 */
export class VexSayings {
  private readonly byVulnerability = new Map<string, OfVulnerability>();

  constructor(private readonly doubtful: boolean) {}

  add(said: Said, vulnerability: string, scopes: readonly VexScope[]): void {
    const spoken = scopes.filter(({ certain }) => certain || this.doubtful);
    if (spoken.length === 0) return;
    const of = valueAt(this.byVulnerability, vulnerability, () => ({
      whole: nothing(),
      anyPackage: nothing(),
      byPackage: new Map<string, OfPackage>(),
    }));
    for (const scope of spoken) {
      if (scope.package === null) note(of.whole, said);
      else addTo(of, scope.package, said);
    }
  }

  /** The newest about a vulnerability in a package; null where the finding names no package that can be compared. */
  newestOn(vulnerability: string, found: PackageURL | null): Newest {
    const newest = nothing();
    const of = this.byVulnerability.get(vulnerability);
    if (of === undefined) return newest;
    join(newest, of.whole);
    if (found === null) {
      if (this.doubtful) join(newest, of.anyPackage);
      return newest;
    }
    const ofPackage = of.byPackage.get(packageKey(found));
    if (ofPackage === undefined) return newest;
    if (found.version === undefined && this.doubtful) {
      join(newest, ofPackage.all);
      return newest;
    }
    for (const version of new Set([undefined, found.version])) {
      for (const pattern of ofPackage.byVersion.get(version)?.values() ?? []) {
        const fit = packageFit(pattern.package, found);
        if (fit === 'fits' || (fit === 'may_fit' && this.doubtful)) join(newest, pattern.newest);
      }
    }
    return newest;
  }
}

function addTo(of: OfVulnerability, named: PackageURL, said: Said): void {
  note(of.anyPackage, said);
  const ofPackage = valueAt(of.byPackage, packageKey(named), (): OfPackage => ({
    all: nothing(),
    byVersion: new Map(),
  }));
  note(ofPackage.all, said);
  const patterns = valueAt(ofPackage.byVersion, named.version, () => new Map<string, Pattern>());
  note(valueAt(patterns, named.toString(), () => ({ package: named, newest: nothing() })).newest, said);
}

function nothing(): Newest {
  return { timed: null, untimed: null };
}

function note(newest: Newest, said: Said): void {
  if (said.timed) newest.timed = newerOf(newest.timed, said);
  else newest.untimed = newerOf(newest.untimed, said);
}

function join(newest: Newest, other: Newest): void {
  if (other.timed !== null) note(newest, other.timed);
  if (other.untimed !== null) note(newest, other.untimed);
}

/** The newer of two; of two at one moment always the same, whatever their order. */
function newerOf(one: Said | null, other: Said): Said {
  if (one === null || one.at < other.at) return other;
  if (one.at > other.at) return one;
  return placeOf(one) <= placeOf(other) ? one : other;
}

function placeOf({ document: { fact, voice }, index }: Said): string {
  return JSON.stringify([fact.attestation, voice, fact.id, index]);
}

/** The value of a key, made where there is none. */
export function valueAt<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
