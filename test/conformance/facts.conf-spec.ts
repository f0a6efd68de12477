import { Version } from '@cyclonedx/cyclonedx-library/Spec';
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation';
import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../../src/facts/derive-facts.js';
import type { BuildFact, FactContent, SbomFact, ScanFact } from '../../src/facts/fact.js';
import { Malformed } from '../../src/intoto/malformed.js';
import { listConformanceFiles, readConformanceFile, withConformanceData } from './conformance-data.js';

interface Statement {
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** The statements in a file of Sigstore bundles or envelopes, one a line or one in all. */
function statementsIn(path: string): readonly Statement[] {
  const text = readConformanceFile(path).toString('utf8');
  const lines = path.endsWith('.jsonl') ? text.split('\n').filter((line) => line !== '') : [text];
  return lines.map((line) => {
    const document = JSON.parse(line) as { payload?: string; dsseEnvelope?: { payload: string } };
    const payload = Buffer.from(document.dsseEnvelope?.payload ?? document.payload ?? '', 'base64');
    return JSON.parse(payload.toString('utf8')) as Statement;
  });
}

function contentOf(statement: Statement | undefined): FactContent {
  const [fact, ...others] = deriveFacts(statement!.predicateType, statement!.predicate);
  expect(others).toEqual([]);
  return fact!.content;
}

withConformanceData('carabiner-policies', () => {
  describe('raw scanner reports of carabiner-policies', () => {
    const NOTHING = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, none: 0, unknown: 0 };

    it.each([
      ['grype', 'many', { ...NOTHING, critical: 11, high: 122, medium: 132, low: 23 }],
      ['grype', 'none', NOTHING],
      ['trivy', 'many', { ...NOTHING, critical: 1, high: 7, medium: 7, low: 3 }],
      ['trivy', 'none', NOTHING],
    ])('counts the findings of %s/%s as published', (scanner, which, counts) => {
      const [statement] = statementsIn(`carabiner-policies/testdata_${scanner}_${which}.intoto.json`);
      const scan = contentOf(statement) as ScanFact;
      expect(scan).toMatchObject({ kind: 'scan', scanner, counts });
      expect(scan.findings).toHaveLength(Object.values(counts).reduce((sum, count) => sum + count));
    });

    it('reads who scanned, when and with which database', () => {
      const [grype] = statementsIn('carabiner-policies/testdata_grype_none.intoto.json');
      expect(contentOf(grype)).toMatchObject({
        scannerVersion: '0.112.0',
        databaseAt: '2026-05-20T07:33:45.000Z',
        scannedAt: '2026-05-20T16:23:00.508Z',
      });
      const [trivy] = statementsIn('carabiner-policies/testdata_trivy_many.intoto.json');
      expect(contentOf(trivy)).toMatchObject({ scannerVersion: '0.70.0', scannedAt: '2026-05-20T16:35:12.908Z' });
    });

    it('keeps a severity beside a score that is worse, with package, version and fix', () => {
      const [trivy] = statementsIn('carabiner-policies/testdata_trivy_many.intoto.json');
      expect((contentOf(trivy) as ScanFact).findings).toContainEqual({
        id: 'CVE-2026-1229',
        severity: 'low',
        cvss: 9.8,
        package: {
          name: 'github.com/cloudflare/circl',
          version: 'v1.6.1',
          purl: 'pkg:golang/github.com/cloudflare/circl@v1.6.1',
        },
        fixedIn: ['1.6.3'],
      });
    });
  });
});

withConformanceData('gh-cli', () => {
  describe('provenance of GitHub Actions in gh-cli', () => {
    it.each([
      [
        'custom-issuer.sigstore.json',
        'https://github.com/too-legit/attest/.github/workflows/integration.yml@refs/heads/main',
        'https://github.com/too-legit/attest',
        '283bf967fa3c591925dd25e6a6e8e781542117bf',
      ],
      [
        'github_provenance_demo-0.0.12-py3-none-any-bundle.jsonl',
        'https://github.com/actions/runner/github-hosted',
        'https://github.com/actions/attest-demo',
        'a6c23b9806c593664f68637c8f9d45dfcf98b2db',
      ],
      [
        'reusable-workflow-attestation.sigstore.json',
        'https://github.com/actions/runner/github-hosted',
        'https://github.com/malancas/attest-demo',
        '95baf27389e83e6a5c48f42e190d48d7abcea19e',
      ],
      [
        'sigstore-js-2.1.0_with_2_bundles.jsonl',
        'https://github.com/actions/runner/github-hosted',
        'https://github.com/sigstore/sigstore-js',
        '26d16513386ffaa790b1c32f927544f1322e4194',
      ],
    ])('reads builder, repository, ref and commit of %s', (file, builder, repository, commit) => {
      for (const statement of statementsIn(`gh-cli/${file}`)) {
        const build = contentOf(statement) as BuildFact;
        expect(build).toMatchObject({ kind: 'build', builder, source: { repository, ref: 'refs/heads/main', commit } });
        expect(build.invocation).toContain(`${repository}/actions/runs/`);
        expect(build.materials).toEqual([{ uri: `git+${repository}@refs/heads/main`, digest: { gitCommit: commit } }]);
      }
    });
  });
});

