import { afterAll, describe, expect, it } from 'vitest';
import type { Fact, Json } from '../facts/fact.js';
import { sha256, type AttestationId } from '../intoto/digest.js';
import { attestorWith, day, keyWith, signerWith, trustOf } from '../trust/trust.fixture.js';
import { CelAnswers } from './cel-answers.js';
import { parseCel, EVIDENCE_CHECK_VARIABLES, WHEN_VARIABLES } from './cel-expression.js';
import { celBatch } from './cel-variables.js';
import { CelEngine } from './cel.js';
import { compilePolicy } from './compile-policy.js';
import { evaluate, type EvaluationInput } from './evaluate.js';
import { parsePolicy } from './parse-policy.js';
import type { Verdict } from './verdict.js';

const DIGEST = sha256(Buffer.from('image'));
const NOW = day(11);
const TYPE = 'https://example.com/review/v1';

const patient = new CelEngine({
  evaluationMilliseconds: 30_000,
  waitMilliseconds: 30_000,
  startMilliseconds: 30_000,
  memoryMegabytes: 512,
});
afterAll(() => patient.close());

function review(index: number, predicate: Json): Fact {
  return {
    id: String(index),
    attestation: sha256(Buffer.from(String(index))) as string as AttestationId,
    kind: 'other',
    predicateType: TYPE,
    signers: [signerWith()],
    receivedAt: day(10),
    ownTime: null,
    content: { kind: 'other', predicate },
    signedDigest: sha256(Buffer.from('what was signed')),
  };
}

function inputWith(requirements: readonly object[], change: Partial<EvaluationInput> = {}): EvaluationInput {
  const policy = compilePolicy(parsePolicy(JSON.stringify({ policy: 'p', requirements }), 'json'));
  return {
    policy,
    policyRef: { name: 'p', revision: 1, digest: DIGEST },
    facts: [],
    predicates: new Map(),
    trust: trustOf({
      at: day(1),
      attestor: attestorWith({ name: 'legal', kinds: ['other', 'scan'], keys: [keyWith()] }),
    }),
    waivers: [],
    ownKeys: new Set(),
    parameters: {},
    digest: DIGEST,
    repository: null,
    pending: false,
    revisions: { evidence: 4, trust: 5, waivers: 6 },
    now: NOW,
    cel: patient,
    ...change,
  };
}

async function onlyResult(verdict: Promise<Verdict>): Promise<Verdict['requirements'][number]> {
  const [result] = (await verdict).requirements;
  if (result === undefined) throw new Error('no result');
  return result;
}

const REVIEWED = { id: 'reviewed', predicateType: TYPE, from: ['legal'] };

describe('a verdict', () => {
  it('says for what it was given, and at which moment and revisions', async () => {
    const verdict = await evaluate(inputWith([REVIEWED], { facts: [review(1, {})], now: '2026-01-11T00:00:00Z' }));
    expect(verdict).toMatchObject({
      decision: 'allow',
      pending: false,
      mode: 'enforce',
      wouldDeny: false,
      image: { digest: DIGEST, repository: null },
      policy: { name: 'p', revision: 1, digest: DIGEST },
      parameters: {},
      evaluatedAt: '2026-01-11T00:00:00.000Z',
      validUntil: null,
      waivers: [],
      revisions: { evidence: 4, trust: 5, waivers: 6 },
    });
  });

  it('names at most a hundred pieces of evidence per requirement, and says how many more there are', async () => {
    const facts = Array.from({ length: 130 }, (_, index) => review(index, { n: index }));
    const result = await onlyResult(evaluate(inputWith([{ ...REVIEWED, count: 2 }], { facts })));
    expect(result.considered).toHaveLength(100);
    expect(result.message).toContain('(30 more were considered)');
  });

  it('without expressions needs nothing that evaluates them', async () => {
    const cel = new CelEngine({
      evaluationMilliseconds: 0,
      waitMilliseconds: -1,
      startMilliseconds: 0,
      memoryMegabytes: 1,
    });
    expect((await evaluate(inputWith([REVIEWED], { facts: [review(1, {})], cel }))).decision).toBe('allow');
  });

  it('for which an expression ran out of time denies, says so and is not kept', async () => {
    const cel = new CelEngine({
      evaluationMilliseconds: 50,
      heldMilliseconds: 30_000,
      waitMilliseconds: 30_000,
      startMilliseconds: 30_000,
      memoryMegabytes: 512,
    });
    const check = 'predicate.all(a, predicate.all(b, predicate.all(c, a + b + c >= 0)))';
    const facts = [
      review(
        1,
        Array.from({ length: 300 }, (_, index) => index),
      ),
    ];
    const verdict = await evaluate(inputWith([{ ...REVIEWED, check }], { facts, cel }));
    await cel.close();
    expect(verdict.decision).toBe('deny');
    expect(verdict.validUntil).toBe(verdict.evaluatedAt);
    expect(verdict.requirements[0]).toMatchObject({ status: 'error', code: 'evaluation_error' });
  });
});

