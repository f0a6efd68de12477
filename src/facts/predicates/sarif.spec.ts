import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { ScanFact } from '../fact.js';

const TYPE = 'http://docs.oasis-open.org/sarif/sarif/2.1.0';
const WITNESS = 'https://witness.dev/attestations/sarif/v0.1';

const RULE = {
  id: 'CVE-2026-0101',
  name: 'OsPackageVulnerability',
  defaultConfiguration: { level: 'error' },
  properties: { precision: 'very-high', 'security-severity': '8.8', tags: ['vulnerability', 'security', 'HIGH'] },
};
const RESULT = {
  ruleId: 'CVE-2026-0101',
  ruleIndex: 0,
  level: 'error',
  message: { text: 'Package: libssl3\nInstalled Version: 3.0.15' },
  locations: [{ physicalLocation: { artifactLocation: { uri: 'acme/app' }, region: { startLine: 1 } } }],
};

/** A log as Trivy writes it. */
function log(results: unknown = [RESULT], run: object = {}, rules: unknown = [RULE]): object {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Trivy', informationUri: 'https://trivy.dev', version: '0.70.0', rules } },
        invocations: [{ executionSuccessful: true, endTimeUtc: '2026-11-23T10:00:00Z' }],
        results,
        ...run,
      },
    ],
  };
}

function derive(predicate: object): ScanFact {
  return deriveFacts(TYPE, predicate)[0]!.content as ScanFact;
}

function findingsIn(result: object, rules: readonly object[] = [RULE]): ScanFact['findings'] {
  return derive(log([{ ...RESULT, ...result }], {}, rules)).findings;
}

