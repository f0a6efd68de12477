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

const OSV = {
  date: '2026-11-23T10:00:00Z',
  results: [
    {
      source: { path: 'go.mod' },
      packages: [
        {
          package: { name: 'a', version: '1', purl: 'pkg:golang/a@1' },
          vulnerabilities: [
            {
              id: 'GO-2026-1',
              severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
              affected: [{ package: { name: 'a' }, ranges: [{ type: 'SEMVER', events: [{ fixed: '2' }] }] }],
              database_specific: { severity: 'HIGH' },
            },
          ],
          groups: [{ ids: ['GO-2026-1'], max_severity: '9.8' }],
        },
      ],
    },
  ],
};
const SARIF = {
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'Trivy',
          version: '1',
          rules: [
            {
              id: 'CVE-2026-1',
              defaultConfiguration: { level: 'error' },
              properties: { 'security-severity': '8.8', tags: ['HIGH'] },
            },
          ],
        },
        extensions: [{ rules: [{ id: 'x' }] }],
      },
      invocations: [{ executionSuccessful: true, endTimeUtc: '2026-11-23T10:00:00Z' }],
      results: [
        {
          ruleId: 'CVE-2026-1',
          ruleIndex: 0,
          rule: { id: 'CVE-2026-1', index: 0, toolComponent: { index: -1 } },
          kind: 'fail',
          level: 'error',
          message: { text: 'a' },
          baselineState: 'new',
          locations: [{ physicalLocation: { artifactLocation: { uri: 'a' } } }],
        },
      ],
    },
  ],
};
const CYCLONEDX = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: { timestamp: '2026-11-23T10:00:00Z', component: { type: 'container', 'bom-ref': 'app', name: 'app' } },
  components: [
    {
      type: 'library',
      'bom-ref': 'a',
      group: 'g',
      name: 'a',
      version: '1',
      purl: 'pkg:npm/a@1',
      licenses: [{ license: { id: 'MIT' } }],
      components: [{ type: 'library', name: 'b' }],
    },
  ],
};
const ANALYSED = {
  ...CYCLONEDX,
  vulnerabilities: [
    {
      id: 'CVE-2026-1',
      references: [{ id: 'GHSA-1', source: {} }],
      affects: [{ ref: 'a', versions: [{ version: '1' }] }],
      analysis: { state: 'not_affected', detail: 'no', lastUpdated: '2026-11-23T10:00:00Z' },
    },
  ],
};
const SPDX2 = {
  spdxVersion: 'SPDX-2.3',
  SPDXID: 'SPDXRef-DOCUMENT',
  name: 'app',
  creationInfo: { created: '2026-11-23T10:00:00Z' },
  packages: [
    {
      name: 'a',
      versionInfo: '1',
      licenseDeclared: 'MIT',
      licenseConcluded: 'NOASSERTION',
      externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:npm/a@1' }],
    },
  ],
};
const SPDX3 = {
  '@graph': [
    { type: 'CreationInfo', '@id': '_:c', specVersion: '3.0.1', created: '2026-11-23T10:00:00Z' },
    { type: 'SpdxDocument', spdxId: 'd', creationInfo: '_:c' },
    {
      type: 'software_Package',
      spdxId: 'a',
      name: 'a',
      software_packageVersion: '1',
      software_packageUrl: 'pkg:npm/a@1',
      externalIdentifier: [{ externalIdentifierType: 'packageUrl', identifier: 'pkg:npm/a@1' }],
    },
    { type: 'simplelicensing_LicenseExpression', spdxId: 'l', simplelicensing_licenseExpression: 'MIT' },
    { type: 'Relationship', relationshipType: 'hasDeclaredLicense', from: 'a', to: ['l'] },
  ],
};
const OPENVEX = {
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://example.com/vex-1',
  author: 'a',
  timestamp: '2026-11-23T10:00:00Z',
  last_updated: '2026-11-23T11:00:00Z',
  version: 1,
  statements: [
    {
      vulnerability: { name: 'CVE-2026-1', aliases: ['GHSA-1'] },
      timestamp: '2026-11-23T10:00:00Z',
      products: [
        {
          '@id': 'pkg:oci/a',
          identifiers: { purl: 'pkg:oci/a' },
          hashes: { 'sha-256': 'ab' },
          subcomponents: [{ '@id': 'pkg:npm/a@1' }],
        },
      ],
      status: 'not_affected',
      justification: 'component_not_present',
      impact_statement: 'no',
      action_statement: 'none',
    },
  ],
};
const REVIEW = {
  result: 'approved',
  reviewer: { id: 'alice', name: 'Alice' },
  reviewLink: 'https://example.com/1',
  timestamp: '2026-11-23T10:00:00Z',
};
const SVR = {
  verifier: { id: 'v', policies: [{ uri: 'p', digest: { sha256: 'ab' } }] },
  timeCreated: '2026-11-23T10:00:00Z',
  properties: ['A'],
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
  ['https://ossf.github.io/osv-schema/results@v1', OSV],
  ['https://ossf.github.io/osv-schema/results@v1.6.7', OSV],
  ['http://docs.oasis-open.org/sarif/sarif/2.1.0', SARIF],
  ['http://docs.oasis-open.org/sarif/sarif/v2.1.0', SARIF],
  ['https://docs.oasis-open.org/sarif/sarif/2.1.0', SARIF],
  ['https://docs.oasis-open.org/sarif/sarif/v2.1.0', { content: SARIF }],
  ['https://witness.dev/attestations/sarif/v0.1', { report: SARIF }],
  ['https://in-toto.io/attestation/human-review/v0.1', REVIEW],
  ['https://in-toto.io/attestation/human-review/crev/v0.1', REVIEW],
  ['https://in-toto.io/attestation/human-review/vcs/v0.1', REVIEW],
  [
    'http://in-toto.io/attestation/human-review/vcs/v0.1',
    { reviewers: ['a', { name: 'b', uri: 'https://example.com/b' }], reviewTime: '2026-11-23T10:00:00Z' },
  ],
  [
    'https://gittuf.dev/github-pull-request-approval/v0.1',
    { targetRef: 'refs/heads/main', approvers: ['a+1', 'b+2'], dismissedApprovers: ['c+3'] },
  ],
  [
    'https://jfrog.com/evidence/approval/v1',
    {
      decision: 'approved',
      approver: { user: 'a', role: 'qa' },
      stage: 'PROD',
      comment: 'fine',
      date: '2026-11-23T10:00:00Z',
    },
  ],
  ['https://cyclonedx.org/bom', CYCLONEDX],
  ['https://cyclonedx.org/bom/v1.6', { Data: CYCLONEDX }],
  ['https://spdx.dev/Document', SPDX2],
  ['https://spdx.dev/Document/v2.3', { Data: SPDX2 }],
  ['https://spdx.dev/Document/v3', SPDX3],
  ['https://openvex.dev/ns', OPENVEX],
  ['https://openvex.dev/ns/v0.2.0', OPENVEX],
  [
    'https://slsa.dev/verification_summary/v1',
    {
      verifier: { id: 'v' },
      timeVerified: '2026-11-23T10:00:00Z',
      resourceUri: 'r',
      policy: { uri: 'p', digest: { sha256: 'ab' } },
      verificationResult: 'PASSED',
      verifiedLevels: ['SLSA_BUILD_LEVEL_3'],
    },
  ],
  [
    'https://slsa.dev/verification_summary/v0.2',
    {
      verifier: { id: 'v' },
      time_verified: '2026-11-23T10:00:00Z',
      resource_uri: 'r',
      policy: { uri: 'p' },
      verification_result: 'PASSED',
      policy_level: 'SLSA_LEVEL_3',
    },
  ],
  ['https://in-toto.io/attestation/svr/v0.1', SVR],
  ['https://in-toto.io/attestation/svr/v0.2', SVR],
];

