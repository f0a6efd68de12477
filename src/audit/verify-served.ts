import type { Finding } from '../fsck/check-invariants.js';
import { openKept, type KeptCheckpoint } from '../fsck/kept-checkpoint.js';
import { GrowingTree, type FullTile } from '../history/growing-tree.js';
import { leafHash, type TreeHash } from '../history/merkle-tree.js';
import type { NoteKey } from '../history/note-key.js';
import { tilePath, TILE_WIDTH } from '../history/tile.js';
import { accountOf } from './account.js';
import type { Ask } from './ask.js';
import { findingList, type FindingList } from './finding-list.js';
import { servedTiles } from './served-leaves.js';
import { differences, parseLeaf, type AccountEntry, type LeafEntry } from './told-entry.js';
import { envelopeFault, verdictFault } from './told-evidence.js';

const SIGNED = 'the checkpoint is signed by the key of the log';
const ROOT = 'the leaves of the log lead to the root of its checkpoint';
const KEPT = 'the log goes on from every checkpoint that was kept';
const TILES = 'the tiles of the log are of the hashes of its leaves';
const ACCOUNT = 'the account is what the leaves of the log say';
const ENVELOPES = 'every envelope that was received hashes to its id';
const VERDICTS = 'every verdict is the one that its entry tells of';
const INVARIANTS = [SIGNED, ROOT, KEPT, TILES, ACCOUNT, ENVELOPES, VERDICTS] as const;
type Invariant = (typeof INVARIANTS)[number];
type Findings = FindingList<Invariant>;

/** How many pieces of evidence are asked for at once. */
const AT_ONCE = 8;

export interface ServedAuditOptions {
  readonly ask: Ask;
  /** Of the log; one of them must have signed the checkpoint. */
  readonly keys: readonly NoteKey[];
  readonly kept: readonly KeptCheckpoint[];
  /** The share of envelopes that are fetched, from 0 to 1. */
  readonly sample: number;
  /** From 0 to 1, exclusive: by which is chosen. */
  readonly random: () => number;
  /** Told how many more leaves were looked at. */
  readonly onLeaves: (count: number) => void;
}

export interface ServedAudit {
  readonly findings: readonly Finding[];
  /** The checkpoint against which all was held, as it was signed; null where it is not by a key of the log. */
  readonly checkpoint: { readonly size: number; readonly note: Buffer } | null;
}

/**
 * Holds all that a service answers of its log, up to its checkpoint of this moment, against that checkpoint and those that were kept,
 * and the account, envelopes and verdicts against the log. In constant memory. Rejects where it cannot be found out.
 */
export async function verifyServed(options: ServedAuditOptions): Promise<ServedAudit> {
  const { ask, keys, kept } = options;
  const findings = findingList(INVARIANTS);
  const note = await ask('/log/checkpoint', 'text/plain');
  if (note === null) throw new Error('the service has no checkpoint yet');
  const opened = openKept(note, 'the checkpoint served', keys);
  if ('fault' in opened) {
    findings.violated(SIGNED, opened.fault);
    return { findings: findings.all(), checkpoint: null };
  }
  const marks = new Map<number, TreeHash>();
  await walkLeaves(options, opened.size, findings, new Set(kept.map(({ size }) => size)), marks);
  const rebuilt = marks.get(opened.size);
  if (rebuilt !== undefined && !rebuilt.equals(opened.root)) {
    findings.violated(ROOT, `the ${opened.size} leaves of the log do not lead to the root of its checkpoint`);
  }
  for (const one of kept) {
    const fault = keptFault(one, opened, marks.get(one.size));
    if (fault !== null) findings.violated(KEPT, fault);
  }
  return { findings: findings.all(), checkpoint: { size: opened.size, note } };
}

function keptFault(kept: KeptCheckpoint, served: KeptCheckpoint, rebuilt: TreeHash | undefined): string | null {
  const { size, root, source } = kept;
  if (size > served.size) {
    return `the log has ${served.size} leaves, and the checkpoint kept in ${source} is of ${size}: the log was cut short`;
  }
  if (size === served.size && !root.equals(served.root)) {
    const roots = `${root.toString('base64')} in ${source}, ${served.root.toString('base64')} as served`;
    return `the log was forked: two checkpoints of ${size} leaves are signed by ${served.origin}, with root ${roots}`;
  }
  if (rebuilt?.equals(root) === true) return null;
  return rebuilt === undefined
    ? `its first ${size} leaves, of which a checkpoint is kept in ${source}, are not all there`
    : `the log was rewritten: its first ${size} leaves do not lead to the root of the checkpoint kept in ${source}`;
}

