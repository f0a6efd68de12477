import { describe, expect, it } from 'vitest';
import { logLeaf, MOST_LEAF_BYTES, type LeafEntry } from '../history/log-leaf.js';
import { differences, parseLeaf, type AccountEntry } from './told-entry.js';

const sealed: LeafEntry = {
  sequence: 7,
  entry: '12',
  at: '2026-01-02T03:04:05.678901Z',
  actor: 'token:ci#1',
  type: 'attestation.received',
  image: null,
  attestation: `sha256:${'a'.repeat(64)}`,
  data: { size: 3, format: 'dsse' },
  nonce: '00000000-0000-4000-8000-000000000000',
};
const { nonce: _nonce, ...rest } = sealed;
const told: AccountEntry = { ...rest, data: { format: 'dsse', size: 3 }, at: '2026-01-02T03:04:05.678Z' };

function leafOf(entry: LeafEntry): NonNullable<ReturnType<typeof parseLeaf>> {
  const leaf = parseLeaf(logLeaf(entry));
  if (leaf === null) throw new Error('the leaf is none');
  return leaf;
}

describe('parseLeaf', () => {
  it('reads what the log sealed, and nothing in another form', () => {
    expect(leafOf(sealed)).toEqual(sealed);
    const text = logLeaf(sealed).toString();
    for (const other of [
      '',
      '{}',
      `${text} `,
      text.replace('"sequence":7', '"sequence":"7"'),
      `{"a":1,${text.slice(1)}`,
    ]) {
      expect(parseLeaf(Buffer.from(other))).toBeNull();
    }
    expect(parseLeaf(Buffer.of(0xff))).toBeNull();
  });
});

describe('differences', () => {
  it('finds none between a leaf and its entry in the account', () => {
    expect(differences(leafOf(sealed), told)).toEqual([]);
  });

  it('finds each member that is another', () => {
    const others: readonly Partial<AccountEntry>[] = [
      { entry: '13' },
      { at: '2026-01-02T03:04:05.679Z' },
      { at: '2026-01-02T03:04:04.678Z' },
      { actor: 'token:ci#2' },
      { type: 'attestation.verified' },
      { image: `sha256:${'b'.repeat(64)}` },
      { attestation: null },
      { data: { format: 'dsse', size: 4 } },
    ];
    for (const other of others) expect(differences(leafOf(sealed), { ...told, ...other })).toEqual(Object.keys(other));
  });

  it('holds the data of a leaf that leaves them out against their digest', () => {
    const data = { name: 'n'.repeat(MOST_LEAF_BYTES) };
    const leaf = leafOf({ ...sealed, data });
    expect(differences(leaf, { ...told, data })).toEqual([]);
    expect(differences(leaf, { ...told, data: { name: 'm'.repeat(MOST_LEAF_BYTES) } })).toEqual(['data']);
  });
});