/** Any value that a JSON document can hold and writes in one way: -0 is written as 0. */
function anyJson(maxDepth: number): fc.Arbitrary<unknown> {
  return fc.json({ maxDepth }).map((text): unknown => JSON.parse(text));
}

/** What holds of every fact, whatever it was derived from. */
function expectSound(type: string, facts: readonly DerivedFact[]): void {
  const kinds = facts.map((fact) => fact.content.kind);
  // A bill of materials may hold a VEX document, beside components or alone.
  if (kindOf(type) === 'sbom') expect(['sbom', 'sbom,vex', 'vex']).toContain(kinds.join());
  else expect(kinds).toEqual([kindOf(type)]);
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
    expect(kindOf(type)).not.toBe('other');
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
    const places = placesIn(readable).filter(
      (place) => !/^(?:Vulnerabilities|Results|results)$/.test(place.at(-1) ?? ''),
    );
    for (const place of places) {
      expect(findings(replaced(readable, place, undefined)), place.join('.')).toBeGreaterThanOrEqual(
        findings(readable),
      );
    }
  }
});

it('reads any JSON that a bill of materials holds as text, or refuses it as malformed', () => {
  for (const type of ['https://cyclonedx.org/bom', 'https://spdx.dev/Document']) {
    const text = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc.string(),
      fc.constantFrom(
        JSON.stringify(CYCLONEDX),
        JSON.stringify(ANALYSED),
        JSON.stringify(SPDX2),
        JSON.stringify(SPDX3),
      ),
      fc.string().map((rest) => `SPDXVersion: SPDX-2.3\nPackageName: a\n${rest}`),
    );
    fc.assert(
      fc.property(text, (predicate) => {
        const facts = deriveOrRefuse(type, predicate);
        if (facts !== undefined) expectSound(type, facts);
      }),
    );
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

describe('work', () => {
  /** The value, and how often anything in it was looked at. */
  function watched(value: object): { readonly value: object; readonly looks: () => number } {
    let looks = 0;
    const known = new WeakMap<object, object>();
    const watch = (object: object): object => {
      const before = known.get(object);
      if (before !== undefined) return before;
      const proxy = new Proxy(object, {
        get: (target, key): unknown => {
          looks++;
          const member: unknown = Reflect.get(target, key);
          return typeof member === 'object' && member !== null ? watch(member) : member;
        },
        getOwnPropertyDescriptor: (target, key) => {
          looks++;
          return Reflect.getOwnPropertyDescriptor(target, key);
        },
      });
      known.set(object, proxy);
      return proxy;
    };
    return { value: watch(value), looks: () => looks };
  }

  const library = (index: number): object => ({
    type: 'library',
    'bom-ref': `c${index}`,
    name: `c${index}`,
    purl: `pkg:npm/c${index}@1`,
    licenses: [{ license: { id: 'MIT' } }],
  });
  const result = (index: number): object => ({ ruleId: `CVE-${index}`, message: { text: `${index}` } });

  it.each<[string, string, (size: number) => object]>([
    [
      'a Trivy report',
      'https://predicates.policylabs.dev/trivy/v1',
      (size) => ({
        Results: [
          {
            Target: 'a',
            Vulnerabilities: Array.from({ length: size }, (_, index) => ({
              ...TRIVY.Results[0]!.Vulnerabilities[0],
              VulnerabilityID: `CVE-${index}`,
            })),
          },
        ],
      }),
    ],
    [
      'a SARIF log',
      'http://docs.oasis-open.org/sarif/sarif/2.1.0',
      (size) => ({
        version: '2.1.0',
        runs: [
          {
            tool: {
              driver: { name: 'a', rules: Array.from({ length: size }, (_, index) => ({ id: `CVE-${index}` })) },
            },
            results: Array.from({ length: size }, (_, index) => result(index)),
          },
        ],
      }),
    ],
    [
      'OSV results of one package',
      'https://ossf.github.io/osv-schema/results@v1',
      (size) => ({
        results: [
          {
            packages: [
              {
                package: { name: 'a' },
                vulnerabilities: Array.from({ length: size }, (_, index) => ({ id: `GO-${index}` })),
                groups: Array.from({ length: size }, (_, index) => ({ ids: [`GO-${index}`] })),
              },
            ],
          },
        ],
      }),
    ],
    [
      'a CycloneDX document with analyses',
      'https://cyclonedx.org/bom',
      (size) => ({
        ...CYCLONEDX,
        components: Array.from({ length: size }, (_, index) => library(index)),
        vulnerabilities: Array.from({ length: size }, (_, index) => ({
          id: `CVE-${index}`,
          affects: [{ ref: `c${index}` }],
          analysis: { state: 'resolved' },
        })),
      }),
    ],
    [
      'components within one another',
      'https://cyclonedx.org/bom',
      (size) => ({
        ...CYCLONEDX,
        components: [
          Array.from({ length: size / 4 }, (_, index) => library(index)).reduce((inner, outer) => ({
            ...outer,
            components: [inner],
          })),
        ],
      }),
    ],
    [
      'an SPDX 2 document',
      'https://spdx.dev/Document',
      (size) => ({
        ...SPDX2,
        packages: Array.from({ length: size }, () => SPDX2.packages[0]).map((each) => ({ ...each })),
      }),
    ],
    [
      'an SPDX 3 document',
      'https://spdx.dev/Document',
      (size) => ({
        '@graph': [
          { type: 'CreationInfo', specVersion: '3.0.1' },
          ...Array.from({ length: size }, (_, index) => ({ type: 'software_Package', spdxId: `${index}`, name: 'a' })),
          ...Array.from({ length: size }, () => ({ relationshipType: 'hasDeclaredLicense', from: '0', to: ['l'] })),
        ],
      }),
    ],
    [
      'an OpenVEX document',
      'https://openvex.dev/ns',
      (size) => ({ ...OPENVEX, statements: Array.from({ length: size }, () => ({ ...OPENVEX.statements[0] })) }),
    ],
    [
      'a pull request with many approvers',
      'https://gittuf.dev/github-pull-request-approval/v0.1',
      (size) => ({ targetRef: 'a', approvers: Array.from({ length: size }, (_, index) => `a+${index}`) }),
    ],
  ])('on %s of twice the size is at most twice as much', (_what, type, ofSize) => {
    const looksAt = (size: number): number => {
      const { value, looks } = watched(ofSize(size));
      deriveFacts(type, value);
      return looks();
    };
    // What is looked at once, whatever the size, makes it less.
    expect(looksAt(800)).toBeLessThanOrEqual(2.02 * looksAt(400));
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
  const [testResult, junit, statement] = Array.from(page.matchAll(/```json\n(.*?)```/gs), ([, json]) =>
    JSON.parse(json!),
  );
  expect(deriveFacts('https://in-toto.io/attestation/test-result/v0.1', testResult)[0]!.content).toMatchObject({
    suite: 'gpu-smoke',
    environment: { hardware: 'h200', region: 'eu-west1', cluster: 'eu-1' },
  });
  expect(deriveFacts('https://assay.dev/junit/v1', junit)[0]!.content).toMatchObject({
    result: 'passed',
    suite: 'gpu-smoke',
    environment: { hardware: 'h200', region: 'eu-west1' },
    passed: ['fft'],
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
    ['https://spdx.dev/Document/', 'other'],
    ['https://cyclonedx.org/bom/v2.0', 'other'],
    ['https://openvex.dev/ns/v0.3.0', 'other'],
    ['https://cosign.sigstore.dev/attestation/v1', 'other'],
  ])('of type %s is kept whole, as %s', (type, kind) => {
    const predicate = { result: 'clear', nested: [{ a: null }] };
    expect(deriveFacts(type, predicate)).toEqual([
      { content: { kind, predicate }, predicateType: type, ownTime: null },
    ]);
  });

  it('is kept as an empty object where there is none, and as text where it is text', () => {
    expect(deriveFacts('https://example.com/x', undefined)[0]!.content).toEqual({ kind: 'other', predicate: {} });
    expect(deriveFacts('https://example.com/x', 'a: b')[0]!.content).toEqual({ kind: 'other', predicate: 'a: b' });
  });
});
