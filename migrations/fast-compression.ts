import type { QueryRunner } from 'typeorm';

/**
 * Lets a column of large values be compressed by lz4, or not at all where the server was built without it: the default
 * method costs more time on every write and read than it saves in space.
 */
export async function fastCompression(queryRunner: QueryRunner, table: string, column: string): Promise<void> {
  await queryRunner.query(`
    do $$ begin
      alter table ${table} alter column ${column} set compression lz4;
    exception when feature_not_supported then
      alter table ${table} alter column ${column} set storage external;
    end $$`);
}
