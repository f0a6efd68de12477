import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttestationId } from '../intoto/digest.js';
import { sha256 } from '../intoto/digest.js';
import { contentDigest } from './question.js';
import { differencesOf } from './verdict-differences.js';
import type { RequirementResult, Verdict } from './verdict.js';

const attestation = fc.constantFrom('a', 'b').map((text) => sha256(Buffer.from(text)) as string as AttestationId);

const result = (id: string): fc.Arbitrary<RequirementResult> =>
  fc.record({
    id: fc.constant(id),
    status: fc.constantFrom('satisfied', 'unsatisfied'),
    code: fc.constantFrom('satisfied', 'no_evidence'),
    message: fc.constantFrom('one thing', 'another'),
    evidence: fc.array(attestation, { maxLength: 2 }),
    considered: fc.array(
      fc.record({
        attestation,
        code: fc.constantFrom('superseded', 'evidence_too_old'),
        message: fc.constantFrom('x', 'y'),
      }),
      { maxLength: 1 },
    ),
    missing: fc.constantFrom(null, 'something'),
  });

const verdict: fc.Arbitrary<Verdict> = fc.record({
  decision: fc.constantFrom('allow', 'deny'),
  pending: fc.boolean(),
  mode: fc.constantFrom('enforce', 'audit'),
  wouldDeny: fc.boolean(),
  image: fc.constant({ digest: sha256(Buffer.from('image')), repository: null }),
  policy: fc.record({
    name: fc.constant('p'),
    revision: fc.integer({ min: 1, max: 2 }),
    digest: fc.constantFrom('1', '2').map((text) => sha256(Buffer.from(text))),
  }),
  parameters: fc.constant({}),
  evaluatedAt: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'),
  validUntil: fc.constant(null),
  requirements: fc.shuffledSubarray(['one', 'two']).chain((ids) => fc.tuple(...ids.map(result))),
  missing: fc.constant([]),
  waivers: fc.constantFrom([], ['w']),
  revisions: fc.record({ evidence: fc.nat(2), trust: fc.nat(2), waivers: fc.nat(2) }),
});

/** Another verdict that mostly says the same. */
const near = verdict.chain((first) =>
  verdict.chain((second) =>
    fc
      .subarray(Object.keys(second) as (keyof Verdict)[], { maxLength: 3 })
      .map((members) => ({ first, second: { ...first, ...pick(second, members) } })),
  ),
);

function pick(from: Verdict, members: readonly (keyof Verdict)[]): Partial<Verdict> {
  return Object.fromEntries(members.map((member) => [member, from[member]]));
}

describe('differencesOf', () => {
  it('finds something exactly where the contents are not the same', () => {
    fc.assert(
      fc.property(near, ({ first, second }) => {
        const isSame = contentDigest(first) === contentDigest(second);
        expect(differencesOf(first, second).length === 0).toBe(isSame);
        expect(differencesOf(first, first)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});
