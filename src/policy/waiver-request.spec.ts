import { describe, expect, it } from 'vitest';
import { AppError } from '../platform/app-error.js';
import { parsePolicy } from './parse-policy.js';
import { assertEnd, parseWaiverRequest, waiverRequest, waiverRevocationRequest } from './waiver-request.js';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const POLICY = parsePolicy(
  `policy: release
parameters:
  region: {type: string, required: true, oneOf: [eu, us]}
  replicas: {type: integer, default: 1}
requirements:
  - {id: scanned, kind: scan, from: [trivy]}
  - {id: by-type, predicateType: 'https://in-toto.io/attestation/vulns/v0.2', from: [trivy]}
  - id: either
    anyOf: [{id: tested, kind: test, from: [qa]}, {kind: build, from: [ci]}]
  - id: unsafe
    not: {id: quarantined, predicateType: https://example.com/q, from: [security]}
`,
  'yaml',
);
const ASKED = {
  policy: 'release',
  requirement: 'scanned',
  scope: { digest: DIGEST },
  reason: 'the fix is on its way',
  reference: 'SEC-12',
  until: '2026-12-01T00:00:00+01:00',
};

function pathsOf(body: unknown): readonly string[] {
  const result = waiverRequest.safeParse(body);
  return result.success ? [] : result.error.issues.map((issue) => issue.path.join('.'));
}

function faultOf(act: () => unknown): {
  readonly code: string;
  readonly path: string | undefined;
  readonly text: string;
} {
  try {
    act();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { code: error.code, path: error.errors?.[0]?.path, text: error.message };
  }
  throw new Error('accepted');
}

const parse = (change: object): ReturnType<typeof parseWaiverRequest> =>
  parseWaiverRequest(waiverRequest.parse({ ...ASKED, ...change }), POLICY);

describe('a request for a waiver', () => {
  it('is read with its defaults', () => {
    expect(parse({})).toEqual({
      policy: 'release',
      requirement: 'scanned',
      vulnerability: null,
      scope: { type: 'digest', digest: DIGEST },
      parameters: {},
      reason: 'the fix is on its way',
      reference: 'SEC-12',
      until: new Date('2026-11-30T23:00:00Z'),
      approvals: 0,
    });
  });

  it('names one finding, a repository, some of the parameters and how many must approve', () => {
    const waiver = parse({
      vulnerability: 'CVE-1',
      scope: { repository: 'registry.example/acme/app' },
      parameters: { replicas: 3 },
      approvals: 2,
    });
    expect(waiver).toMatchObject({
      vulnerability: 'CVE-1',
      scope: { type: 'repository', repository: 'registry.example/acme/app' },
      parameters: { replicas: 3 },
      approvals: 2,
    });
  });

  it('ends with the day where it names a date, as in a policy', () => {
    expect(parse({ until: '2026-12-01' }).until).toEqual(new Date('2026-12-02T00:00:00Z'));
    const told = waiverRequest.safeParse({ ...ASKED, until: '1 December' }).error?.issues.map(({ message }) => message);
    expect(told).toEqual(['expected a date such as 2026-12-31, or a moment such as 2026-12-31T12:00:00Z']);
  });

  it('names a requirement inside of another by its id', () => {
    expect(parse({ requirement: 'tested' }).requirement).toBe('tested');
  });

  it.each([
    [{ scope: undefined }, 'scope'],
    [{ scope: {} }, 'scope'],
    [{ scope: { digest: DIGEST, repository: 'a' } }, 'scope'],
    [{ scope: { digest: DIGEST, image: 'a' } }, 'scope'],
    [{ scope: '*' }, 'scope'],
    [{ until: undefined }, 'until'],
    [{ until: '2026-02-31' }, 'until'],
    [{ until: 'tomorrow' }, 'until'],
    [{ until: null }, 'until'],
    [{ reason: '   ' }, 'reason'],
    [{ reason: 'a'.repeat(1001) }, 'reason'],
    [{ reference: undefined }, 'reference'],
    [{ requirement: ['scanned'] }, 'requirement'],
    [{ vulnerability: '' }, 'vulnerability'],
    [{ approvals: -1 }, 'approvals'],
    [{ approvals: 11 }, 'approvals'],
    [{ approvals: 1.5 }, 'approvals'],
    [{ parameters: { region: null } }, 'parameters.region'],
    [{ expires: 'never' }, ''],
  ])('is refused as %j at %s', (change, path) => {
    expect(pathsOf({ ...ASKED, ...change })).toEqual([path]);
  });

  it.each([
    [{ requirement: 'tests' }, 'waiver_malformed', 'requirement', /it has scanned, by-type, either, tested, unsafe$/],
    [{ requirement: 'either.anyOf[1]' }, 'waiver_malformed', 'requirement', /it has scanned/],
    [{ requirement: 'quarantined' }, 'waiver_malformed', 'requirement', /it has scanned/],
    [{ requirement: 'onPending' }, 'waiver_malformed', 'requirement', /it has scanned/],
    [{ requirement: '*' }, 'waiver_malformed', 'requirement', /it has scanned/],
    [{ requirement: 'tested', vulnerability: 'CVE-1' }, 'waiver_malformed', 'vulnerability', /not about scans/],
    [{ requirement: 'by-type', vulnerability: 'CVE-1' }, 'waiver_malformed', 'vulnerability', /not about scans/],
    [{ requirement: 'either', vulnerability: 'CVE-1' }, 'waiver_malformed', 'vulnerability', /not about scans/],
    [{ parameters: { regio: 'eu' } }, 'parameter_invalid', 'regio', /did you mean region/],
    [{ parameters: { region: 'asia' } }, 'parameter_invalid', 'region', /one of eu, us/],
    [{ parameters: { replicas: 'many' } }, 'parameter_invalid', 'replicas', /whole number/],
    [{ scope: { digest: `sha512:${'ab'.repeat(64)}` } }, 'digest_malformed', 'scope.digest', /sha256/],
    [{ scope: { digest: 'latest' } }, 'digest_malformed', 'scope.digest', /sha256/],
    [{ scope: { repository: 'registry.example/*' } }, 'repository_malformed', 'scope.repository', /distribution/],
    [{ scope: { repository: '' } }, 'repository_malformed', 'scope.repository', /distribution/],
  ])('that does not fit its policy is refused: %j', (change, code, path, text) => {
    const fault = faultOf(() => parse(change));
    expect(fault).toMatchObject({ code, path });
    expect(fault.text).toMatch(text);
  });
});

describe('the end of a waiver', () => {
  const now = new Date('2026-11-25T00:00:00Z');
  const ahead = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);

  it('lies ahead, and no more than a year', () => {
    assertEnd(ahead(1), now);
    assertEnd(ahead(366 * 86_400_000), now);
    for (const until of [now, ahead(-1), ahead(366 * 86_400_000 + 1)]) {
      expect(
        faultOf(() => {
          assertEnd(until, now);
        }),
      ).toMatchObject({ code: 'waiver_malformed', path: 'until' });
    }
  });
});

describe('a request to revoke a waiver', () => {
  it('says why', () => {
    expect(waiverRevocationRequest.safeParse({ reason: ' fixed ' }).data).toEqual({ reason: 'fixed' });
    for (const body of [{}, { reason: '' }, { reason: 'x', at: 'now' }]) {
      expect(waiverRevocationRequest.safeParse(body).success).toBe(false);
    }
  });
});
