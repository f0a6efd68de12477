export const POLICY_NAME = 'demo-production';

export const POLICY = `policy: ${POLICY_NAME}
description: What may run in production
parameters:
  region: {type: string, required: true, oneOf: [eu-west1, us-east1]}
requirements:
  - id: built-by-our-ci
    kind: build
    from: [demo-ci]
    where:
      builder: https://github.com/acme/checkout/.github/workflows/release.yml@refs/tags/v*
      source: https://github.com/acme/*
      ref: refs/tags/v*
  - id: scanned
    kind: scan
    from: [demo-trivy]
    maxAge: 24h
    where:
      maxSeverity: {critical: 0, high: 0}
  - id: integration-tested
    kind: test
    from: [demo-qa]
    where:
      suites: [integration]
      region: "\${params.region}"
  - id: approved-by-two
    kind: approval
    from: [demo-release-managers]
    count: 2
    distinct: approver
    maxAge: 14d
    where:
      region: "\${params.region}"
`;
