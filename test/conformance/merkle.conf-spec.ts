import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { verifyConsistency, verifyInclusion } from '../../src/history/merkle-tree.js';
import { conformanceDirectory, readConformanceFile, withConformanceData } from './conformance-data.js';

const hash = z.string().transform((text) => Buffer.from(text, 'base64'));
const proof = z
  .array(hash)
  .nullable()
  .transform((hashes) => hashes ?? []);
const inclusion = z.object({
  leafIdx: z.number(),
  treeSize: z.number(),
  root: hash,
  leafHash: hash,
  proof,
  wantErr: z.boolean(),
});
const consistency = z.object({
  size1: z.number(),
  size2: z.number(),
  root1: hash,
  root2: hash,
  proof,
  wantErr: z.boolean(),
});

const CASES = 196;
const GOOD_CASES = 12;

function casesIn(folder: string): readonly string[] {
  const files = readdirSync(resolve(conformanceDirectory, 'merkle', folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => name.endsWith('.json'))
    .map((name) => `merkle/${folder}/${name}`)
    .sort();
}

function read(path: string): unknown {
  return JSON.parse(readConformanceFile(path).toString());
}

describe('proofs of RFC 6962', () => {
  withConformanceData('merkle', () => {
    const inclusions = casesIn('inclusion').map((path) => ({ path, ...inclusion.parse(read(path)) }));
    const consistencies = casesIn('consistency').map((path) => ({ path, ...consistency.parse(read(path)) }));

    it('are all there', () => {
      const all = [...inclusions, ...consistencies];
      expect(all).toHaveLength(CASES);
      expect(all.filter((each) => !each.wantErr)).toHaveLength(GOOD_CASES);
    });

    it.each(inclusions)('$path', ({ leafIdx, treeSize, wantErr, ...claim }) => {
      expect(verifyInclusion({ index: leafIdx, size: treeSize, ...claim })).toBe(!wantErr);
    });

    it.each(consistencies)('$path', ({ size1, size2, root1, root2, proof: hashes, wantErr }) => {
      const claim = { from: size1, to: size2, fromRoot: root1, toRoot: root2, proof: hashes };
      expect(verifyConsistency(claim)).toBe(!wantErr);
    });
  });
});
