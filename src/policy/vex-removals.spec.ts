import { afterAll, describe, expect, it } from 'vitest';
import { SEVERITIES, type Fact, type Finding, type ScanFact, type Severity, type VexStatement } from '../facts/fact.js';
import { sha256, type AttestationId } from '../intoto/digest.js';
import { attestorWith, day, keyWith, signerWith, trustOf } from '../trust/trust.fixture.js';
import { CelEngine } from './cel.js';
import { compilePolicy } from './compile-policy.js';
import { evaluate } from './evaluate.js';
import { parsePolicy } from './parse-policy.js';
import type { RequirementResult } from './verdict.js';

const cel = new CelEngine({
  evaluationMilliseconds: 1_000,
  waitMilliseconds: 1_000,
  startMilliseconds: 10_000,
  memoryMegabytes: 64,
});
afterAll(() => cel.close());

const DIGEST = sha256(Buffer.from('image'));
const MANY = 20_000;

function factOf(name: string, content: Fact['content']): Fact {
  return {
    id: name,
    attestation: sha256(Buffer.from(name)) as string as AttestationId,
    kind: content.kind,
    predicateType: 'https://example.com/v1',
    signedDigest: sha256(Buffer.from(`signed ${name}`)),
    signers: [signerWith()],
    receivedAt: day(10),
    ownTime: day(9),
    content,
  };
}

function scanOf(findings: readonly Finding[]): Fact {
  const none = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])) as Record<Severity, number>;
  const content: ScanFact = {
    kind: 'scan',
    scanner: 'trivy',
    scannerVersion: null,
    databaseAt: null,
    scannedAt: day(9),
    findings,
    counts: { ...none, high: findings.length },
  };
  return factOf('scan', content);
}

function vexOf(statements: readonly VexStatement[]): Fact {
  return factOf('vex', { kind: 'vex', author: null, document: null, version: null, statements });
}

function findingOf(id: string, purl: string | null): Finding {
  return { id, severity: 'high', cvss: null, package: { name: 'lib', version: '1', purl }, fixedIn: [] };
}

function notAffected(id: string, purl: string | null): VexStatement {
  return {
    vulnerability: { id, aliases: [] },
    products: purl === null ? null : [{ id: purl, purl, hashes: {}, subcomponents: [] }],
    status: 'not_affected',
    justification: 'vulnerable_code_not_present',
    detail: null,
    at: day(9),
  };
}

async function resultOf(facts: readonly Fact[]): Promise<RequirementResult> {
  const requirement = {
    id: 'scanned',
    kind: 'scan',
    from: ['trusted'],
    where: { maxFindings: 0, vex: { from: ['trusted'] } },
  };
  const document = parsePolicy(JSON.stringify({ policy: 'p', requirements: [requirement] }), 'json');
  const { requirements } = await evaluate({
    policy: compilePolicy(document),
    policyRef: { name: 'p', revision: 1, digest: DIGEST },
    facts,
    predicates: new Map(),
    trust: trustOf({
      at: day(1),
      attestor: attestorWith({ name: 'trusted', kinds: ['scan', 'vex'], keys: [keyWith()] }),
    }),
    waivers: [],
    ownKeys: new Set(),
    parameters: {},
    digest: DIGEST,
    repository: null,
    pending: false,
    revisions: { evidence: 1, trust: 1, waivers: 0 },
    now: day(11),
    cel,
  });
  const [result] = requirements;
  if (result === undefined) throw new Error('no result');
  return result;
}

const numbers = Array.from({ length: MANY }, (_, index) => index);

describe('what VEX removed', () => {
  it('is told with whoever says so and why', async () => {
    const result = await resultOf([
      scanOf([findingOf('CVE-1', 'pkg:npm/lib@1'), findingOf('CVE-1', null)]),
      vexOf([notAffected('CVE-1', 'pkg:npm/lib')]),
    ]);
    expect(result).toMatchObject({
      status: 'unsatisfied',
      removedCount: 1,
      removed: [
        {
          vulnerability: 'CVE-1',
          package: 'pkg:npm/lib@1',
          status: 'not_affected',
          justification: 'vulnerable_code_not_present',
          attestation: sha256(Buffer.from('vex')),
          attestor: 'trusted',
        },
      ],
    });
  });

  it('is listed up to a hundred, and counted', async () => {
    const result = await resultOf([
      scanOf(numbers.slice(0, 130).map((index) => findingOf(`CVE-${index}`, null))),
      vexOf(numbers.slice(0, 130).map((index) => notAffected(`CVE-${index}`, null))),
    ]);
    expect(result.removed).toHaveLength(100);
    expect(result.removedCount).toBe(130);
    expect(result.message).toContain('(130 findings are removed by VEX of trusted)');
  });
});

describe('as many findings as statements are held against each other in no more than seconds', () => {
  it.each([
    ['a vulnerability each', (index: number) => [`CVE-${index}`, `pkg:npm/lib${index}@1`]],
    ['a package each', (index: number) => ['CVE-1', `pkg:npm/lib${index}@1`]],
    ['a version each', (index: number) => ['CVE-1', `pkg:npm/lib@${index}`]],
  ] as const)('of %s', async (_what, namesOf) => {
    const names = numbers.map(namesOf) as [string, string][];
    const result = await resultOf([
      scanOf(names.map(([id, purl]) => findingOf(id, purl))),
      vexOf(names.map(([id, purl]) => notAffected(id, purl))),
    ]);
    expect(result).toMatchObject({ status: 'satisfied', removedCount: MANY });
  });

  it('where all statements speak of one vulnerability by each other’s names', async () => {
    const result = await resultOf([
      scanOf(numbers.map((index) => findingOf(`CVE-${index}`, null))),
      vexOf(
        numbers.map((index) => ({
          ...notAffected(`CVE-${index}`, null),
          vulnerability: { id: `CVE-${index}`, aliases: [`CVE-${index + 1}`] },
        })),
      ),
    ]);
    expect(result).toMatchObject({ status: 'satisfied', removedCount: MANY });
  });
});
