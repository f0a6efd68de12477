import type { Finding, ScanFact, VexFact, VexStatement } from '../facts/fact.js';
import { parsePackageUrl } from '../facts/package-url.js';
import { epochOf } from '../trust/trust-snapshot.js';
import { candidatesOf } from './candidates.js';
import type { CompiledEvidence } from './compile-policy.js';
import { PLAIN } from './conditions.js';
import type { Entry, GatheredVex } from './evidence.js';
import type { FindingRemovals, Removed, Said, VexDocument } from './finding-removals.js';
import type { Scene } from './scene.js';
import { scopesOf } from './vex-scope.js';
import { VexSayings, type Newest } from './vex-sayings.js';
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
  private readonly removing: VexSayings;
  private readonly keeping: VexSayings;
  private readonly known = new Map<ScanFact, Removed>();
  private readonly inverted: boolean;

  constructor(
    entries: readonly Entry[],
    private readonly requirement: CompiledEvidence,
    scene: Scene,
  ) {
    this.inverted = scene.inverted;
    this.removing = new VexSayings(this.inverted);
    this.keeping = new VexSayings(!this.inverted);
    for (const entry of entries) for (const statement of vexOf(entry).statements) this.names.join(namesOf(statement));
    for (const entry of entries) {
      for (const [index, statement] of vexOf(entry).statements.entries()) this.take(entry, statement, index, scene);
    }
  }

  removedFrom(scan: ScanFact): Removed {
    const before = this.known.get(scan);
    if (before !== undefined) return before;
    const findings = new Map<Finding, Said>();
    const overridden = new Map<VexDocument, Said>();
    for (const finding of scan.findings) {
      const found = parsePackageUrl(finding.package.purl);
      const { timed, untimed } = this.removing.newestOn(this.nameIn(finding.id, this.inverted), found);
      const saying = [timed, untimed].filter((said) => said !== null);
      if (saying.length === 0) continue;
      const against = this.keeping.newestOn(this.nameIn(finding.id, !this.inverted), found);
      for (const said of saying) {
        const newer = this.newerThan(said, against);
        if (newer === null) findings.set(finding, findings.get(finding) ?? said);
        else overridden.set(said.document, newer);
      }
    }
    const removed = { findings, overridden };
    this.known.set(scan, removed);
    return removed;
  }

  private take(entry: Entry, statement: VexStatement, index: number, scene: Scene): void {
    const { provenOrder, of } = this.requirement;
    const removes = statement.status === 'not_affected' || statement.status === 'fixed';
    if (removes ? !entry.helps : !entry.hinders) return;
    // What keeps a finding speaks of all that it may speak of and is as new as it can be; under `not` what removes one does.
    const doubtful = removes === this.inverted;
    const said = { document: entry, statement, index, ...timeOf(statement, entry, provenOrder, doubtful) };
    const scopes = scopesOf(statement, { digests: imagesOf(entry, scene, doubtful), repository: scene.repository }, of);
    const names = doubtful ? [this.names.sameAs(statement.vulnerability.id)] : new Set(namesOf(statement));
    for (const name of names) (removes ? this.removing : this.keeping).add(said, name, scopes);
  }

  /** What a vulnerability is called where doubts count, and where they do not. */
  private nameIn(id: string, doubtful: boolean): string {
    return doubtful ? this.names.sameAs(id) : id;
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
