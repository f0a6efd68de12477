import { describe, expect, it } from 'vitest';
import { openCheckpoint, signCheckpoint } from '../../src/history/checkpoint.js';
import { leafHash, treeRoot } from '../../src/history/merkle-tree.js';
import { parseNoteSigner } from '../../src/history/note-key.js';
import { rootOfEdge } from '../../src/history/tile.js';
import { listConformanceFiles, readConformanceFile, withConformanceData } from './conformance-data.js';

/** A test key that its owner has published. */
const SIGNER = parseNoteSigner(
  'PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg',
);
const HASHES = 'one two three four five six seven eit nain ten ileven twelf threeten fourten fivten'
  .split(' ')
  .map((word) => leafHash(Buffer.from(word)));

describe('the log of Tessera', () => {
  withConformanceData('tessera-log', () => {
    const names = listConformanceFiles('tessera-log');

    it('has checkpoints of the sizes 0 to 7', () => {
      expect(names).toEqual(Array.from({ length: 8 }, (_, size) => `checkpoint.${size}`));
    });

    it.each(names)('is reproduced byte for byte: %s', (name) => {
      const size = Number(name.split('.')[1]);
      const published = readConformanceFile(`tessera-log/${name}`);
      const root = treeRoot(HASHES.slice(0, size));
      expect(rootOfEdge([HASHES.slice(0, size)])).toEqual(root);
      expect(signCheckpoint({ origin: SIGNER.key.name, size, root }, [SIGNER])).toBe(published.toString());
      expect(openCheckpoint(published, SIGNER.key)).toMatchObject({ origin: SIGNER.key.name, size, root });
    });
  });
});
