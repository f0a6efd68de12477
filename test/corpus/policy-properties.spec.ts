import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { MOST_MANIFESTS } from '../../src/images/image-relations.js';
import { CelEngine } from '../../src/policy/cel.js';
import { evaluate } from '../../src/policy/evaluate.js';
import { contentDigest } from '../../src/policy/question.js';
import type { Verdict } from '../../src/policy/verdict.js';
import {
  approvalCase,
  builtCase,
  indexCase,
  keepingVex,
  lessTrust,
  lookalike,
  policyCase,
  removingVex,
  strangeVex,
  vexCase,
} from './policy-arbitrary.js';
import { CASES_AT } from '../../src/policy-test/case-shape.js';
import type { PolicyCase } from '../../src/policy-test/policy-cases.js';
import { attestationOf, evaluationOf } from '../../src/policy-test/policy-scene.js';

const PATIENT = {
  evaluationMilliseconds: 30_000,
  waitMilliseconds: 60_000,
  startMilliseconds: 60_000,
  memoryMegabytes: 512,
};
const RUNS = Number(process.env['POLICY_PROPERTY_RUNS'] ?? 400);

const cel = new CelEngine(PATIENT);
afterAll(() => cel.close());

function verdictOf(each: PolicyCase, now = each.now): Promise<Verdict> {
  return evaluate({ ...evaluationOf(each), now, cel });
}

async function decisionOf(each: PolicyCase): Promise<Verdict['decision']> {
  return (await verdictOf(each)).decision;
}

/** A case denied stays denied; one allowed may become anything. */
async function staysDenied(before: PolicyCase, after: PolicyCase): Promise<void> {
  if ((await decisionOf(before)) === 'deny') expect(await decisionOf(after)).toBe('deny');
}

