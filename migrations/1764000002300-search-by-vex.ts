import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Verdicts on record are to be found as well by the keys that signed the VEX they rest on: `npm run reindex` adds these. */
export class SearchByVex1764000002300 implements MigrationInterface {
  name = 'SearchByVex1764000002300';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Until then no search says that it is complete.
    await queryRunner.query(`
      update search_progress set position = '', finished_at = null
      where part = 'verdicts' and exists (select from verdicts)`);
  }

  async down(): Promise<void> {
    // What an earlier release makes of the verdicts is found still.
  }
}
