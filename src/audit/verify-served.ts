import { openKept, type KeptCheckpoint } from '../fsck/kept-checkpoint.js';
import { GrowingTree } from '../history/growing-tree.js';
import { leafHash } from '../history/merkle-tree.js';
import type { NoteKey } from '../history/note-key.js';
import { hashesOf, TILE_WIDTH } from '../history/tile.js';
import { accountOf, againstAccount } from './account.js';
import { A_NOTE, type Ask } from './ask.js';
import type { Audit } from './audit.js';
import { isOfVerdict, isUnbound } from './bound-by-leaf.js';
import { checkpointsToMeet, type CheckpointsToMeet } from './checkpoints-to-meet.js';
import { UntoldClaims } from './untold-claims.js';
import { findingList, type FindingList } from './finding-list.js';
import { cutFault } from './kept-fault.js';
import { servedLeaves, type ServedLeaves } from './served-leaves.js';
import { tileFault } from './served-tile.js';
import { parseLeaf, type LeafEntry } from './told-entry.js';
import {
  askAttestation,
  attestationFault,
  examinationClaim,
  examinationTold,
  isOfExamination,
} from './told-attestation.js';
import { servedEnvelopeFault, servedVerdictFault } from './told-evidence.js';

const SIGNED = 'the checkpoint is signed by the key of the log';
const ROOT = 'the leaves of the log lead to the root of its checkpoint';
const KEPT = 'the log goes on from every checkpoint that was kept';
const TILES = 'the tiles of the log are of the hashes of its leaves';
const ACCOUNT = 'the account is what the leaves of the log say';
const ENVELOPES = 'every envelope that was received hashes to its id';
const ATTESTATIONS = 'every attestation is answered as its entries tell of it';
const VERDICTS = 'every verdict is the one that its entry tells of';
const INVARIANTS = [SIGNED, ROOT, KEPT, TILES, ACCOUNT, ENVELOPES, ATTESTATIONS, VERDICTS] as const;
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
  /** From 0 to 1, exclusive: by which is chosen. Whoever can foresee it knows which envelopes are not looked at. */
  readonly random: () => number;
  /** Told how many more leaves were looked at, and how many there are. */
  readonly onLeaves: (count: number, of: number) => void;
}

/**
 * Holds all that a service answers of its log, up to its checkpoint of this moment, against that checkpoint and those that were kept,
 * and the account, envelopes and verdicts against the log. In constant memory. Rejects where it cannot be found out.
 */
export async function verifyServed(options: ServedAuditOptions): Promise<Audit> {
  const { ask, keys, kept } = options;
  const findings = findingList(INVARIANTS);
  const note = await ask('/log/checkpoint', A_NOTE);
  if (note === null) throw new Error('the service has no checkpoint yet');
  const opened = openKept(note, 'the checkpoint served', keys);
  if ('fault' in opened) {
    findings.violated(SIGNED, opened.fault);
    for (const name of INVARIANTS) findings.unheld(name, 'no checkpoint vouches for the log');
    return auditOf(findings, null, 0);
  }
  const toMeet = checkpointsToMeet(kept);
  const forked = toMeet.checkpoint(opened);
  if (forked !== null) findings.violated(KEPT, forked);
  let entries: number;
  try {
    entries = await walkLeaves(options, opened, findings, toMeet);
  } catch (error) {
    // What is wrong is wrong, although the rest cannot be asked for any more.
    if (findings.all().every(({ first }) => first === null)) throw error;
    findings.remark(`what was not looked at yet: ${error instanceof Error ? error.message : String(error)}`);
    return auditOf(findings, null, 0);
  }
  for (const one of toMeet.unmet()) {
    const cut = cutFault(one, opened.size);
    if (cut === null) findings.unheld(KEPT, `the leaves are not all there up to the checkpoint kept in ${one.source}`);
    else findings.violated(KEPT, cut);
  }
  if (kept.length === 0) findings.unheld(KEPT, 'none is given by --checkpoint');
  return auditOf(findings, { size: opened.size, note }, entries);
}

function auditOf(findings: Findings, checkpoint: Audit['checkpoint'], entries: number): Audit {
  findings.remark(
    'that policies, trust, acts on statements, waivers and tokens are what their entries tell of: they are not asked for',
  );
  findings.remark(
    'whom attestations are answered to be signed by and about, what facts they give, and what the service lists of them',
  );
  findings.remark('that signatures and facts come out again: that takes the trust on record, in the database');
  return { findings: findings.all(), notHeld: findings.notHeld(), undecided: [], checkpoint, entries };
}