describe('SARIF', () => {
  it.each([
    [TYPE],
    ['https://docs.oasis-open.org/sarif/sarif/2.1.0'],
    ['http://docs.oasis-open.org/sarif/sarif/v2.1.0'],
    ['https://docs.oasis-open.org/sarif/sarif/v2.1.0'],
  ])('reads %s', (type) => {
    expect(deriveFacts(type, log())).toEqual([
      {
        predicateType: type,
        ownTime: '2026-11-23T10:00:00.000Z',
        content: {
          kind: 'scan',
          scanner: 'trivy',
          scannerVersion: '0.70.0',
          databaseAt: null,
          scannedAt: '2026-11-23T10:00:00.000Z',
          findings: [
            {
              id: 'CVE-2026-0101',
              severity: 'high',
              cvss: 8.8,
              package: { name: null, version: null, purl: null },
              fixedIn: [],
            },
          ],
          counts: { critical: 0, high: 1, medium: 0, low: 0, negligible: 0, none: 0, unknown: 0 },
        },
      },
    ]);
  });

  it("reads the log in Witness' attestation and in the one of valint", () => {
    const report = { report: log(), reportFileName: 'trivy.sarif', reportDigestSet: { sha256: 'ab' } };
    expect(deriveFacts(WITNESS, report)[0]!.content).toMatchObject({ scanner: 'trivy', counts: { high: 1 } });
    expect(() => deriveFacts(WITNESS, log())).toThrow('report');
    const wrapped = { environment: { tool: 'valint' }, mimeType: 'application/json', content: log() };
    expect(derive(wrapped).counts.high).toBe(1);
  });

  const BARE = { id: 'CVE-2026-0101' };
  it.each([
    ['the tag before the score', { tags: ['LOW'], 'security-severity': '9.8' }, 'low', 9.8],
    ['the score where no tag says it', { tags: ['security'], 'security-severity': '9.8' }, 'critical', 9.8],
    ['a score that is a number', { 'security-severity': 4 }, 'medium', 4],
    ['a tag for unknown, whose score of 0 is none', { tags: ['UNKNOWN'], 'security-severity': '0.0' }, 'unknown', null],
    ['the level where the score is 0', { 'security-severity': '0.0' }, 'high', null],
  ] as const)('rates by %s', (_what, properties, severity, cvss) => {
    expect(findingsIn({}, [{ ...BARE, properties }])).toMatchObject([{ severity, cvss }]);
  });

  it.each([
    ['error', 'high'],
    ['warning', 'medium'],
    ['note', 'low'],
    ['none', 'none'],
  ] as const)('rates the level %s, where nothing else rates, as %s', (level, severity) => {
    expect(findingsIn({ level }, [BARE])).toMatchObject([{ severity, cvss: null }]);
    const rule = { ...BARE, defaultConfiguration: { level } };
    expect(findingsIn({ level: undefined }, [rule])).toMatchObject([{ severity }]);
  });

  it('takes the level warning where none is stated', () => {
    expect(findingsIn({ level: undefined }, [BARE])).toMatchObject([{ severity: 'medium' }]);
    expect(findingsIn({ level: undefined, ruleIndex: undefined }, [])).toMatchObject([{ severity: 'medium' }]);
  });

  it.each([
    ['passes', { kind: 'pass', level: 'none' }, 0],
    ['does not apply', { kind: 'notApplicable', level: 'none' }, 0],
    ['only informs', { kind: 'informational', level: 'none' }, 0],
    ['fails', { kind: 'fail' }, 1],
    ['is open', { kind: 'open', level: 'none' }, 1],
    ['wants review', { kind: 'review', level: 'none' }, 1],
    ['is gone', { baselineState: 'absent' }, 0],
    ['is unchanged', { baselineState: 'unchanged' }, 1],
    ['is suppressed', { suppressions: [{ kind: 'external', status: 'accepted' }] }, 0],
    ['is suppressed without a status', { suppressions: [{ kind: 'inSource' }] }, 0],
    ['has no suppressions', { suppressions: [] }, 1],
    ['is not yet suppressed', { suppressions: [{ kind: 'external', status: 'underReview' }] }, 1],
    ['was refused suppression', { suppressions: [{ kind: 'external', status: 'rejected' }] }, 1],
    ['is suppressed and refused', { suppressions: [{ status: 'accepted' }, { status: 'rejected' }] }, 1],
  ])('of a result that %s counts %j as %d', (_what, result, count) => {
    expect(findingsIn(result)).toHaveLength(count);
  });

  it('knows no severity of what is open, and nobody rated', () => {
    expect(findingsIn({ kind: 'open', level: 'none' }, [BARE])).toMatchObject([{ severity: 'unknown', cvss: null }]);
  });

  it('finds the rule by index, by id, by a part of it, by reference and in an extension', () => {
    const tool = {
      driver: { name: 'CodeQL', rules: [] },
      extensions: [{ name: 'empty' }, { name: 'pack', rules: [{ id: 'x' }, { ...RULE, id: 'java/sqli' }] }],
    };
    const results = [
      { ruleId: 'java/sqli', message: { text: '1' } },
      { ruleId: 'java/sqli/2', message: { text: '2' } },
      { rule: { index: 1, toolComponent: { index: 1 } }, message: { text: '3' } },
      { rule: { id: 'java/sqli' }, message: { text: '4' } },
      { ruleId: 'java/sqli', rule: { index: 1, toolComponent: { index: 1 } }, message: { text: '5' } },
    ];
    expect(derive(log(results, { tool })).counts.high).toBe(5);
  });

  it('counts one rule at every place, and each place once', () => {
    const elsewhere = [{ physicalLocation: { artifactLocation: { uri: 'acme/other' } } }];
    const results = [RESULT, { ...RESULT, guid: 'b' }, { ...RESULT, locations: elsewhere }];
    expect(derive(log(results)).counts.high).toBe(2);
  });

  it('takes several runs together, as old as the oldest, under the names of their tools', () => {
    const run = (name: string, endTimeUtc?: string): object => ({
      tool: { driver: { name } },
      invocations: [{ executionSuccessful: true, endTimeUtc }],
      results: [RESULT],
    });
    const runs = [run('zizmor', '2026-11-23T10:00:00Z'), run('Grype', '2026-11-22T10:00:00Z'), run('Grype')];
    expect(derive({ version: '2.1.0', runs })).toMatchObject({
      scanner: 'grype, zizmor',
      scannerVersion: null,
      scannedAt: '2026-11-22T10:00:00.000Z',
      counts: { high: 1 },
    });
  });

  it('finds nothing in a run that looked and found nothing', () => {
    expect(derive(log([])).findings).toEqual([]);
  });

  it.each([
    ['an empty object', {}, 'version'],
    ['another version', { ...log(), version: '2.0.0' }, 'version'],
    ['no run', { version: '2.1.0', runs: [] }, 'runs'],
    ['a run that did not look', log(null), 'runs[0].results'],
    ['a run without results', log([], { results: undefined }), 'runs[0].results'],
    [
      'a run whose results are elsewhere',
      log([], { externalPropertyFileReferences: { results: [{}] } }),
      'runs[0].externalPropertyFileReferences.results',
    ],
    [
      'a run that did not complete',
      log([], { invocations: [{ executionSuccessful: false }] }),
      'runs[0].invocations[0].executionSuccessful',
    ],
    ['a run of no tool', log([], { tool: {} }), 'runs[0].tool.driver'],
    ['a tool without name', log([], { tool: { driver: {} } }), 'runs[0].tool.driver.name'],
    ['a result of no rule', log([{ message: { text: '?' } }]), 'runs[0].results[0].ruleId'],
    ['a result of two rules', log([{ ...RESULT, ruleId: 'CVE-2026-9' }]), 'runs[0].results[0].ruleId'],
    ['a kind nobody knows', log([{ ...RESULT, kind: 'passed' }]), 'runs[0].results[0].kind'],
    ['a level nobody knows', log([{ ...RESULT, level: 'fatal' }]), 'runs[0].results[0].level'],
    ['a state nobody knows', log([{ ...RESULT, baselineState: 'gone' }]), 'runs[0].results[0].baselineState'],
    [
      'a suppression nobody knows',
      log([{ ...RESULT, suppressions: [{ status: 'ok' }] }]),
      'runs[0].results[0].suppressions[0].status',
    ],
    ['suppressions in text', log([{ ...RESULT, suppressions: 'all' }]), 'runs[0].results[0].suppressions'],
    [
      'a score above 10',
      log([RESULT], {}, [{ ...RULE, properties: { 'security-severity': '11' } }]),
      'runs[0].tool.driver.rules[0].properties.security-severity',
    ],
    ['a time that is none', log([], { invocations: [{ endTimeUtc: 'now' }] }), 'runs[0].invocations[0].endTimeUtc'],
  ])('refuses %s', (_what, predicate, path) => {
    expect(() => derive(predicate)).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: expect.arrayContaining([expect.objectContaining({ path })]),
      }),
    );
  });
});
