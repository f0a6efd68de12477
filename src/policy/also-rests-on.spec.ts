import { afterAll, describe, expect, it } from 'vitest';
import { SEVERITIES, type Fact, type Severity, type VexStatement } from '../facts/fact.js';
import { sha256, type AttestationId } from '../intoto/digest.js';
import { attestorWith, day, signerWith, trustOf } from '../trust/trust.fixture.js';
import { inTermsOf } from './also-rests-on.js';
import { CelEngine } from './cel.js';
import { compilePolicy } from './compile-policy.js';
import { evaluate } from './evaluate.js';
import { parsePolicy } from './parse-policy.js';
import { contentDigest } from './question.js';
import type { RequirementResult, Verdict } from './verdict.js';
import { restsOn } from './verdict-search-terms.js';

const cel = new CelEngine({
  evaluationMilliseconds: 1_000,
  waitMilliseconds: 1_000,
  startMilliseconds: 10_000,
  memoryMegabytes: 64,
});
afterAll(() => cel.close());

const DIGEST = sha256(Buffer.from('image'));
const SCANNED = {
  id: 'scanned',
  kind: 'scan',
  from: ['trivy'],
  where: { maxFindings: 0, vex: { from: ['trivy'] } },
};

function idOf(name: string): AttestationId {
  return sha256(Buffer.from(name)) as string as AttestationId;
}

function factOf(name: string, content: Fact['content'], date = 9): Fact {
  return {
    id: name,
    attestation: idOf(name),
    kind: content.kind,
    predicateType: 'https://example.com/v1',
    signedDigest: sha256(Buffer.from(`signed ${name}`)),
    signers: [signerWith({ receivedAt: day(date) })],
    receivedAt: day(date),
    ownTime: day(date),
    content,
  };
}

function scanOf(name: string, vulnerabilities: readonly string[], date = 9): Fact {
  const none = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])) as Record<Severity, number>;
  return factOf(
    name,
    {
      kind: 'scan',
      scanner: 'trivy',
      scannerVersion: null,
      databaseAt: null,
      scannedAt: day(date),
      findings: vulnerabilities.map((id) => ({
        id,
        severity: 'high',
        cvss: null,
        package: { name: 'lib', version: '1', purl: null },
        fixedIn: [],
      })),
      counts: { ...none, high: vulnerabilities.length },
    },
    date,
  );
}

function vexOf(name: string, vulnerabilities: readonly string[], change: Partial<VexStatement> = {}, date = 9): Fact {
  const statements = vulnerabilities.map((id) => ({
    vulnerability: { id, aliases: [] },
    products: null,
    status: 'not_affected' as const,
    justification: 'vulnerable_code_not_present',
    detail: null,
    at: day(date),
    ...change,
  }));
  return factOf(name, { kind: 'vex', author: null, document: null, version: null, statements }, date);
}

function testOf(name: string, passed: boolean, date: number): Fact {
  const result = passed ? 'passed' : 'failed';
  const none = { suite: null, url: null, environment: {}, configuration: [], passed: [], warned: [], failed: [] };
  return factOf(name, { kind: 'test', result, ...none }, date);
}

async function verdictOf(requirement: object, facts: readonly Fact[]): Promise<Verdict> {
  const document = parsePolicy(JSON.stringify({ policy: 'p', requirements: [requirement] }), 'json');
  return evaluate({
    policy: compilePolicy(document),
    policyRef: { name: 'p', revision: 1, digest: DIGEST },
    facts,
    predicates: new Map(),
    trust: trustOf({ at: day(1), attestor: attestorWith({ kinds: ['scan', 'vex', 'test'] }) }),
    waivers: [],
    ownKeys: new Set(),
    parameters: {},
    digest: DIGEST,
    repository: null,
    pending: false,
    revisions: { evidence: 1, trust: 1, waivers: 0 },
    now: day(20),
    cel,
  });
}

async function resultOf(requirement: object, facts: readonly Fact[]): Promise<RequirementResult> {
  const [result] = (await verdictOf(requirement, facts)).requirements;
  if (result === undefined) throw new Error('no result');
  return result;
}

const named = (...names: readonly string[]): readonly AttestationId[] => names.map(idOf).sort();

