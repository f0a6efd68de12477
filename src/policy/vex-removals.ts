import type { PackageURL } from 'packageurl-js';
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
import { valueAt, VexSayings, type Newest } from './vex-sayings.js';
import { VulnerabilityNames } from './vulnerability-names.js';

/**
 * Gathers the VEX documents whose statements count for a requirement about scans. `not_affected` and `fixed` remove a
 * finding where no other statement about it is as new; nothing else that a statement says has any effect.
 *
 * What is said of one digest removes no finding that a statement about another keeps, however much newer it is. Trust that goes
 * away takes removals and never what stands against one, as with all evidence. Every doubt about what a
 * statement speaks of, and about which of two is the newer, keeps the finding; under `not` it removes it.
 */
export function gatherVex(requirement: CompiledEvidence, scene: Scene): GatheredVex {
  const { entries, refused } = candidatesOf(requirement, PLAIN, scene);
  return { entries, refused, removals: new VexRemovals(entries, requirement, scene) };
}

/** What evidence is about; null: the image asked about. */
type Digest = Sha256Digest | null;

const NOTHING_SAID: Newest = { timed: null, untimed: null };

class VexRemovals implements FindingRemovals {
  private readonly names = new VulnerabilityNames();
  /** By the digest of scans, and then by that of the documents that are certain to speak of them. */
  private readonly certain = new Map<Digest, Map<Digest, VexSayings>>();
  /** By the digest that documents are about. */
  private readonly doubtful = new Map<Digest, VexSayings>();
  private readonly known = new Map<Digest, Map<ScanFact, Removed>>();
  private readonly inverted: boolean;

  constructor(
    entries: readonly Entry[],
    private readonly requirement: CompiledEvidence,
    private readonly scene: Scene,
  ) {
    this.inverted = scene.inverted;
    for (const entry of entries) for (const statement of vexOf(entry).statements) this.names.join(namesOf(statement));
    const depths = depthsIn(scene);
    for (const entry of entries) {
      const scanned = servedBy(entry.about, depths);
      for (const [index, statement] of vexOf(entry).statements.entries()) this.take(entry, statement, index, scanned);
    }
  }

  removedFrom(scan: ScanFact, about: Digest): Removed {
    const known = this.known.get(about) ?? new Map<ScanFact, Removed>();
    this.known.set(about, known);
    const removed = known.get(scan) ?? this.removed(scan, about);
    known.set(scan, removed);
    return removed;
  }

  private removed(scan: ScanFact, about: Digest): Removed {
    const findings = new Map<Finding, Said>();
    const removing = new Set<VexDocument>();
    const overridden = new Map<VexDocument, Said>();
    const certain = this.certain.get(about) ?? new Map<Digest, VexSayings>();
    const digests = inOrder((this.inverted ? this.doubtful : certain).keys());
    for (const finding of scan.findings) {
      const found = parsePackageUrl(finding.package.purl);
      const keeping = this.inverted ? [] : this.keeping(about, finding.id, found);
      for (const digest of digests) {
        const surely = certain.get(digest)?.newestOn(finding.id, found) ?? NOTHING_SAID;
        const perhaps = this.perhaps(digest, finding.id, found);
        const [claimed, own] = this.inverted ? [perhaps, surely] : [surely, perhaps];
        for (const said of [claimed.timed, claimed.untimed]) {
          if (said === null) continue;
          const elsewhere = keeping.find((kept) => kept.digest !== digest)?.said ?? null;
          const against = this.newerThan(said, own) ?? elsewhere;
          if (against === null) {
            findings.set(finding, findings.get(finding) ?? said);
            removing.add(said.document);
          } else overridden.set(said.document, against);
        }
      }
    }
    return { findings, removing, overridden };
  }

  private perhaps(digest: Digest, id: string, found: PackageURL | null): Newest {
    return this.doubtful.get(digest)?.newestOn(this.names.sameAs(id), found) ?? NOTHING_SAID;
  }

  /** What keeps a finding of a scan, of each digest, that nothing newer said of the same digest, and certain of that scan, has replaced. */
  private keeping(
    about: Digest,
    id: string,
    found: PackageURL | null,
  ): readonly { readonly digest: Digest; readonly said: Said }[] {
    return inOrder(this.doubtful.keys()).flatMap((digest) => {
      const kept = this.perhaps(digest, id, found);
      const said = kept.timed ?? kept.untimed;
      if (said === null) return [];
      const { timed, untimed } = this.certain.get(about)?.get(digest)?.newestOn(id, found) ?? NOTHING_SAID;
      const isReplaced = [timed, untimed].some((newer) => newer !== null && this.newerThan(newer, kept) === null);
      return isReplaced ? [] : [{ digest, said }];
    });
  }

  /** @param scanned the digests of scans that the document speaks of */
  private take(entry: Entry, statement: VexStatement, index: number, scanned: readonly Digest[]): void {
    const { provenOrder, of } = this.requirement;
    const { scene, inverted } = this;
    const removes = statement.status === 'not_affected' || statement.status === 'fixed';
    if (removes ? !entry.helps : !entry.hinders) return;
    // What keeps a finding speaks of all that it may speak of and is as new as it can be; under `not` what removes one does.
    const doubtful = removes === inverted;
    const said = { document: entry, statement, index, ...timeOf(statement, entry, provenOrder, doubtful) };
    const { repository, digest } = scene;
    const { id } = statement.vulnerability;
    if (doubtful) {
      const digests = new Set([digest, ...scene.serving.map((image) => image.about)]);
      const sayings = valueAt(this.doubtful, entry.about, () => new VexSayings(true));
      sayings.add(said, this.names.sameAs(id), scopesOf(statement, { digests, repository }, of));
      return;
    }
    for (const about of scanned) {
      const digests = new Set([entry.about ?? digest, about ?? digest]);
      const scopes = scopesOf(statement, { digests, repository }, of);
      const bySaid = valueAt(this.certain, about, () => new Map<Digest, VexSayings>());
      const sayings = valueAt(bySaid, entry.about, () => new VexSayings(false));
      for (const name of new Set(namesOf(statement))) sayings.add(said, name, scopes);
    }
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

/** How deep each digest lies: what is said of one is said of what it consists of. */
function depthsIn({ serving }: Scene): ReadonlyMap<Digest, number> {
  return new Map<Digest, number>([
    [null, 1],
    ...serving.map(({ about, relation }) => [about, relation === 'index' ? 0 : 2] as const),
  ]);
}

/** The digests of which is said what is said of this one: itself, and what it consists of. */
function servedBy(said: Digest, depths: ReadonlyMap<Digest, number>): readonly Digest[] {
  const own = depths.get(said) ?? 1;
  return [...depths].filter(([about, depth]) => about === said || depth > own).map(([about]) => about);
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

/** In one order, so that no order of facts shows. */
function inOrder(digests: Iterable<Digest>): readonly Digest[] {
  return [...digests].sort((one, other) => ((one ?? '') < (other ?? '') ? -1 : 1));
}
