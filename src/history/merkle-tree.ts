import { hash } from 'node:crypto';

/** A SHA-256 of the tree: 32 bytes. */
export type TreeHash = Buffer;

export const HASH_BYTES = 32;

/** A complete subtree: the leaves from `index * 2^level`, `2^level` of them. Level 0 is a leaf. */
export interface Subtree {
  readonly level: number;
  readonly index: number;
}

/** The leaves from `begin` up to, without, `end`. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** The root of a tree without leaves: the hash of nothing (RFC 6962, 2.1). */
export const EMPTY_ROOT: TreeHash = hash('sha256', '', 'buffer');

/** The hash of a leaf (RFC 6962, 2.1). */
export function leafHash(leaf: Uint8Array): TreeHash {
  const prefixed = Buffer.allocUnsafe(leaf.length + 1);
  prefixed[0] = 0;
  prefixed.set(leaf, 1);
  return hash('sha256', prefixed, 'buffer');
}

const pair = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** The hash of the node above two others (RFC 6962, 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): TreeHash {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return hash('sha256', pair, 'buffer');
}

/** The root over these leaf hashes (RFC 6962, 2.1), of any number of them. */
export function treeRoot(leafHashes: readonly TreeHash[]): TreeHash {
  const edge = new RightEdge();
  for (const each of leafHashes) edge.append(each);
  return edge.root();
}

/**
 * The complete subtrees that a span consists of in the tree, from left to right. `begin` must be 0 or such that the span is
 * a node of a tree that ends at `end`, as those are that `inclusionSpans` and `consistencySpans` answer.
 */
export function subtreesOf({ begin, end }: Span): readonly Subtree[] {
  const subtrees: Subtree[] = [];
  for (let at = begin; at < end;) {
    const size = largestPower(end - at);
    subtrees.push({ level: Math.log2(size), index: at / size });
    at += size;
  }
  return subtrees;
}

/** The hash of a span, given those of its `subtreesOf` in their order; of none, that of a tree without leaves. */
export function spanHash(subtreeHashes: readonly TreeHash[]): TreeHash {
  if (subtreeHashes.length === 0) return EMPTY_ROOT;
  return subtreeHashes.reduceRight((right, left) => nodeHash(left, right));
}

/**
 * The spans whose hashes, in this order, are the inclusion proof of leaf `index` in the tree of `size` leaves (RFC 6962,
 * 2.1.1). Throws RangeError unless `index < size`, both whole numbers.
 */
export function inclusionSpans(index: number, size: number): readonly Span[] {
  if (!isCount(index) || !isCount(size) || index >= size) throw new RangeError(`no leaf ${index} among ${size}`);
  const spans: Span[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + splitPoint(end - begin);
    if (index < middle) {
      spans.push({ begin: middle, end });
      end = middle;
    } else {
      spans.push({ begin, end: middle });
      begin = middle;
    }
  }
  return spans.reverse();
}

/**
 * The spans whose hashes, in this order, prove that the tree of `from` leaves is a beginning of that of `to` leaves
 * (RFC 6962, 2.1.2); none where `from` is 0 or `to`. Throws RangeError unless `from <= to`, both whole numbers.
 */
export function consistencySpans(from: number, to: number): readonly Span[] {
  if (!isCount(from) || !isCount(to) || from > to) throw new RangeError(`no tree of ${from} leaves in one of ${to}`);
  if (from === 0 || from === to) return [];
  const spans: Span[] = [];
  let [begin, end] = [0, to];
  while (from !== end) {
    const middle = begin + splitPoint(end - begin);
    if (from <= middle) {
      spans.push({ begin: middle, end });
      end = middle;
    } else {
      spans.push({ begin, end: middle });
      begin = middle;
    }
  }
  // Where the old tree is itself a subtree from the left edge, the verifier knows its hash: it is the old root.
  if (begin !== 0) spans.push({ begin, end });
  return spans.reverse();
}

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** Whether the proof shows that the leaf is at `index` of the tree of `size` leaves with this root (RFC 9162, 2.1.3.2). */
export function verifyInclusion({ index, size, leafHash: leaf, proof, root }: InclusionClaim): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || ![leaf, root, ...proof].every(isHash)) return false;
  let [node, last, current] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      current = nodeHash(sibling, current);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      current = nodeHash(current, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(current, root);
}

export interface ConsistencyClaim {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the proof shows that the tree of `from` leaves is a beginning of that of `to` leaves (RFC 9162, 2.1.4.2). The
 * empty tree is a beginning of every tree, and needs no proof: its root must then be that of nothing.
 */
export function verifyConsistency({ from, to, fromRoot, toRoot, proof }: ConsistencyClaim): boolean {
  if (!isCount(from) || !isCount(to) || from > to) return false;
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot) && (from > 0 || equal(fromRoot, EMPTY_ROOT));
  if (![fromRoot, toRoot, ...proof].every(isHash)) return false;
  if (from === 0) return proof.length === 0 && equal(fromRoot, EMPTY_ROOT);
  let [node, last] = [from - 1, to - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // The old tree is a subtree of its own exactly where its last leaf ends a complete one from the left edge.
  const path = node === 0 ? [fromRoot, ...proof] : proof;
  const [first, ...siblings] = path;
  if (first === undefined) return false;
  let [old, current] = [first, first];
  for (const sibling of siblings) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      old = nodeHash(sibling, old);
      current = nodeHash(sibling, current);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      current = nodeHash(current, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(old, fromRoot) && equal(current, toRoot);
}

/** A tree to which leaves are appended, in memory that grows with the logarithm of their number. */
export class RightEdge {
  /** Of complete subtrees, by level; null where the size has no such bit. */
  private readonly subtrees: (TreeHash | null)[] = [];
  private count = 0;

  /** How many leaves have been appended. */
  get size(): number {
    return this.count;
  }

  append(hashOfLeaf: TreeHash): void {
    let current = hashOfLeaf;
    let level = 0;
    for (let left = this.subtrees[level] ?? null; left !== null; left = this.subtrees[level] ?? null) {
      current = nodeHash(left, current);
      this.subtrees[level] = null;
      level += 1;
    }
    this.subtrees[level] = current;
    this.count += 1;
  }

  /** The root over all leaves appended so far. */
  root(): TreeHash {
    return spanHash(this.subtrees.filter((subtree) => subtree !== null).reverse());
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: Uint8Array): boolean {
  return value.length === HASH_BYTES;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

// Sizes may be beyond 32 bits, which is all that the operators on bits take.
function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

/** The largest power of two that is no larger than `count`, which is at least 1. */
function largestPower(count: number): number {
  let power = 1;
  while (power * 2 <= count) power *= 2;
  return power;
}

/** Where a tree of so many leaves, at least two, is split: the largest power of two smaller than it (RFC 6962, 2.1). */
function splitPoint(count: number): number {
  return largestPower(count - 1);
}
