/** What the evidence of one run is about. */
export interface DemoImage {
  readonly repository: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** The commit it was built from, 40 hexadecimal digits. */
  readonly commit: string;
}

export const REGION = 'eu-west1';

const SOURCE = 'https://github.com/acme/checkout';
const WORKFLOW = '.github/workflows/release.yml';
const TAG = 'refs/tags/v1.4.2';

/** SLSA provenance v1 as GitHub Actions writes it for a workflow. */
export function provenance(image: DemoImage, now: Date): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectOf(image),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://actions.github.io/buildtypes/workflow/v1',
        externalParameters: { workflow: { ref: TAG, repository: SOURCE, path: WORKFLOW } },
        internalParameters: {
          github: {
            event_name: 'push',
            repository_id: '70123',
            repository_owner_id: '4711',
            runner_environment: 'github-hosted',
          },
        },
        resolvedDependencies: [{ uri: `git+${SOURCE}@${TAG}`, digest: { gitCommit: image.commit } }],
      },
      runDetails: {
        builder: { id: `${SOURCE}/${WORKFLOW}@${TAG}` },
        metadata: {
          invocationId: `${SOURCE}/actions/runs/1201/attempts/1`,
          startedOn: minutesBefore(now, 12),
          finishedOn: minutesBefore(now, 7),
        },
      },
    },
  };
}

export interface Vulnerability {
  readonly id: string;
  readonly severity: 'CRITICAL' | 'HIGH' | 'MEDIUM' | 'LOW';
  readonly score: number;
  readonly package: string;
  readonly installed: string;
  readonly fixed: string;
}

/** A Trivy report in cosign's predicate for vulnerability scans, as `trivy image --format cosign-vuln` writes it. */
export function trivyScan(image: DemoImage, found: readonly Vulnerability[], now: Date): object {
  const version = '0.66.0';
  const result = {
    SchemaVersion: 2,
    CreatedAt: now.toISOString(),
    ArtifactName: `${image.repository}@sha256:${image.sha256}`,
    ArtifactType: 'container_image',
    Results: [
      {
        Target: 'debian 12',
        Class: 'os-pkgs',
        Type: 'debian',
        Vulnerabilities: found.map((vulnerability) => ({
          VulnerabilityID: vulnerability.id,
          PkgName: vulnerability.package,
          InstalledVersion: vulnerability.installed,
          FixedVersion: vulnerability.fixed,
          Severity: vulnerability.severity,
          CVSS: { nvd: { V3Score: vulnerability.score } },
        })),
      },
    ],
  };
  return {
    _type: 'https://in-toto.io/Statement/v0.1',
    subject: subjectOf(image),
    predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1',
    predicate: {
      invocation: { parameters: null, uri: '', event_id: '', 'builder.id': '' },
      scanner: {
        uri: `pkg:github/aquasecurity/trivy@${version}`,
        version,
        db: { uri: '', version: '' },
        result,
      },
      metadata: { scanStartedOn: now.toISOString(), scanFinishedOn: now.toISOString() },
    },
  };
}

/** A passed run of the integration suite; the configuration's annotations say which suite, and where it ran. */
export function testResult(image: DemoImage): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectOf(image),
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: {
      result: 'PASSED',
      configuration: [
        {
          name: 'test/integration/suite.yml',
          digest: { gitCommit: image.commit },
          annotations: { suite: 'integration', hardware: 'cpu', region: REGION },
        },
      ],
      url: 'https://ci.acme.example/runs/8812',
      passedTests: ['orders a basket', 'refuses a stolen card', 'refunds a return'],
      warnedTests: [],
      failedTests: [],
    },
  };
}

/** A person's yes to running the image in production in the region. */
export function approval(image: DemoImage, person: string, now: Date): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectOf(image),
    predicateType: 'https://assay.dev/approval/v1',
    predicate: {
      decision: 'approved',
      approver: { id: person },
      role: 'release-manager',
      environments: ['production'],
      regions: [REGION],
      reference: 'https://tickets.acme.example/REL-142',
      approvedAt: now.toISOString(),
    },
  };
}

function subjectOf({ repository, sha256 }: DemoImage): readonly object[] {
  return [{ name: repository, digest: { sha256 } }];
}

function minutesBefore(now: Date, minutes: number): string {
  return new Date(now.getTime() - minutes * 60_000).toISOString();
}
