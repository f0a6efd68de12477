import { canonicalJson } from '../intoto/canonical-json.js';
import { sha256, type Sha256Digest } from '../intoto/digest.js';

/** What a verification recorded, as far as verdicts and auditors rest on it. */
export interface RecordedFinding {
  readonly trustRevision: number;
  readonly readerRevision: number;
  readonly outcome: string;
  readonly code: string | null;
  readonly detail: string | null;
  readonly signedDigest: string | null;
  readonly signers: readonly object[];
  readonly proved: readonly object[];
}

/** By what history binds what a verification found: the sha256 of it as canonical JSON. */
export function verificationDigest(finding: RecordedFinding): Sha256Digest {
  const { trustRevision, readerRevision, outcome, code, detail, signedDigest, signers, proved } = finding;
  const bound = { trustRevision, readerRevision, outcome, code, detail, signedDigest, signers, proved };
  return sha256(Buffer.from(canonicalJson(bound)));
}
