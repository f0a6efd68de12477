import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Malformed } from '../intoto/malformed.js';
import { kindOf } from '../intoto/predicate-kind.js';
import { deriveFacts } from './derive-facts.js';
import { SEVERITIES, type DerivedFact } from './fact.js';

const COMMIT = '3b1f0c9de5a74c20b1d6f7a8c9e0d1f2a3b4c5d6';
const REPOSITORY = 'git+https://github.com/acme/app@refs/heads/main';
const TIMES = { scanStartedOn: '2026-11-23T10:00:00Z', scanFinishedOn: '2026-11-23T10:00:42Z' };
const TRIVY = {
  SchemaVersion: 2,
  CreatedAt: '2026-11-23T10:00:00Z',
  ArtifactName: 'app',
  Results: [
    {
      Target: 'app',
      Class: 'os-pkgs',
      Vulnerabilities: [
        {
          VulnerabilityID: 'CVE-2026-1',
          PkgName: 'a',
          Severity: 'HIGH',
          CVSS: { nvd: { V3Score: 7.5 } },
          FixedVersion: '2',
        },
        { VulnerabilityID: 'CVE-2026-2', PkgName: 'a', Severity: 'LOW' },
      ],
    },
  ],
};
const GRYPE = {
  matches: [
    {
      vulnerability: {
        id: 'CVE-2026-1',
        severity: 'High',
        cvss: [{ metrics: { baseScore: 7.5 } }],
        fix: { versions: ['2'] },
      },
      relatedVulnerabilities: [{ cvss: [{ metrics: { baseScore: 7.6 } }] }],
      artifact: { id: 'a', name: 'a', version: '1', purl: 'pkg:apk/a@1', locations: [{ path: '/' }] },
    },
  ],
  descriptor: {
    name: 'grype',
    version: '1',
    timestamp: '2026-11-23T10:00:00Z',
    db: { status: { built: '2026-11-22T10:00:00Z' } },
  },
};
const SEVERITY = [
  { method: 'nvd', score: 'high' },
  { method: 'cvss', score: '7.5' },
];
const PROVENANCE_V02 = {
  builder: { id: 'https://ci.example.com' },
  buildType: 'https://ci.example.com/make',
  invocation: { configSource: { uri: REPOSITORY, digest: { sha1: COMMIT } }, parameters: { a: 1 } },
  metadata: { buildInvocationId: '1', buildStartedOn: '2026-11-23T10:00:00Z', buildFinishedOn: '2026-11-23T10:00:00Z' },
  materials: [{ uri: REPOSITORY, digest: { sha1: COMMIT } }],
};
const PROVENANCE_V01 = {
  ...PROVENANCE_V02,
  recipe: { type: 'https://ci.example.com/make', definedInMaterial: 0, arguments: {} },
};

