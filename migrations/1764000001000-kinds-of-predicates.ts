import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Evidence that was filed as of no known kind, of types that have one since. Only where it is found changes by it. */
export class KindsOfPredicates1764000001000 implements MigrationInterface {
  name = 'KindsOfPredicates1764000001000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      update attestations set kind = case
        when predicate_type like '%sarif%' or predicate_type like 'https://ossf.github.io/%' then 'scan'
        when predicate_type like 'https://slsa.dev/%' then 'summary'
        else 'approval' end
      where kind = 'other' and (
        predicate_type ~ '^https?://docs\\.oasis-open\\.org/sarif/sarif/v?2\\.1\\.0$'
        or predicate_type = 'https://witness.dev/attestations/sarif/v0.1'
        or predicate_type ~ '^https://ossf\\.github\\.io/osv-schema/results@v1(\\.[0-9]{1,3}){0,2}$'
        or predicate_type ~ '^https?://in-toto\\.io/attestation/human-review/vcs/v0\\.1$'
        or predicate_type ~ '^https://in-toto\\.io/attestation/human-review/(crev/)?v0\\.1$'
        or predicate_type = 'https://gittuf.dev/github-pull-request-approval/v0.1'
        or predicate_type = 'https://jfrog.com/evidence/approval/v1'
        or predicate_type = 'https://slsa.dev/verification_summary/v0.2')`);
  }

  async down(): Promise<void> {
    // The kind says no less of what it is filed under.
  }
}
