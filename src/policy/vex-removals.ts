import type { Finding, ScanFact, VexFact, VexStatement } from '../facts/fact.js';
import { parsePackageUrl } from '../facts/package-url.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { epochOf } from '../trust/trust-snapshot.js';
import { candidatesOf } from './candidates.js';
import type { CompiledEvidence } from './compile-policy.js';
import { PLAIN } from './conditions.js';
import type { Entry, GatheredVex } from './evidence.js';
import type { FindingRemovals, Removed, Said, VexDocument } from './finding-removals.js';
import type { Scene } from './scene.js';
import { scopesOf } from './vex-scope.js';
import { newestOf, VexSayings, type Newest } from './vex-sayings.js';
import { VulnerabilityNames } from './vulnerability-names.js';

/**
 * Gathers the VEX documents whose statements count for a requirement about scans. `not_affected` and `fixed` remove a
 * finding where no other statement about it is as new; nothing else that a statement says has any effect.
 *
 * Trust that goes away takes removals and never what stands against one, as with all evidence. Every doubt about what a
 * statement speaks of, and about which of two is the newer, keeps the finding; under `not` it removes it.
 */
export function gatherVex(requirement: CompiledEvidence, scene: Scene): GatheredVex {
  const { entries, refused } = candidatesOf(requirement, PLAIN, scene);
  return { entries, refused, removals: new VexRemovals(entries, requirement, scene) };
}

class VexRemovals implements FindingRemovals {
  private readonly names = new VulnerabilityNames();
  /** By the digest that each document is about: what is certain is said of that, and of what it consists of. */
  private readonly certain = new Map<Sha256Digest | null, VexSayings>();
  private readonly doubtful = new VexSayings(true);
  private readonly known = new Map<Sha256Digest | null, Map<ScanFact, Removed>>();
  private readonly inverted: boolean;

  constructor(
    entries: readonly Entry[],
    private readonly requirement: CompiledEvidence,
    private readonly scene: Scene,
  ) {
    this.inverted = scene.inverted;
    for (const entry of entries) for (const statement of vexOf(entry).statements) this.names.join(namesOf(statement));
    for (const entry of entries) {
      for (const [index, statement] of vexOf(entry).statements.entries()) this.take(entry, statement, index);
    }
  }

  removedFrom(scan: ScanFact, about: Sha256Digest | null): Removed {
    const known = this.known.get(about) ?? new Map<ScanFact, Removed>();
    this.known.set(about, known);
    const removed = known.get(scan) ?? this.removed(scan, about);
    known.set(scan, removed);
    return removed;
  }

  private removed(scan: ScanFact, about: Sha256Digest | null): Removed {
    const certain = [...this.certain].flatMap(([said, sayings]) => (serves(said, about, this.scene) ? [sayings] : []));
    const findings = new Map<Finding, Said>();
    const overridden = new Map<VexDocument, Said>();
    for (const finding of scan.findings) {
      const found = parsePackageUrl(finding.package.purl);
      const surely = newestOf(certain.map((sayings) => sayings.newestOn(finding.id, found)));
      const perhaps = this.doubtful.newestOn(this.names.sameAs(finding.id), found);
      const [removing, keeping] = this.inverted ? [perhaps, surely] : [surely, perhaps];
      for (const said of [removing.timed, removing.untimed]) {
        if (said === null) continue;
        const newer = this.newerThan(said, keeping);
        if (newer === null) findings.set(finding, findings.get(finding) ?? said);
        else overridden.set(said.document, newer);
      }
    }
    return { findings, overridden };
  }

  private take(entry: Entry, statement: VexStatement, index: number): void {
    const { provenOrder, of } = this.requirement;
    const { scene, inverted } = this;
    const removes = statement.status === 'not_affected' || statement.status === 'fixed';
    if (removes ? !entry.helps : !entry.hinders) return;
    // What keeps a finding speaks of all that it may speak of and is as new as it can be; under `not` what removes one does.
    const doubtful = removes === inverted;
    const said = { document: entry, statement, index, ...timeOf(statement, entry, provenOrder, doubtful) };
    const scopes = scopesOf(statement, { digests: imagesOf(entry, scene, doubtful), repository: scene.repository }, of);
    const { id } = statement.vulnerability;
    if (doubtful) {
      this.doubtful.add(said, this.names.sameAs(id), scopes);
      return;
    }
    const sayings = this.certain.get(entry.about) ?? new VexSayings(false);
    this.certain.set(entry.about, sayings);
    for (const name of new Set(namesOf(statement))) sayings.add(said, name, scopes);
  }

  /** What a removing statement has not certainly replaced, or null. */
  private newerThan(removing: Said, { timed, untimed }: Newest): Said | null {
    for (const against of [timed, untimed]) {
      if (against === null) continue;
      // That something is received later does not show that it was said later than what says when.
      if (against.timed && !removing.timed) {
        if (!this.inverted) return against;
      } else if (this.inverted ? removing.at < against.at : removing.at <= against.at) return against;
    }
    return null;
  }
}

/** Whether what is said of one digest is said of another: of itself, and of what it consists of. */
function serves(said: Sha256Digest | null, of: Sha256Digest | null, { serving }: Scene): boolean {
  const depth = (about: Sha256Digest | null): number => {
    const relation = serving.find((image) => image.about === about)?.relation;
    return relation === 'index' ? 0 : relation === 'manifest' ? 2 : 1;
  };
  return said === of || depth(said) < depth(of);
}

/** What a statement may mean by the image: what its document is about, and where it counts, whatever else is looked at with it. */
function imagesOf({ about }: Entry, { digest, serving }: Scene, doubtful: boolean): ReadonlySet<string> {
  return new Set(doubtful ? [digest, ...serving.map((image) => image.about)] : [about ?? digest]);
}

/** By its own time, never later than receipt; else by a proven one, unless it may be newer than that; else by receipt. */
function timeOf({ at }: VexStatement, entry: Entry, provenOrder: boolean, newest: boolean): Pick<Said, 'at' | 'timed'> {
  const { proven, received } = newest ? entry.latest() : entry.earliest;
  if (provenOrder) return { at: proven ?? received, timed: true };
  if (at !== null) return { at: Math.min(epochOf(at), received), timed: true };
  return proven === null || newest ? { at: received, timed: false } : { at: proven, timed: true };
}

function vexOf({ fact }: Entry): VexFact {
  if (fact.content.kind !== 'vex') throw new Error(`fact ${fact.id} is no VEX document`);
  return fact.content;
}

function namesOf({ vulnerability: { id, aliases } }: VexStatement): readonly string[] {
  return [id, ...aliases];
}