/** One readable predicate of every type that is read, with every field that is looked at. */
const READABLE: readonly (readonly [string, object])[] = [
  ['https://slsa.dev/provenance/v0.1', PROVENANCE_V01],
  ['https://in-toto.io/Provenance/v0.1', PROVENANCE_V01],
  ['https://slsa.dev/provenance/v0.2', PROVENANCE_V02],
  [
    'https://slsa.dev/provenance/v1',
    {
      buildDefinition: {
        buildType: 'https://ci.example.com/make',
        externalParameters: {
          workflow: { repository: 'https://github.com/acme/app', ref: 'refs/heads/main' },
          source: { uri: REPOSITORY, digest: { gitCommit: COMMIT } },
        },
        internalParameters: { GITHUB_WORKFLOW_REF: 'acme/app/x.yml@refs/heads/main' },
        resolvedDependencies: [{ uri: REPOSITORY, digest: { gitCommit: COMMIT } }],
      },
      runDetails: {
        builder: { id: 'https://ci.example.com' },
        metadata: { invocationId: '1', startedOn: '2026-11-23T10:00:00Z', finishedOn: '2026-11-23T10:00:00Z' },
      },
    },
  ],
  [
    'https://in-toto.io/attestation/vulns/v0.1',
    {
      scanner: {
        uri: 'pkg:github/anchore/grype@1',
        result: [{ vulnerability: { id: 'CVE-2026-1', severity: SEVERITY } }],
      },
      metadata: TIMES,
    },
  ],
  [
    'https://in-toto.io/attestation/vulns/v0.2',
    {
      scanner: {
        uri: 'https://scanner.example.com',
        version: '1',
        db: { lastUpdate: '2026-11-22T10:00:00Z' },
        result: [{ id: 'CVE-2026-1', severity: SEVERITY, annotations: [{ package: 'a' }] }],
      },
      metadata: TIMES,
    },
  ],
  [
    'https://cosign.sigstore.dev/attestation/vuln/v1',
    { scanner: { uri: 'https://ci.example.com', result: TRIVY }, metadata: TIMES },
  ],
  ['https://predicates.policylabs.dev/trivy/v1', TRIVY],
  ['https://predicates.policylabs.dev/grype/v1', GRYPE],
  [
    'https://in-toto.io/attestation/test-result/v0.1',
    {
      result: 'FAILED',
      configuration: [{ name: 'e2e', annotations: { suite: 'e2e', hardware: 'cpu', environment: { region: 'eu' } } }],
      url: 'https://ci.example.com/1',
      passedTests: ['a'],
      failedTests: ['b'],
    },
  ],
  [
    'https://assay.dev/approval/v1',
    {
      decision: 'approved',
      approver: { id: 'alice', name: 'Alice' },
      role: 'qa',
      environments: ['production'],
      regions: ['eu'],
      approvedAt: '2026-11-23T10:00:00Z',
      expiresAt: '2026-11-24T10:00:00Z',
    },
  ],
];

/** Any value that a JSON document can hold and writes in one way: -0 is written as 0. */
function anyJson(maxDepth: number): fc.Arbitrary<unknown> {
  return fc.json({ maxDepth }).map((text): unknown => JSON.parse(text));
}

/** What holds of every fact, whatever it was derived from. */
function expectSound(type: string, facts: readonly DerivedFact[]): void {
  expect(facts.map((fact) => fact.content.kind)).toEqual([kindOf(type)]);
  for (const { content, ownTime, predicateType } of facts) {
    expect(predicateType).toBe(type);
    if (ownTime !== null) expect(new Date(ownTime).toISOString()).toBe(ownTime);
    expect(JSON.parse(JSON.stringify(content))).toStrictEqual(content);
    if (content.kind === 'scan') {
      const counted = SEVERITIES.map(
        (severity) => content.findings.filter((each) => each.severity === severity).length,
      );
      expect(SEVERITIES.map((severity) => content.counts[severity])).toEqual(counted);
    }
  }
}

/** Derives; undefined where the predicate is refused as malformed. Any other exception goes through. */
function deriveOrRefuse(type: string, predicate: unknown): readonly DerivedFact[] | undefined {
  try {
    return deriveFacts(type, predicate);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    expect(error.document).toBe('predicate');
    expect(error.faults.length).toBeGreaterThan(0);
    return undefined;
  }
}

/** Every place in a JSON value, as the keys that lead to it. */
function placesIn(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, member]) => placesIn(member).map((place) => [key, ...place]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], replacement: unknown): unknown {
  if (key === undefined) return replacement;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...(value as object) };
  Reflect.set(copy, key, replaced(Reflect.get(copy, key), rest, replacement));
  return copy;
}

describe.each(READABLE)('%s', (type, readable) => {
  it('yields one fact of its kind', () => {
    expectSound(type, deriveFacts(type, readable));
    expect(kindOf(type)).toMatch(/^(?:build|scan|test|approval)$/);
  });

  it.each([[undefined], [null], ['text'], [7], [[]], [{}]])('refuses %j', (predicate) => {
    expect(() => deriveFacts(type, predicate)).toThrow(Malformed);
  });

  it('refuses any JSON as malformed or derives a sound fact from it, and never fails otherwise', () => {
    fc.assert(
      fc.property(anyJson(4), (predicate) => {
        const facts = deriveOrRefuse(type, predicate);
        if (facts !== undefined) expectSound(type, facts);
      }),
    );
  });

  it('does the same with a readable predicate in which something was replaced', () => {
    const replacement = fc.oneof(
      anyJson(2),
      fc.constantFrom(
        ...placesIn(readable).map((place) =>
          place.reduce<unknown>((at, key) => Reflect.get(at as object, key), readable),
        ),
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...placesIn(readable)), replacement, (place, value) => {
        const facts = deriveOrRefuse(type, replaced(readable, place, value));
        if (facts !== undefined) expectSound(type, facts);
      }),
      { numRuns: 300 },
    );
  });
});

