import { z } from 'zod';
import { toTlogProof, type ConsistencyProof, type EntryProof } from './log.service.js';

const base64 = z.string().describe('Standard base64');

export const entryProofAnswer = z.object({
  sequence: z.number().int().min(1),
  index: z.number().int().min(0).describe('Of the leaf: one less than the sequence'),
  size: z.number().int().min(1).describe('Of the tree that the proof is about, in leaves'),
  root: base64.describe('Of that tree'),
  leaf: base64.describe('The leaf: canonical JSON'),
  leafHash: base64,
  hashes: z.array(base64).describe('The inclusion proof (RFC 6962, 2.1.1), from the leaf upwards'),
  checkpoint: z.string().describe('The signed note of that tree (C2SP tlog-checkpoint)'),
  proof: z.string().describe('All of it as one text (C2SP tlog-proof), with the leaf as its extra line'),
});

export const consistencyAnswer = z.object({
  from: z.number().int().min(0),
  to: z.number().int().min(0),
  fromRoot: base64,
  toRoot: base64,
  hashes: z.array(base64).describe('The consistency proof (RFC 6962, 2.1.2)'),
});

export const logAnswer = z.object({
  origin: z.string().describe('The name of the log, and of its key'),
  vkey: z.string().describe('The key of the last checkpoint as a verifier key (C2SP signed-note)'),
  publicKey: z.string().describe('The same key, as SubjectPublicKeyInfo in PEM'),
  witnesses: z.array(z.string()).describe('The verifier keys of those whose cosignatures are taken'),
});

export const cosignedAnswer = z.object({
  size: z.number().int().min(0),
  cosignatures: z.array(z.object({ witness: z.string(), time: z.iso.datetime() })),
});

export function toEntryProofAnswer(proof: EntryProof): z.infer<typeof entryProofAnswer> {
  const { sequence, index, leaf, leafHash, hashes, checkpoint } = proof;
  return {
    sequence,
    index,
    size: checkpoint.size,
    root: checkpoint.root.toString('base64'),
    leaf: leaf.toString('base64'),
    leafHash: leafHash.toString('base64'),
    hashes: hashes.map((hash) => hash.toString('base64')),
    checkpoint: checkpoint.note,
    proof: toTlogProof(proof),
  };
}

export function toConsistencyAnswer(proof: ConsistencyProof): z.infer<typeof consistencyAnswer> {
  const { from, to, fromRoot, toRoot, hashes } = proof;
  return {
    from,
    to,
    fromRoot: fromRoot.toString('base64'),
    toRoot: toRoot.toString('base64'),
    hashes: hashes.map((hash) => hash.toString('base64')),
  };
}