/** Builds the tree again and holds against it and its leaves what is served beside them. Answers how many leaves there were. */
async function walkLeaves(
  { ask, sample, random, onLeaves }: ServedAuditOptions,
  { size, root }: KeptCheckpoint,
  findings: Findings,
  toMeet: CheckpointsToMeet,
): Promise<number> {
  const tree = new GrowingTree(0, []);
  const faultsInAccount = againstAccount(accountOf(ask));
  const claims: Claims = { dropped: new UntoldClaims(), examined: new UntoldClaims() };
  let [skipped, unbound] = [0, 0];
  const isChosen = (): boolean => {
    const chosen = random() < sample;
    if (!chosen) skipped += 1;
    return chosen;
  };
  const checkTile = async (level: number, tile: number, hashes: readonly Buffer[]): Promise<void> => {
    const fault = await tileFault(ask, { level, tile, hashes });
    if (fault !== null) findings.violated(TILES, fault);
  };
  for await (const served of servedLeaves(ask, size)) {
    if ('fault' in served) {
      findings.violated(ROOT, served.fault);
      for (const name of [TILES, ACCOUNT, ENVELOPES, ATTESTATIONS, VERDICTS] as const) {
        findings.unheld(name, `leaf ${served.first} is not there, and nothing behind it was looked at`);
      }
      return tree.size;
    }
    const hashes = served.leaves.map(leafHash);
    await checkTile(0, served.tile, hashes);
    for (const hash of hashes) {
      const full = tree.append([hash]);
      const rewritten = toMeet.leaves(tree.size, () => tree.root());
      if (rewritten !== null) findings.violated(KEPT, rewritten);
      // Those of level 0 are looked at above, whole or not.
      for (const each of full.filter(({ level }) => level > 0))
        await checkTile(each.level, each.tile, hashesOf(each.hashes));
    }
    const entries = await readEntries(served, faultsInAccount, findings);
    unbound += entries.filter(isUnbound).length;
    await checkEvidence({ ask, findings, claims, isChosen }, entries);
    onLeaves(served.leaves.length, size);
  }
  for (const [level, hashes] of tree.edge().entries()) {
    const tile = Math.floor(size / TILE_WIDTH ** (level + 1));
    if (level > 0 && hashes.length > 0) await checkTile(level, tile, hashes);
  }
  if (!tree.root().equals(root)) {
    findings.violated(ROOT, `the ${size} leaves of the log do not lead to the root of its checkpoint`);
  }
  if (claims.dropped.untold() !== null || claims.examined.untold() !== null) {
    findings.remark(`what the entries behind the checkpoint's ${size} tell of, which came while this ran`);
    for await (const entry of accountOf(ask, size)) tellClaims(claims, entry);
  }
  const dropped = claims.dropped.untold();
  if (dropped !== null) {
    const { count, first } = dropped;
    findings.violated(ENVELOPES, `${count} are said to be dropped, ${first} first, and no entry tells so`);
  }
  const examined = claims.examined.untold();
  if (examined !== null) {
    const { count, first } = examined;
    findings.violated(ATTESTATIONS, `${count} are said to be examined, ${first} first, and no entry tells so`);
  }
  if (skipped > 0) {
    findings.unheld(ENVELOPES, `${skipped} of them were not fetched (--sample)`);
    findings.unheld(ATTESTATIONS, `not all of them were asked for (--sample)`);
  }
  if (unbound > 0)
    findings.remark(`what ${unbound} verdicts are, whose entries are of an earlier release and have no digest`);
  return size;
}

async function readEntries(
  { tile, leaves }: ServedLeaves,
  faultsInAccount: (entry: LeafEntry) => Promise<readonly string[]>,
  findings: Findings,
): Promise<readonly LeafEntry[]> {
  const entries: LeafEntry[] = [];
  for (const [index, leaf] of leaves.entries()) {
    const sequence = tile * TILE_WIDTH + index + 1;
    const entry = parseLeaf(leaf);
    if (entry?.sequence !== sequence) {
      findings.violated(ACCOUNT, `leaf ${sequence} of the log is no entry of that sequence`);
      continue;
    }
    for (const fault of await faultsInAccount(entry)) findings.violated(ACCOUNT, fault);
    entries.push(entry);
  }
  return entries;
}

/** What the service claims that entries have yet to tell. */
interface Claims {
  /** By the attestation. */
  readonly dropped: UntoldClaims;
  readonly examined: UntoldClaims;
}

interface Checking {
  readonly ask: Ask;
  readonly findings: Findings;
  readonly claims: Claims;
  readonly isChosen: () => boolean;
}

/** What there is to fetch of the evidence and verdicts that entries tell of, a few at once. */
async function checkEvidence(
  { ask, findings, claims, isChosen }: Checking,
  entries: readonly LeafEntry[],
): Promise<void> {
  const asked = new Map<string, ReturnType<typeof askAttestation>>();
  // Entries about one attestation stand near each other.
  const answerOf = (id: string): ReturnType<typeof askAttestation> => {
    const answer = asked.get(id) ?? askAttestation(ask, id);
    asked.set(id, answer);
    return answer;
  };
  const faultsOf = async (entry: LeafEntry): Promise<readonly (readonly [Invariant, string | null])[]> => {
    if (isOfVerdict(entry)) return [[VERDICTS, await servedVerdictFault(ask, entry)]];
    const { type, attestation } = entry;
    const found = attestation === null ? null : await answerOf(attestation);
    const claim = found === null ? null : examinationClaim(found, entry);
    if (claim !== null) claims.examined.claim(claim);
    const answered = [ATTESTATIONS, attestationFault(entry, found)] as const;
    return type === 'attestation.received'
      ? [[ENVELOPES, await servedEnvelopeFault(ask, entry, claims.dropped)], answered]
      : [answered];
  };
  const told = entries.filter((entry) =>
    entry.type === 'attestation.received' || isOfExamination(entry) ? isChosen() : isOfVerdict(entry),
  );
  for (let begin = 0; begin < told.length; begin += AT_ONCE) {
    const faults = await Promise.all(told.slice(begin, begin + AT_ONCE).map(faultsOf));
    for (const [invariant, fault] of faults.flat()) if (fault !== null) findings.violated(invariant, fault);
  }
  // What is claimed of an attestation is claimed by the first of its entries, which come before.
  for (const entry of entries) tellClaims(claims, entry);
}

function tellClaims({ dropped, examined }: Claims, entry: Pick<LeafEntry, 'attestation' | 'type' | 'at'>): void {
  if (entry.attestation === null) return;
  if (entry.type === 'envelope.dropped') dropped.told(entry.attestation);
  if (isOfExamination(entry)) examined.told(examinationTold(entry));
}
