import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Malformed } from '../intoto/malformed.js';
import { signCheckpoint } from './checkpoint.js';
import { logLeaf, MOST_LEAF_BYTES } from './log-leaf.js';
import { inclusionSpans, leafHash, spanHash, subtreesOf, treeRoot } from './merkle-tree.js';
import { noteSigner } from './note-key.js';
import { formatTlogProof, parseTlogProof, verifyTlogProof } from './tlog-proof.js';

const log = noteSigner('example.org/log', generateKeyPairSync('ed25519').privateKey);
const leaves = Array.from({ length: 11 }, (_, i) => Buffer.from(`leaf ${i}`));
const hashes = leaves.map(leafHash);
const checkpoint = signCheckpoint({ origin: log.key.name, size: leaves.length, root: treeRoot(hashes) }, [log]);

function proofOf(index: number): string {
  const proof = inclusionSpans(index, leaves.length).map((span) =>
    spanHash(
      subtreesOf(span).map(({ level, index: at }) => treeRoot(hashes.slice(at * 2 ** level, (at + 1) * 2 ** level))),
    ),
  );
  return formatTlogProof({ extra: null, index, hashes: proof, checkpoint });
}

describe('a proof', () => {
  it('shows that its leaf is in the log', () => {
    leaves.forEach((leaf, index) => {
      expect(verifyTlogProof(proofOf(index), leaf, log.key)).toMatchObject({
        outcome: 'included',
        index,
        checkpoint: { size: 11 },
      });
    });
  });

  it('is written as the specification has it, and read again', () => {
    const text = proofOf(10);
    expect(text).toBe(
      `c2sp.org/tlog-proof@v1\nindex 10\n${parseTlogProof(text)
        .hashes.map((each) => `${each.toString('base64')}\n`)
        .join('')}\n${checkpoint}`,
    );
    const extended = formatTlogProof({ ...parseTlogProof(text), extra: Buffer.from('more') });
    expect(parseTlogProof(extended)).toMatchObject({ extra: Buffer.from('more'), index: 10, checkpoint });
  });

  it('shows nothing of another leaf, index, log or checkpoint', () => {
    const text = proofOf(3);
    const other = noteSigner('example.org/log', generateKeyPairSync('ed25519').privateKey).key;
    const faults = [
      verifyTlogProof(text, leaves[4]!, log.key),
      verifyTlogProof(text.replace('index 3', 'index 4'), leaves[3]!, log.key),
      verifyTlogProof(text.replace('index 3', 'index 30'), leaves[3]!, log.key),
      verifyTlogProof(text, leaves[3]!, other),
      verifyTlogProof(text.replace('\n11\n', '\n12\n'), leaves[3]!, log.key),
    ].map((outcome) => outcome.outcome);
    expect(faults).toEqual(['unproved', 'unproved', 'unproved', 'unproved', 'unproved']);
  });

  it('with any character changed shows nothing, or the same', () => {
    const text = proofOf(5);
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), fc.constantFrom('A', '0', '\n', ' ', '='), (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const outcome = verifyTlogProof(changed, leaves[5]!, log.key);
        expect(outcome.outcome === 'included' ? changed : text).toBe(text);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['another first line', 'c2sp.org/tlog-proof@v2\nindex 0\n\nx\n'],
    ['no index', 'c2sp.org/tlog-proof@v1\n\nx\n'],
    ['an index with zeros', 'c2sp.org/tlog-proof@v1\nindex 00\n\nx\n'],
    ['a hash that is none', 'c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx\n'],
    ['an extra that is no base64', 'c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\nx\n'],
    ['too many hashes', `c2sp.org/tlog-proof@v1\nindex 0\n${`${hashes[0]!.toString('base64')}\n`.repeat(64)}\nx\n`],
  ])('is not %s', (_, text) => {
    expect(() => parseTlogProof(text)).toThrow(Malformed);
    expect(verifyTlogProof(text, leaves[0]!, log.key).outcome).toBe('unproved');
  });
});

describe('logLeaf', () => {
  const entry = {
    sequence: 7,
    entry: '12',
    at: '2026-01-02T03:04:05.000006Z',
    actor: 'service',
    type: 'token.revoked',
    image: null,
    attestation: null,
    data: { token: 't', name: 'n' },
    nonce: '6f0c4a1e-0000-4000-8000-000000000000',
  };

  it('is canonical JSON of the entry, with its nulls', () => {
    expect(logLeaf(entry).toString()).toBe(
      '{"actor":"service","at":"2026-01-02T03:04:05.000006Z","attestation":null,"data":{"name":"n","token":"t"},' +
        '"entry":"12","image":null,"nonce":"6f0c4a1e-0000-4000-8000-000000000000","sequence":7,"type":"token.revoked"}',
    );
  });

  it('names the digest of data that are too large for a log', () => {
    const large = logLeaf({ ...entry, data: { name: 'n'.repeat(MOST_LEAF_BYTES) } });
    expect(large.length).toBeLessThan(1_000);
    expect(large.toString()).toMatch(/"data":\{"omitted":"sha256:[0-9a-f]{64}"\}/);
    expect(large).not.toEqual(logLeaf({ ...entry, data: { name: 'm'.repeat(MOST_LEAF_BYTES) } }));
  });
});