describe('what may not be absent', () => {
  it('is the predicate where a check speaks of it', async () => {
    const scan: Fact = {
      ...review(1, {}),
      kind: 'scan',
      content: {
        kind: 'scan',
        scanner: 'trivy',
        scannerVersion: null,
        databaseAt: null,
        scannedAt: null,
        findings: [],
        counts: { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, none: 0, unknown: 0 },
      },
    };
    const input = inputWith([{ id: 'scanned', kind: 'scan', from: ['legal'], check: 'has(predicate.x)' }], {
      facts: [scan],
    });
    expect(input.policy.needsPredicate).toBe(true);
    await expect(evaluate(input)).rejects.toThrow('the predicate of');
    const given = { ...input, predicates: new Map([[scan.attestation, { x: 1 }]]) };
    expect((await evaluate(given)).decision).toBe('allow');
  });

  it('is a parameter that a condition compares with', async () => {
    const document = {
      policy: 'p',
      parameters: { ref: { type: 'string', required: true } },
      requirements: [{ id: 'built', kind: 'build', from: ['ci'], where: { ref: '${params.ref}' } }],
    };
    const policy = compilePolicy(parsePolicy(JSON.stringify(document), 'json'));
    await expect(evaluate(inputWith([REVIEWED], { policy }))).rejects.toThrow('parameter ref has no value');
  });

  it('is a time that can be read', async () => {
    await expect(evaluate(inputWith([REVIEWED], { now: 'today' }))).rejects.toThrow(RangeError);
  });
});

describe('what expressions are told', () => {
  it('is each fact once, its predicate only where it is asked about, and what guards what', () => {
    const answers = new CelAnswers();
    const facts = [review(1, { a: 1 }), review(2, { b: 2 })] as const;
    const when = parseCel('image.repository == null', WHEN_VARIABLES);
    const reading = parseCel('predicate.a == 1', EVIDENCE_CHECK_VARIABLES);
    const looking = parseCel('fact.kind == "other"', EVIDENCE_CHECK_VARIABLES);
    answers.ask(looking, facts[0]);
    answers.ask(when, null);
    answers.within(when, () => answers.ask(reading, facts[0]));
    answers.ask(looking, facts[0]);
    answers.ask(looking, facts[1]);
    const place = {
      policyRef: { name: 'production' },
      now: NOW,
      parameters: { x: 1 },
      digest: DIGEST,
      repository: null,
      predicates: new Map(),
      dropped: new Map(),
    };
    expect(celBatch(answers.open, place)).toMatchObject({
      policy: 'production',
      params: { x: 1 },
      image: { digest: DIGEST, repository: null },
      subjects: [
        { predicate: { a: 1 }, fact: { kind: 'other' } },
        { predicate: null, attestation: { id: facts[1].attestation } },
      ],
      questions: [
        { expression: looking.source, subject: 0, guard: null },
        { expression: when.source, subject: null, guard: null },
        { expression: reading.source, subject: 0, guard: 1 },
        { expression: looking.source, subject: 1, guard: null },
      ],
    });
  });
});
