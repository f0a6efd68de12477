import { z } from 'zod';

/*
 * Predicates by what matters in a policy case; everything else about them is usual. Each is one that a tool could have
 * written, so that it goes through the readers like any other.
 */

const finding = z.strictObject({
  id: z.string(),
  severity: z.string().optional(),
  cvss: z.number().optional(),
});

/** At most one of these, in place of `predicateType` and `predicate`. */
export const shorthandShape = z.strictObject({
  build: z
    .strictObject({
      builder: z.string().default('https://ci.example/builder@v1'),
      source: z.string().default('https://git.example/acme/app'),
      ref: z.string().default('refs/heads/main'),
      commit: z.string().default('c0ffee0000000000000000000000000000000000'),
      buildType: z.string().default('https://ci.example/build/v1'),
      finishedOn: z.string().nullable().default('T-2h'),
      startedBy: z.string().optional(),
    })
    .optional(),
  scan: z
    .strictObject({
      scanner: z.string().default('pkg:github/aquasecurity/trivy@0.70.0'),
      at: z.string().default('T-1h'),
      findings: z.array(finding).default([]),
    })
    .optional(),
  /** Grype's own report. */
  grype: z
    .strictObject({
      at: z.string().default('T-1h'),
      matches: z
        .array(
          z.strictObject({
            id: z.string(),
            severity: z.string().default('high'),
            name: z.string().default('openssl'),
            version: z.string().default('3.0.15-1'),
            purl: z.string().optional(),
          }),
        )
        .default([]),
    })
    .optional(),
  /** OpenVEX. */
  vex: z
    .strictObject({
      at: z.string().default('T-1h'),
      statements: z.array(
        z.strictObject({
          vulnerability: z.string(),
          aliases: z.array(z.string()).optional(),
          status: z.string().default('not_affected'),
          at: z.string().optional(),
          /** As they stand in the document; `{image}` is the digest of the image, in hexadecimal digits. */
          products: z.array(z.record(z.string(), z.unknown())).optional(),
        }),
      ),
    })
    .optional(),
  /** CycloneDX. */
  sbom: z
    .strictObject({
      components: z.array(
        z.strictObject({
          name: z.string(),
          version: z.string().optional(),
          purl: z.string().optional(),
          licences: z.array(z.string()).default([]),
        }),
      ),
    })
    .optional(),
  /** A SLSA verification summary. */
  summary: z
    .strictObject({
      verifier: z.string().default('https://verifier.example/v1'),
      at: z.string().default('T-1h'),
      resourceUri: z.string().default('registry.example/acme/app'),
      policy: z
        .strictObject({ uri: z.string(), digest: z.record(z.string(), z.string()).optional() })
        .default({ uri: 'https://policies.example/production' }),
      result: z.string().default('PASSED'),
      levels: z.array(z.string()).default(['SLSA_BUILD_LEVEL_3']),
    })
    .optional(),
  /** Trivy's own report without its time. */
  timelessScan: z.strictObject({ severities: z.array(z.string()).default([]) }).optional(),
  test: z
    .strictObject({
      result: z.string().default('PASSED'),
      suite: z.string().optional(),
      environment: z.record(z.string(), z.string()).default({}),
      failed: z.array(z.string()).default([]),
      url: z.string().optional(),
    })
    .optional(),
  approval: z
    .strictObject({
      decision: z.string().default('approved'),
      approver: z.string(),
      role: z.string().optional(),
      environments: z.array(z.string()).optional(),
      regions: z.array(z.string()).optional(),
      reason: z.string().optional(),
      approvedAt: z.string().default('T-1h'),
      expiresAt: z.string().optional(),
    })
    .optional(),
});
type Shorthand = z.infer<typeof shorthandShape>;

export interface Predicate {
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** The predicate that a shorthand stands for, or null where there is none. */
export function predicateFrom(shorthand: Shorthand): Predicate | null {
  const { build, scan, grype, vex, sbom, summary, timelessScan, test, approval } = shorthand;
  if (build !== undefined) return provenance(build);
  if (scan !== undefined) return vulnerabilities(scan);
  if (grype !== undefined) return grypeReport(grype);
  if (vex !== undefined) return openVex(vex);
  if (sbom !== undefined) return cycloneDx(sbom);
  if (summary !== undefined) return verificationSummary(summary);
  if (timelessScan !== undefined) return trivyReport(timelessScan);
  if (test !== undefined) return testResult(test);
  if (approval === undefined) return null;
  const { approver, ...rest } = approval;
  return { predicateType: 'https://assay.dev/approval/v1', predicate: { ...rest, approver: { id: approver } } };
}

function provenance(build: NonNullable<Shorthand['build']>): Predicate {
  const { builder, source, ref, commit, buildType, finishedOn, startedBy } = build;
  return {
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: { source: { uri: `git+${source}@${ref}`, digest: { gitCommit: commit } } },
        ...(startedBy === undefined ? {} : { internalParameters: { github_actor: startedBy } }),
        resolvedDependencies: [{ uri: `git+${source}@${ref}`, digest: { gitCommit: commit } }],
      },
      runDetails: {
        builder: { id: builder },
        metadata: finishedOn === null ? {} : { startedOn: finishedOn, finishedOn },
      },
    },
  };
}