/** Builds the tree again; what it is at the sizes asked for, and at its end, is put into `marks`. */
async function walkLeaves(
  { ask, sample, random, onLeaves }: ServedAuditOptions,
  size: number,
  findings: Findings,
  asked: ReadonlySet<number>,
  marks: Map<number, TreeHash>,
): Promise<void> {
  const tree = new GrowingTree(0, []);
  const account = againstAccount(accountOf(ask), findings);
  if (asked.has(0) || size === 0) marks.set(0, tree.root());
  for await (const served of servedTiles(ask, size)) {
    if ('fault' in served) {
      findings.violated(ROOT, served.fault);
      return;
    }
    const hashes = served.leaves.map(leafHash);
    const full: FullTile[] = [];
    for (const hash of hashes) {
      full.push(...tree.append([hash]));
      if (asked.has(tree.size) || tree.size === size) marks.set(tree.size, tree.root());
    }
    if (served.hashes?.equals(Buffer.concat(hashes)) !== true) {
      findings.violated(
        TILES,
        `tile ${served.tile} of level 0, of the leaves up to ${tree.size}, is another or not there`,
      );
    }
    // Those of level 0 are looked at above, whole or not.
    for (const above of full.filter(({ level }) => level > 0)) await checkTile(ask, above, findings);
    const entries = await readEntries(served, account, findings);
    await checkEvidence(ask, entries, findings, () => random() < sample);
    onLeaves(served.leaves.length);
  }
}

async function checkTile(ask: Ask, { level, tile, hashes }: FullTile, findings: Findings): Promise<void> {
  const found = await ask(`/log/tile/${level}/${tilePath({ tile, width: TILE_WIDTH })}`, 'application/octet-stream');
  if (found?.equals(hashes) === true) return;
  findings.violated(TILES, `tile ${tile} of level ${level} is another than its leaves make, or not there`);
}

async function readEntries(
  { tile, leaves }: { readonly tile: number; readonly leaves: readonly Buffer[] },
  isInAccount: (entry: LeafEntry) => Promise<void>,
  findings: Findings,
): Promise<readonly LeafEntry[]> {
  const entries: LeafEntry[] = [];
  for (const [index, leaf] of leaves.entries()) {
    const sequence = tile * TILE_WIDTH + index + 1;
    const entry = parseLeaf(leaf);
    if (entry?.sequence !== sequence) {
      findings.violated(ACCOUNT, `leaf ${sequence} of the log is no entry of that sequence`);
    } else {
      await isInAccount(entry);
      entries.push(entry);
    }
  }
  return entries;
}

/** Holds leaves, in their order, against the account, which is read as far as they go. */
function againstAccount(account: AsyncGenerator<AccountEntry>, findings: Findings): (leaf: LeafEntry) => Promise<void> {
  let next: AccountEntry | null = null;
  let ended = false;
  return async (leaf) => {
    while (!ended && (next === null || next.sequence < leaf.sequence)) {
      const step: IteratorResult<AccountEntry, unknown> = await account.next();
      if (step.done === true) [ended, next] = [true, null];
      else next = step.value;
      if (next !== null && next.sequence < leaf.sequence) {
        findings.violated(ACCOUNT, `entry ${next.sequence} is in the account twice, or out of its order`);
      }
    }
    if (next?.sequence !== leaf.sequence) {
      findings.violated(ACCOUNT, `entry ${leaf.sequence}, ${leaf.type}, is in the log and not in the account`);
      return;
    }
    const others = differences(leaf, next);
    if (others.length === 0) return;
    findings.violated(
      ACCOUNT,
      `entry ${leaf.sequence}, ${leaf.type}, has another ${others.join(', ')} in the account than in the log`,
    );
  };
}

/** What there is to fetch of the evidence and verdicts that entries tell of, a few at once. */
async function checkEvidence(
  ask: Ask,
  entries: readonly LeafEntry[],
  findings: Findings,
  isChosen: () => boolean,
): Promise<void> {
  const told = entries.filter((entry) => (entry.type === 'attestation.received' ? isChosen() : isOfVerdict(entry)));
  for (let begin = 0; begin < told.length; begin += AT_ONCE) {
    const faults = await Promise.all(
      told.slice(begin, begin + AT_ONCE).map(async (entry) => {
        const invariant: Invariant = isOfVerdict(entry) ? VERDICTS : ENVELOPES;
        const fault = await (invariant === VERDICTS ? verdictFault(ask, entry) : envelopeFault(ask, entry));
        return { invariant, fault };
      }),
    );
    for (const { invariant, fault } of faults) if (fault !== null) findings.violated(invariant, fault);
  }
}

/** A leaf that leaves its data out for their size names no verdict: it is held against the account alone. */
function isOfVerdict({ type, data }: LeafEntry): boolean {
  return (type === 'verdict.recorded' || type === 'verdict.break_glass') && 'verdict' in data;
}
