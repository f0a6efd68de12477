import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { caseFileShape } from './case-shape.js';
import { testPolicies } from './test-policies.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/policy-tests', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'assay-policy-test-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

async function run(paths: readonly string[], given: { junit?: string; json?: boolean } = {}): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await testPolicies(
    { paths, junit: given.junit ?? null, json: given.json ?? false },
    { print: (line) => out.push(line), warn: (line) => err.push(line), clock: () => 0 },
  );
  return { code, out, err };
}

let files = 0;
function file(text: string): string {
  files += 1;
  const path = join(directory, `${files}.test.yaml`);
  writeFileSync(path, text);
  return path;
}

const SCANNED = `
attestors: { trivy: { kinds: [scan], keys: { k1: {} } } }
policy: { policy: p, requirements: [{ id: scanned, kind: scan, from: [trivy], maxAge: 1d }] }
cases:
`;

describe('policy tests', () => {
  it('of the examples pass', async () => {
    const { code, out, err } = await run([EXAMPLES]);
    expect(err).toEqual([]);
    expect(out.at(-1)).toBe('6 cases, 0 failed');
    expect(code).toBe(0);
  });

  it('are documented by an example that passes as it is, beside the policy that the page names', async () => {
    const page = readFileSync(new URL('../../docs/policy-tests.md', import.meta.url), 'utf8');
    const [, example = ''] = /^```yaml\n(.*?)^```/ms.exec(page) ?? [];
    const beside = mkdtempSync(join(directory, 'page-'));
    copyFileSync(join(EXAMPLES, 'production.yaml'), join(beside, 'production.yaml'));
    writeFileSync(join(beside, 'page.test.yaml'), example);
    const { code, out, err } = await run([beside]);
    expect(err).toEqual([]);
    expect(out.filter((line) => !line.startsWith('ok '))).toEqual(['4 cases, 0 failed']);
    expect(code).toBe(0);
  });

  it('are documented with every field that a case may have', () => {
    const page = readFileSync(new URL('../../docs/policy-tests.md', import.meta.url), 'utf8');
    const fields = [...Object.keys(caseFileShape.shape), ...Object.keys(caseFileShape.shape.cases.element.shape)];
    expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(page))).toEqual([]);
  });

  it('that fail say for each requirement what was expected, what came of it and why', async () => {
    const path = file(`${SCANNED}  - name: hopeful
    want: { decision: allow, requirements: { scanned: { code: satisfied, status: satisfied } } }
  - name: fine
    evidence: [{ name: clean, scan: {}, signedBy: trivy/k1 }]
    want: { decision: allow, requirements: { scanned: { code: satisfied, evidence: [clean] } } }
`);
    const { code, out } = await run([path]);
    expect(code).toBe(1);
    expect(out).toEqual([
      `FAIL  hopeful  ${path}:5`,
      '      decision: expected allow, got deny',
      '      scanned: status: expected satisfied, got unsatisfied',
      '      scanned: code: expected satisfied, got no_evidence',
      '          because there is no scan by one of [trivy]; missing: a scan by one of [trivy], not older than 24 h',
      'ok    fine',
      '2 cases, 1 failed',
    ]);
  });

  it('name a requirement that a case forgot or that does not exist', async () => {
    const path = file(`${SCANNED}  - name: other
    want: { decision: deny, requirements: { scaned: { code: no_evidence } } }
`);
    const { code, out } = await run([path]);
    expect(code).toBe(1);
    expect(out.join('\n')).toContain('scaned: code: expected no_evidence, got nothing');
    expect(out.join('\n')).toContain('scanned: code: expected nothing, got no_evidence');
  });

  it('are written as JSON and as JUnit XML, with everything escaped', async () => {
    const junit = join(directory, 'junit.xml');
    const path = file(`
attestors: { trivy: { kinds: [scan], keys: { k1: {} } } }
policy: { policy: p, requirements: [{ id: scanned, check: '"<&\\"]]>" == "a"' }] }
cases:
  - name: escaped
    want: { decision: allow }
`);
    const { code, out } = await run([path], { junit, json: true });
    expect(code).toBe(1);
    expect(JSON.parse(out.join(''))).toMatchObject({ failed: 1, cases: [{ name: 'escaped', line: 5, passed: false }] });
    const xml = readFileSync(junit, 'utf8');
    expect(xml).toContain('<testsuites tests="1" failures="1" errors="0" time="0.000">');
    expect(xml).toContain('<failure message="decision: expected allow, got deny">');
    expect(xml.replaceAll(/<\/?[a-z]+(?: [a-z]+="[^"<]*")*\/?>|<\?[^>]*\?>/g, '')).not.toMatch(/[<>]/);
  });

  it.each([
    ['a field that is none', `${SCANNED}  - { name: a, wants: { decision: allow } }\n`, '5:16', 'wants'],
    ['a decision that is none', `${SCANNED}  - { name: a, want: { decision: maybe } }\n`, '5:34', 'want.decision'],
    ['a time that is none', `${SCANNED}  - { name: a, now: today, want: { decision: deny } }\n`, '5:21', 'now'],
    [
      'a policy that is none',
      'policy: { policy: p, requirements: [{ id: a, kind: scan }] }\ncases: [{ name: a, want: { decision: deny } }]\n',
      '1:37',
      'policy.requirements[0].from',
    ],
    [
      'a policy that is not there',
      'policy: { file: no.yaml }\ncases: [{ name: a, want: { decision: deny } }]\n',
      '1:1',
      '',
    ],
    [
      'a key that nobody holds',
      `${SCANNED}  - name: a\n    changes: [{ revoke: trivy, key: k9, reason: compromised }]\n    want: { decision: deny }\n`,
      '5:5',
      'trivy has no key k9',
    ],
    [
      'a parameter that the policy does not have',
      `${SCANNED}  - { name: a, parameters: { region: eu }, want: { decision: deny } }\n`,
      '5:28',
      'region',
    ],
    [
      'a predicate that is not of its type',
      `${SCANNED}  - name: a\n    evidence: [{ name: e, signedBy: trivy/k1, predicateType: https://slsa.dev/provenance/v1, predicate: {} }]\n    want: { decision: deny }\n`,
      '5:5',
      'buildDefinition',
    ],
    [
      'two cases of one name',
      `${SCANNED}${'  - { name: a, want: { decision: deny } }\n'.repeat(2)}`,
      '6:13',
      'another case',
    ],
    ['no YAML', 'cases: [', '1:9', ''],
  ])('with %s are malformed, each fault with its line', async (_what, text, place, told) => {
    const { code, out, err } = await run([file(text)]);
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(err.join('\n')).toContain(`:${place}: `);
    expect(err.join('\n')).toContain(told);
  });

  it('that are not there are malformed', async () => {
    expect((await run([join(directory, 'absent')])).code).toBe(2);
    expect((await run([mkdtempSync(join(directory, 'empty-'))])).code).toBe(2);
  });
});
