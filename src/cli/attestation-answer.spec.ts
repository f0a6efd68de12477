import { describe, expect, it } from 'vitest';
import { attestationAnswer, exitCodeOf, outcomeText, signersText, subjectLines } from './attestation-answer.js';

const digest = `sha256:${'0a'.repeat(32)}`;

function answer(overrides: object): ReturnType<typeof attestationAnswer.parse> {
  return attestationAnswer.parse({
    id: digest,
    status: 'verified',
    receivedAt: '2026-01-01T00:00:00.000Z',
    predicateType: 'https://slsa.dev/provenance/v1',
    kind: 'build',
    subjects: [{ name: 'api', digest }],
    verification: null,
    ...overrides,
  });
}

describe('an attestation for people', () => {
  it('tells a rejection with its code and why', () => {
    const verification = { outcome: 'rejected', code: 'untrusted_signer', detail: 'nobody known', signers: [] };
    const rejected = answer({ status: 'rejected', verification });
    expect(outcomeText(rejected)).toBe('rejected untrusted_signer: nobody known');
    expect(exitCodeOf(rejected)).toBe(1);
  });

  it('holds pending for no answer yet', () => {
    expect(outcomeText(answer({ status: 'pending' }))).toBe('pending');
    expect(exitCodeOf(answer({ status: 'pending' }))).toBe(2);
  });

  it('names each known signer once and leaves strangers out', () => {
    const signers = [
      { attestor: 'ci', keyId: 'k1' },
      { attestor: 'ci', keyId: 'k1' },
      { attestor: null, keyId: null },
    ];
    expect(signersText(answer({ verification: { outcome: 'verified', signers } }))).toBe('ci (k1)');
    expect(signersText(answer({}))).toBeNull();
  });

  it('shows a handful of subjects and counts the rest', () => {
    const subjects = Array.from({ length: 7 }, (_, index) => ({ name: index === 0 ? 'api' : null, digest }));
    const lines = subjectLines(answer({ subjects }));
    expect(lines[0]).toBe(`${digest}  api`);
    expect(lines.slice(1, 5)).toEqual([digest, digest, digest, digest]);
    expect(lines.at(-1)).toBe('and 2 more');
  });
});