describe('predicates that nobody reads', () => {
  withConformanceData('sigstore-js', () => {
    it('keeps the npm publish predicate of sigstore-js whole', () => {
      const [statement] = statementsIn('sigstore-js/bundleV03-dsse.sigstore');
      expect(contentOf(statement)).toEqual({
        kind: 'other',
        predicate: { name: 'sigstore', version: '1.0.0', registry: expect.stringMatching(/^https:/) },
      });
    });
  });

  withConformanceData('in-toto', () => {
    it('keeps a Witness collection whole', () => {
      const [statement] = statementsIn('in-toto/archivista-build.json');
      expect(contentOf(statement)).toEqual({ kind: 'other', predicate: statement?.predicate });
    });
  });
});

withConformanceData('cyclonedx', () => {
  /** Invalid for nothing but one component that is listed twice, which is not looked for here. */
  const LISTED_TWICE = 'invalid-component-ref-1.4.json';

  describe.each([
    ['1.4', Version.v1dot4],
    ['1.5', Version.v1dot5],
  ] as const)('CycloneDX %s', (version, ofLibrary) => {
    const files = listConformanceFiles(`cyclonedx/${version}`);
    const valid = files.filter((file) => file.startsWith('valid-'));
    const invalid = files.filter((file) => file.startsWith('invalid-'));
    const read = (file: string): string => readConformanceFile(`cyclonedx/${version}/${file}`).toString('utf8');

    const validator = new JsonStrictValidator(ofLibrary);

    it('has cases of both sorts', () => {
      expect(valid.length).toBeGreaterThan(10);
      expect(invalid.length).toBeGreaterThan(10);
    });

    it.each(valid)('reads %s', (file) => {
      const bom: unknown = JSON.parse(read(file));
      const facts = deriveFacts(`https://cyclonedx.org/bom/v${version}`, bom);
      expect(facts[0]!.content).toMatchObject({ specVersion: version, format: 'cyclonedx' });
    });

    it.each(invalid)('refuses %s', (file) => {
      const bom: unknown = JSON.parse(read(file));
      const derive = (): unknown => deriveFacts(`https://cyclonedx.org/bom/v${version}`, bom);
      if (file === LISTED_TWICE) expect(derive).not.toThrow();
      else expect(derive).toThrow(expect.objectContaining({ document: 'predicate' }));
    });

    it.each(files)("comes to the same as CycloneDX' own validator on %s", async (file) => {
      const text = read(file);
      const errors = await validator.validate(text);
      const derive = (): unknown => deriveFacts('https://cyclonedx.org/bom', JSON.parse(text));
      if (errors === null || file === LISTED_TWICE) expect(derive).not.toThrow();
      else expect(derive).toThrow(Malformed);
    });
  });

  it('reads components and licences of a BOM', () => {
    const bom: unknown = JSON.parse(readConformanceFile('cyclonedx/1.5/valid-bom-1.5.json').toString('utf8'));
    const content = deriveFacts('https://cyclonedx.org/bom', bom)[0]!.content as SbomFact;
    expect(content).toMatchObject({ kind: 'sbom', specVersion: '1.5' });
    expect(content.components).toContainEqual({
      name: 'com.acme/tomcat-catalina',
      version: '9.0.14',
      purl: 'pkg:npm/acme/component@1.0.0',
      licences: ['Apache-2.0'],
    });
  });

  it('finds the analysis of a vulnerability beside what it affects', () => {
    const bom: unknown = JSON.parse(readConformanceFile('cyclonedx/1.5/valid-vulnerability-1.5.json').toString('utf8'));
    const vex = deriveFacts('https://cyclonedx.org/bom', bom).find(({ content }) => content.kind === 'vex');
    expect(vex?.content).toMatchObject({ statements: [{ status: 'not_affected' }] });
  });
});
