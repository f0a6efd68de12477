import { describe, expect, it } from 'vitest';
import { parseSubmission } from '../../src/attestations/submission.js';
import { AppError } from '../../src/platform/app-error.js';
import { applyPut } from '../../src/trust/attestor-change.js';
import { parseAttestor } from '../../src/trust/parse-attestor.js';
import { emptyTrust, extendTrust, type TrustSnapshot } from '../../src/trust/trust-snapshot.js';
import { examine } from '../../src/verification/examine.js';
import { readEvidence } from '../../src/verification/read-evidence.js';
import { verificationMaterial } from '../../src/verification/verification-material.js';
import { loadVerificationCases, type CaseAttestor, type VerificationCase, type Want } from './verification-cases.js';

const REGISTERED_AT = '2026-01-01T00:00:00.000Z';
const RECEIVED_AT = '2026-02-01T00:00:00.000Z';

function trustIn(attestors: readonly CaseAttestor[]): TrustSnapshot {
  const states = attestors.map(({ name, document }, index) => ({
    name,
    at: REGISTERED_AT,
    trustRevision: index + 1,
    attestor: applyPut(null, parseAttestor(name, document), REGISTERED_AT),
  }));
  return extendTrust(emptyTrust(null), states.length, { states });
}

/** What comes of a case, in the words in which it says what is wanted. */
async function resultOf({ bytes, attestors }: VerificationCase): Promise<Want> {
  try {
    parseSubmission(bytes);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { outcome: 'refused', code: error.code, paths: (error.errors ?? []).map(({ path }) => path) };
  }
  const trust = trustIn(attestors);
  const { outcome, signers } = examine(
    await readEvidence(bytes, verificationMaterial(trust)),
    new Date(RECEIVED_AT),
    trust,
  );
  if (outcome.outcome !== 'verified') return { outcome: 'rejected', code: outcome.code };
  const counting = signers.filter(({ counts }) => counts).map(({ attestor, keyId }) => `${attestor}/${keyId ?? ''}`);
  return { outcome: 'verified', signers: [...new Set(counting)].sort() };
}

describe('verification cases', () => {
  const cases = loadVerificationCases();

  it('are there', () => {
    expect(cases.length).toBeGreaterThanOrEqual(25);
  });

  it.each(cases.map((each) => [each.name, each.description, each] as const))('%s: %s', async (_name, _text, each) => {
    expect(await resultOf(each)).toEqual(each.want);
  });
});