function vulnerabilities({ scanner, at, findings }: NonNullable<Shorthand['scan']>): Predicate {
  return {
    predicateType: 'https://in-toto.io/attestation/vulns/v0.2',
    predicate: {
      scanner: {
        uri: scanner,
        version: '1.0.0',
        db: { uri: 'https://scanner.example/db', version: '1', lastUpdate: at },
        result: findings.map(({ id, severity, cvss }) => ({
          id,
          severity: [
            ...(severity === undefined ? [] : [{ method: 'nvd', score: severity }]),
            ...(cvss === undefined ? [] : [{ method: 'cvss_score', score: String(cvss) }]),
          ],
        })),
      },
      metadata: { scanStartedOn: at, scanFinishedOn: at },
    },
  };
}

function grypeReport({ at, matches }: NonNullable<Shorthand['grype']>): Predicate {
  return {
    predicateType: 'https://predicates.policylabs.dev/grype/v1',
    predicate: {
      matches: matches.map(({ id, severity, ...artifact }) => ({
        vulnerability: { id, severity, fix: { versions: [], state: 'unknown' } },
        artifact: { type: 'deb', ...artifact },
      })),
      descriptor: { name: 'grype', version: '0.112.0', timestamp: at },
    },
  };
}

function openVex({ at, statements }: NonNullable<Shorthand['vex']>): Predicate {
  return {
    predicateType: 'https://openvex.dev/ns/v0.2.0',
    predicate: {
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': 'https://vex.example/1',
      author: 'Product Security',
      timestamp: at,
      version: 1,
      statements: statements.map(({ vulnerability, aliases, status, at: timestamp, products }) => ({
        vulnerability: { name: vulnerability, ...(aliases === undefined ? {} : { aliases }) },
        status,
        ...(timestamp === undefined ? {} : { timestamp }),
        ...(products === undefined ? {} : { products }),
        ...(status === 'not_affected' ? { justification: 'vulnerable_code_not_present' } : {}),
        ...(status === 'affected' ? { action_statement: 'update' } : {}),
      })),
    },
  };
}

function cycloneDx({ components }: NonNullable<Shorthand['sbom']>): Predicate {
  return {
    predicateType: 'https://cyclonedx.org/bom',
    predicate: {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      components: components.map(({ licences, ...component }) => ({
        type: 'library',
        ...component,
        ...(licences.length === 0 ? {} : { licenses: licences.map((name) => ({ license: { name } })) }),
      })),
    },
  };
}

function verificationSummary(summary: NonNullable<Shorthand['summary']>): Predicate {
  const { verifier, at, resourceUri, policy, result, levels } = summary;
  return {
    predicateType: 'https://slsa.dev/verification_summary/v1',
    predicate: {
      verifier: { id: verifier },
      timeVerified: at,
      resourceUri,
      policy,
      verificationResult: result,
      verifiedLevels: levels,
    },
  };
}

function trivyReport({ severities }: NonNullable<Shorthand['timelessScan']>): Predicate {
  return {
    predicateType: 'https://predicates.policylabs.dev/trivy/v1',
    predicate: {
      SchemaVersion: 2,
      ArtifactName: 'registry.example/acme/app',
      ArtifactType: 'container_image',
      Results: [
        {
          Target: 'app (debian 12.8)',
          Class: 'os-pkgs',
          Type: 'debian',
          Vulnerabilities: severities.map((severity, index) => ({
            VulnerabilityID: `CVE-2026-${1000 + index}`,
            PkgName: 'openssl',
            InstalledVersion: '3.0.15-1',
            Severity: severity.toUpperCase(),
          })),
        },
      ],
    },
  };
}

function testResult({ result, suite, environment, failed, url }: NonNullable<Shorthand['test']>): Predicate {
  const annotations = { ...(suite === undefined ? {} : { suite }), ...environment };
  return {
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    // A name without a suite would be taken for one.
    predicate: { result, url, configuration: [{ uri: 'https://ci.example/tests', annotations }], failedTests: failed },
  };
}
