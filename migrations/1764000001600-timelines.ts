import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Each verdict on record names its question, as `verdict_latest` does, so that the answers to one question are found in their
 * order; and the account is searched by the policies, waivers and changes of trust that it tells of.
 */
export class Timelines1764000001600 implements MigrationInterface {
  name = 'Timelines1764000001600';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table verdicts add column question text collate "C"`);
    // Written as the service writes a question: compact JSON of digest, repository, policy, null and sorted parameters.
    await queryRunner.query(`
      update verdicts v set question = 'sha256:' || encode(sha256(convert_to(
        '[' || to_json(v.image)::text || ',' || coalesce(to_json(v.repository)::text, 'null') || ','
          || to_json(v.policy)::text || ',null,[' || coalesce((
            select string_agg('[' || to_json(p.key)::text || ',' || p.value::text || ']', ',' order by p.key collate "C")
            from json_each(v.verdict->'parameters') p), '') || ']]', 'UTF8')), 'hex')`);
    await queryRunner.query(`alter table verdicts alter column question set not null`);
    await queryRunner.query(`create index verdicts_question on verdicts (image, question, at, id)`);
    await queryRunner.query(`
      create index history_entries_policies on history_entries ((data->>'policy'), id) where type = 'policy.changed'`);
    await queryRunner.query(`
      create index history_entries_waivers on history_entries ((data->>'waiver'), id)
      where type in ('waiver.created', 'waiver.approved', 'waiver.revoked')`);
    await queryRunner.query(`
      create index history_entries_trust on history_entries (((data->>'trustRevision')::bigint))
      where type in ('attestor.created', 'attestor.changed', 'attestor.deleted', 'key.revoked', 'identity.revoked',
        'trust_root.created', 'trust_root.changed', 'trust_root.deleted', 'attestation.revoked', 'attestation.retracted')`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index history_entries_trust, history_entries_waivers, history_entries_policies`);
    await queryRunner.query(`drop index verdicts_question`);
    await queryRunner.query(`alter table verdicts drop column question`);
  }
}
