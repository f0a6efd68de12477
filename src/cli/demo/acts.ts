import type { Cast, Member } from './cast.js';
import { approval, provenance, testResult, trivyScan, type DemoImage } from './statements.js';

/** One thing that happens to the image, and what the gate must answer after it. */
export interface Act {
  readonly title: string;
  /** null where nothing is sent: the gate is only asked. */
  readonly evidence: {
    /** What is said, for the reader. */
    readonly says: string;
    readonly signedBy: string;
    readonly file: string;
    readonly signer: Member;
    readonly statement: (now: Date) => object;
  } | null;
  readonly expected: 'allow' | 'deny';
  /** The requirements that must be all that is unmet after it. */
  readonly unmet: readonly string[];
}

const OUTDATED_CURL = {
  id: 'CVE-2026-10512',
  severity: 'MEDIUM',
  score: 5.3,
  package: 'libcurl4',
  installed: '7.88.1-10',
  fixed: '7.88.1-11',
} as const;

const REMOTE_CODE = {
  id: 'CVE-2026-20847',
  severity: 'CRITICAL',
  score: 9.8,
  package: 'libssl3',
  installed: '3.0.15-1',
  fixed: '3.0.16-1',
} as const;

/** The image's way into production, and back out of it. */
export function actsFor(image: DemoImage, { ci, trivy, qa, ada, ben }: Cast): readonly Act[] {
  return [
    {
      title: 'Nobody has said anything about this image',
      evidence: null,
      expected: 'deny',
      unmet: ['built-by-our-ci', 'scanned', 'integration-tested', 'approved-by-two'],
    },
    {
      title: 'The pipeline says how it was built',
      evidence: {
        says: 'SLSA provenance v1: built from github.com/acme/checkout at v1.4.2 by its release workflow',
        signedBy: 'demo-ci',
        file: 'provenance.dsse.json',
        signer: ci,
        statement: (now) => provenance(image, now),
      },
      expected: 'deny',
      unmet: ['scanned', 'integration-tested', 'approved-by-two'],
    },
    {
      title: 'The scanner finds nothing grave',
      evidence: {
        says: `Trivy report: 1 medium (${OUTDATED_CURL.id})`,
        signedBy: 'demo-trivy',
        file: 'scan.dsse.json',
        signer: trivy,
        statement: (now) => trivyScan(image, [OUTDATED_CURL], now),
      },
      expected: 'deny',
      unmet: ['integration-tested', 'approved-by-two'],
    },
    {
      title: 'The integration tests pass',
      evidence: {
        says: 'test result v0.1: suite integration PASSED in eu-west1 on cpu',
        signedBy: 'demo-qa',
        file: 'test-result.dsse.json',
        signer: qa,
        statement: () => testResult(image),
      },
      expected: 'deny',
      unmet: ['approved-by-two'],
    },
    {
      title: 'Ada approves',
      evidence: approvalBy(image, ada, 'ada'),
      expected: 'deny',
      unmet: ['approved-by-two'],
    },
    {
      title: 'Ben approves too: that was all that was missing',
      evidence: approvalBy(image, ben, 'ben'),
      expected: 'allow',
      unmet: [],
    },
    {
      title: 'The next scan knows of a new vulnerability',
      evidence: {
        says: `Trivy report: 1 critical (${REMOTE_CODE.id}), 1 medium (${OUTDATED_CURL.id})`,
        signedBy: 'demo-trivy',
        file: 'rescan.dsse.json',
        signer: trivy,
        statement: (now) => trivyScan(image, [REMOTE_CODE, OUTDATED_CURL], now),
      },
      expected: 'deny',
      unmet: ['scanned'],
    },
  ];
}

function approvalBy(image: DemoImage, member: Member, name: string): NonNullable<Act['evidence']> {
  const person = member.person ?? name;
  return {
    says: `approval v1: ${person} approves for production in eu-west1`,
    signedBy: 'demo-release-managers',
    file: `approval-${name}.dsse.json`,
    signer: member,
    statement: (now) => approval(image, person, now),
  };
}