describe('whatever the policy and the evidence', { timeout: 120_000 }, () => {
  it('an allow is reached and a deny is reached', async () => {
    const sample = fc.sample(policyCase(false), { numRuns: 300, seed: 7 });
    const decisions = await Promise.all(sample.map(({ each }) => decisionOf(each)));
    expect(decisions.filter((decision) => decision === 'allow').length).toBeGreaterThan(15);
    expect(decisions.filter((decision) => decision === 'deny').length).toBeGreaterThan(15);
  });

  it('failing evidence never turns deny into allow', async () => {
    await fc.assert(
      fc.asyncProperty(policyCase(false), async ({ each, failing }) => {
        await staysDenied(each, { ...each, evidence: [...each.evidence, failing] });
      }),
      { numRuns: RUNS },
    );
  });

  it('a build that cannot be judged never turns deny into allow', async () => {
    await fc.assert(
      fc.asyncProperty(builtCase(), async ({ each, failing }) => {
        await staysDenied(each, { ...each, evidence: [...each.evidence, failing] });
      }),
      { numRuns: RUNS },
    );
  });

  it('waiting never turns deny into allow', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(builtCase(), policyCase(false)), fc.nat(6), async ({ each }, hours) => {
        await staysDenied(each, { ...each, now: new Date(Date.parse(each.now) + hours * 3_600_000).toISOString() });
      }),
      { numRuns: RUNS },
    );
  });

  it('less trust never turns deny into allow, not even through not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(builtCase(), policyCase(true), policyCase(true)),
        fc.array(lessTrust, { minLength: 1, maxLength: 3 }),
        async ({ each }, changes) => {
          const orderly = changes.filter((change, index) => isPossible(changes.slice(0, index), change));
          await staysDenied(each, { ...each, changes: orderly });
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('revoking an attestation never turns deny into allow, not even through not', async () => {
    await fc.assert(
      fc.asyncProperty(policyCase(true), fc.nat(), async ({ each }, index) => {
        const revoked = each.evidence.map((one, at) =>
          at === index % each.evidence.length ? { ...one, standing: 'revoked' as const } : one,
        );
        await staysDenied(each, { ...each, evidence: revoked });
      }),
      { numRuns: RUNS },
    );
  });

  it('taking away an approval that counted never turns deny into allow', async () => {
    await fc.assert(
      fc.asyncProperty(policyCase(false), fc.nat(), async ({ each }, index) => {
        const verdict = await verdictOf(each);
        const counting = new Set(
          verdict.requirements.flatMap(({ status, evidence, considered }) => [
            ...(status === 'satisfied' ? evidence : []),
            ...considered.flatMap(({ attestation, code }) => (code === 'satisfied' ? [attestation] : [])),
          ]),
        );
        // Under `all` what counts for one requirement may be too old for another, and stands against it.
        const objecting = new Set(
          verdict.requirements.flatMap(({ considered }) =>
            considered.flatMap(({ attestation, code }) => (PASSED_OVER.includes(code) ? [] : [attestation])),
          ),
        );
        const approvals = each.evidence.filter(
          ({ name, content }) =>
            counting.has(attestationOf(name)) &&
            !objecting.has(attestationOf(name)) &&
            'predicate' in content &&
            isApproval(content.predicate),
        );
        const taken = approvals[index % approvals.length];
        if (verdict.decision === 'allow' || taken === undefined) return;
        expect(await decisionOf({ ...each, evidence: each.evidence.filter((one) => one !== taken) })).toBe('deny');
      }),
      { numRuns: RUNS },
    );
  });

  it('nobody takes back what somebody else rejected, however alike they are', async () => {
    let rejected = 0;
    await fc.assert(
      fc.asyncProperty(approvalCase(), lookalike, async (each, other) => {
        const verdict = await verdictOf(each);
        const { requirements } = evaluationOf(each).policy;
        const opposed = verdict.requirements.some(
          ({ code }, place) => code === 'negative_evidence' && requirements[place]?.type === 'evidence',
        );
        if (!opposed) return;
        rejected += 1;
        expect(await decisionOf({ ...each, evidence: [...each.evidence, other] })).toBe('deny');
      }),
      { numRuns: RUNS },
    );
    expect(rejected).toBeGreaterThan(RUNS / 20);
  });

  it('an index that is allowed by its manifests has none that is denied', async () => {
    await fc.assert(
      fc.asyncProperty(indexCase(true), async (index) => {
        if ((await decisionOf(index)) === 'deny') return;
        for (const manifest of index.manifests) expect(await decisionOf(manifestOf(index, manifest))).toBe('allow');
      }),
      { numRuns: RUNS },
    );
  });

  it('more manifests than are read never turn deny into allow, not even through not', async () => {
    const others = Array.from({ length: MOST_MANIFESTS + 1 }, (_, index) => `other-${index}`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(builtCase(), policyCase(true)), async ({ each }) => {
        await staysDenied(each, { ...each, manifests: [...each.manifests, ...others] });
      }),
      { numRuns: RUNS },
    );
  });

  it('taking away VEX that removes never turns deny into allow', async () => {
    await fc.assert(
      fc.asyncProperty(vexCase(false), removingVex, async (each, vex) => {
        await staysDenied({ ...each, evidence: [...each.evidence, vex] }, each);
      }),
      { numRuns: RUNS },
    );
  });

  it('less trust in VEX never turns deny into allow, not even through not', async () => {
    await fc.assert(
      fc.asyncProperty(vexCase(true), fc.nat(), async (each, index) => {
        const change = VENDOR_CHANGES[index % VENDOR_CHANGES.length];
        if (change !== undefined) await staysDenied(each, { ...each, changes: [change] });
      }),
      { numRuns: RUNS },
    );
  });

  it('VEX by an attestor whom the policy does not name changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(vexCase(true), strangeVex, async (each, vex) => {
        expect(withoutConsidered(await verdictOf({ ...each, evidence: [...each.evidence, vex] }))).toEqual(
          withoutConsidered(await verdictOf(each)),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('VEX that removes nothing changes nothing where no other removes anything', async () => {
    await fc.assert(
      fc.asyncProperty(vexCase(true), keepingVex, async (each, vex) => {
        const scans = each.evidence.filter(({ content }) => !content.predicateType.includes('openvex'));
        expect(withoutConsidered(await verdictOf({ ...each, evidence: [...scans, vex] }))).toEqual(
          withoutConsidered(await verdictOf({ ...each, evidence: scans })),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('the order of facts changes no byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        policyCase(true).chain(({ each }) =>
          fc.tuple(fc.constant(each), fc.shuffledSubarray([...each.evidence], { minLength: each.evidence.length })),
        ),
        async ([each, shuffled]) => {
          const expected = JSON.stringify(await verdictOf(each));
          expect(JSON.stringify(await verdictOf({ ...each, evidence: shuffled }))).toBe(expected);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('an answer holds exactly until validUntil', async () => {
    await fc.assert(
      fc.asyncProperty(
        policyCase(true),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        async ({ each }, where) => {
          const verdict = await verdictOf(each);
          const said = contentDigest(verdict);
          const start = Date.parse(each.now);
          const until = verdict.validUntil === null ? start + 1e12 : Date.parse(verdict.validUntil);
          expect(until).toBeGreaterThan(start);
          const between = new Date(start + Math.floor((until - start) * where)).toISOString();
          expect(contentDigest(await verdictOf(each, between))).toBe(said);
          expect(contentDigest(await verdictOf(each, new Date(until - 1).toISOString()))).toBe(said);
          if (verdict.validUntil !== null) {
            expect(contentDigest(await verdictOf(each, verdict.validUntil))).not.toBe(said);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});

const PASSED_OVER: readonly string[] = ['satisfied', 'superseded', 'duplicate_person'];

const VENDOR_CHANGES: PolicyCase['changes'] = [
  { at: CASES_AT, revoke: 'vendor', key: 'k1', reason: 'compromised' },
  { at: CASES_AT, revoke: 'vendor', key: 'k2', reason: 'superseded' },
  { at: CASES_AT, delete: 'vendor' },
  { at: CASES_AT, put: { name: 'vendor', document: { kinds: ['scan'], keys: { k1: {}, k2: {} } } } },
];

function withoutConsidered(verdict: Verdict): object {
  return { ...verdict, requirements: verdict.requirements.map((result) => ({ ...result, considered: [] })) };
}

function isApproval(predicate: unknown): boolean {
  return (
    typeof predicate === 'object' && predicate !== null && 'decision' in predicate && predicate.decision === 'approved'
  );
}

/** Nothing is put back or revoked that an earlier change has deleted. */
function isPossible(
  before: readonly Parameters<typeof describeChange>[0][],
  change: Parameters<typeof describeChange>[0],
): boolean {
  const target = describeChange(change);
  return !before.some((earlier) => describeChange(earlier) === target);
}

function describeChange(change: PolicyCase['changes'][number]): string {
  if ('put' in change) return change.put.name;
  if ('distrust' in change) return 'the trust root';
  return 'delete' in change ? change.delete : change.revoke;
}

/** The case asked about one of its manifests: what it was asked about is an index of that. */
function manifestOf(index: PolicyCase, manifest: string): PolicyCase {
  const own = 'the-index';
  const renamed = JSON.stringify(index.evidence)
    .replaceAll('{image}', `{image ${own}}`)
    .replaceAll(`{image ${manifest}}`, '{image}');
  return {
    ...index,
    manifests: [],
    indexes: [own],
    evidence: (JSON.parse(renamed) as PolicyCase['evidence']).flatMap(({ about, ...evidence }) => {
      if (evidence.commit !== undefined) return [evidence];
      if (about === manifest) return [evidence];
      return about === undefined ? [{ ...evidence, about: own }] : [];
    }),
  };
}