it('never loses a finding without refusing the scan, whatever is removed from beside it', () => {
  const scans = READABLE.filter(([type]) => kindOf(type) === 'scan');
  for (const [type, readable] of scans) {
    const findings = (predicate: unknown): number => {
      const content = deriveOrRefuse(type, predicate)?.[0]?.content;
      return content?.kind === 'scan' ? content.findings.length : Infinity;
    };
    // A list of findings itself, and what holds it, can only be missing where nothing was found.
    const places = placesIn(readable).filter((place) => !/^(?:Vulnerabilities|Results)$/.test(place.at(-1) ?? ''));
    for (const place of places) {
      expect(findings(replaced(readable, place, undefined)), place.join('.')).toBeGreaterThanOrEqual(
        findings(readable),
      );
    }
  }
});

it('derives from a scan with 20,000 findings', () => {
  const Vulnerabilities = Array.from({ length: 20_000 }, (_, index) => ({
    ...TRIVY.Results[0]!.Vulnerabilities[0]!,
    VulnerabilityID: `CVE-2026-${index}`,
  }));
  const report = { ...TRIVY, Results: [{ ...TRIVY.Results[0], Vulnerabilities }] };
  expect(deriveFacts('https://predicates.policylabs.dev/trivy/v1', report)[0]!.content).toMatchObject({
    counts: { high: 20_000 },
  });
});

it('refuses a scan in which everything is wrong with a list of bounded length', () => {
  const scan = {
    scanner: { uri: 'x', result: Array.from({ length: 20_000 }, () => ({ severity: 'high' })) },
    metadata: TIMES,
  };
  expect(() => deriveFacts('https://in-toto.io/attestation/vulns/v0.2', scan)).toThrow(
    expect.objectContaining({ faults: expect.toSatisfy((faults: unknown[]) => faults.length < 200) }),
  );
});

it('reads the examples of docs/predicates.md', () => {
  const page = readFileSync(new URL('../../docs/predicates.md', import.meta.url), 'utf8');
  const [testResult, statement] = Array.from(page.matchAll(/```json\n(.*?)```/gs), ([, json]) => JSON.parse(json!));
  expect(deriveFacts('https://in-toto.io/attestation/test-result/v0.1', testResult)[0]!.content).toMatchObject({
    suite: 'gpu-smoke',
    environment: { hardware: 'h200', region: 'eu-west1', cluster: 'eu-1' },
  });
  expect(deriveFacts(statement.predicateType, statement.predicate)[0]!.content).toMatchObject({
    kind: 'approval',
    decision: 'approved',
    approver: { id: 'alice@example.com' },
  });
});

describe('a predicate that nobody reads', () => {
  it.each([
    ['https://example.com/licence-review/v1', 'other'],
    ['https://slsa.dev/provenance/v2', 'other'],
    ['https://slsa.dev/provenance/v1/', 'other'],
    ['https://spdx.dev/Document/v2.3', 'sbom'],
    ['https://openvex.dev/ns/v0.2.0', 'vex'],
    ['https://slsa.dev/verification_summary/v1', 'summary'],
  ])('of type %s is kept whole, as %s', (type, kind) => {
    const predicate = { result: 'clear', nested: [{ a: null }] };
    expect(deriveFacts(type, predicate)).toEqual([
      { content: { kind, predicate }, predicateType: type, ownTime: null },
    ]);
  });

  it('is kept as an empty object where there is none, and as text where it is text', () => {
    expect(deriveFacts('https://example.com/x', undefined)[0]!.content).toEqual({ kind: 'other', predicate: {} });
    expect(deriveFacts('https://spdx.dev/Document', 'SPDXVersion: SPDX-2.3')[0]!.content).toEqual({
      kind: 'sbom',
      predicate: 'SPDXVersion: SPDX-2.3',
    });
  });
});