describe('what a requirement also rests on', () => {
  it('is all VEX that removed findings, however many of it there is', async () => {
    const numbers = Array.from({ length: 250 }, (_, index) => `CVE-${index}`);
    const verdict = await verdictOf(SCANNED, [
      scanOf('scan', numbers),
      ...numbers.map((vulnerability) => vexOf(vulnerability, [vulnerability])),
      vexOf('of no finding', ['CVE-1000']),
    ]);
    expect(verdict.decision).toBe('allow');
    expect(verdict.requirements[0]?.removed).toHaveLength(100);
    expect(verdict.requirements[0]?.considered).toHaveLength(100);
    expect(verdict.requirements[0]?.alsoRestsOn).toEqual(named(...numbers));
    expect([...restsOn(verdict)].sort()).toEqual(named('scan', ...numbers));
  });

  it('is nothing where it is not met, or VEX removed nothing', async () => {
    const facts = [scanOf('scan', ['CVE-1', 'CVE-2']), vexOf('vex', ['CVE-1'])];
    const unmet = await resultOf(SCANNED, facts);
    expect(unmet).toMatchObject({ status: 'unsatisfied', removedCount: 1 });
    expect(unmet).not.toHaveProperty('alsoRestsOn');
    expect((await resultOf(SCANNED, [scanOf('scan', []), vexOf('vex', ['CVE-1'])])).alsoRestsOn).toEqual([]);
  });

  it('is also the VEX for an older scan, without which that would stand against the image', async () => {
    const newest = scanOf('newest', ['CVE-3'], 9);
    const vex = [vexOf('vex', ['CVE-1']), vexOf('other', ['CVE-3'])];
    const result = await resultOf(SCANNED, [scanOf('older', ['CVE-1'], 8), newest, ...vex]);
    expect(result).toMatchObject({ status: 'satisfied', evidence: [idOf('newest')] });
    expect(result.alsoRestsOn).toEqual(named('vex', 'other'));
  });

  it('is that of the branches that decide', async () => {
    const facts = [scanOf('scan', ['CVE-1']), vexOf('vex', ['CVE-1'])];
    const tested = { id: 'tested', kind: 'test', from: ['trivy'] };
    const either = await resultOf({ id: 'either', anyOf: [SCANNED, tested] }, facts);
    expect(either).toMatchObject({ status: 'satisfied', alsoRestsOn: named('vex') });
    const both = { id: 'both', allOf: [SCANNED, tested] };
    const neither = await resultOf({ id: 'either', anyOf: [both, { id: 'here', check: 'true' }] }, facts);
    expect(neither).toMatchObject({ status: 'satisfied', alsoRestsOn: [] });
  });

  it('is under a not what took the place of what would have denied', async () => {
    const requirement = { id: 'untested', not: { id: 'tested', kind: 'test', from: ['trivy'] } };
    const result = await resultOf(requirement, [testOf('older', true, 5), testOf('newest', false, 8)]);
    expect(result).toMatchObject({ status: 'satisfied', evidence: [], alsoRestsOn: named('newest') });
    expect(await resultOf(requirement, [testOf('only', false, 8)])).not.toHaveProperty('alsoRestsOn');
    expect(await resultOf(requirement, [])).not.toHaveProperty('alsoRestsOn');
  });

  it('is under two nots what satisfies the inner one, and its VEX', async () => {
    const requirement = { id: 'outer', not: { id: 'inner', not: SCANNED } };
    const result = await resultOf(requirement, [scanOf('scan', ['CVE-1']), vexOf('vex', ['CVE-1'])]);
    expect(result).toMatchObject({ status: 'satisfied', alsoRestsOn: named('scan', 'vex') });
  });

  it('is under a not the VEX that keeps a finding which other VEX would remove', async () => {
    const requirement = { id: 'unclean', not: SCANNED };
    const facts = [scanOf('scan', ['CVE-1']), vexOf('removing', ['CVE-1'], {}, 5)];
    expect(await resultOf(requirement, facts)).toMatchObject({ status: 'unsatisfied' });
    const keeping = vexOf('keeping', ['CVE-1'], { status: 'affected', justification: null }, 8);
    const result = await resultOf(requirement, [...facts, keeping]);
    expect(result).toMatchObject({ status: 'satisfied', alsoRestsOn: named('keeping') });
  });
});

describe('inTermsOf', () => {
  it('holds a verdict against one from before this was told, without it', async () => {
    const verdict = await verdictOf(SCANNED, [scanOf('scan', ['CVE-1']), vexOf('vex', ['CVE-1'])]);
    const requirements = verdict.requirements.map(({ alsoRestsOn: _, ...others }) => others);
    const before: Verdict = { ...verdict, requirements };
    expect(contentDigest(before)).not.toBe(contentDigest(verdict));
    expect(contentDigest(inTermsOf(before, verdict))).toBe(contentDigest(before));
    expect(inTermsOf(verdict, verdict)).toBe(verdict);
  });
});
