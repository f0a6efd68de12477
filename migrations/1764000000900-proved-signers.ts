import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What mathematics showed of each signer is kept beside whom it was found to be, and an examination says which changes of
 * trust could let it find more.
 */
export class ProvedSigners1764000000900 implements MigrationInterface {
  name = 'ProvedSigners1764000000900';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      alter table verifications
        add column proved jsonb not null default '[]'::jsonb,
        add column gains text[] not null default '{}'`);
    await queryRunner.query(`
      update verifications v set
        proved = coalesce((
          select jsonb_agg(distinct jsonb_build_object(
            'type', 'key', 'thumbprint', s->'thumbprint', 'scheme', s->'scheme', 'times', '[]'::jsonb))
          from jsonb_array_elements(v.signers) s), '[]'),
        gains = case when v.could_gain then coalesce((
          select array_agg(distinct 'signer:' || (s->>'thumbprint')) from jsonb_array_elements(v.signers) s), '{}')
          || array(select 'key:' || scheme from unnest(array[
            'ES256/der', 'ES256/ieee-p1363', 'ES384/der', 'ES384/ieee-p1363', 'ES512/der', 'ES512/ieee-p1363', 'EdDSA',
            'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) scheme)
          else '{}' end`);
    await queryRunner.query(
      `alter table verifications alter column proved drop default, alter column gains drop default`,
    );
    await queryRunner.query(`drop index verifications_could_gain`);
    await queryRunner.query(`alter table verifications drop column could_gain`);
    await queryRunner.query(`create index verifications_gains on verifications using gin (gains) where gains <> '{}'`);
    await queryRunner.query(`
      create table reexaminations (
        attestation text collate "C" not null,
        trust_revision bigint not null,
        constraint reexaminations_pkey primary key (attestation)
      )`);
    await queryRunner.query(`grant select, insert, update on reexaminations to assay_service`);
    await queryRunner.query(`alter table fact_signers add column proof jsonb, add column identity text collate "C"`);
    await queryRunner.query(
      `create index fact_signers_identity on fact_signers (identity, attestation) where identity is not null`,
    );
    await queryRunner.query(`
      update images i set facts = (
        select jsonb_agg(e.fact || jsonb_build_object('signedDigest', f.signed_digest) order by e.place)
        from jsonb_array_elements(i.facts) with ordinality e (fact, place) join facts f on f.id = (e.fact->>'id')::bigint)
      where i.facts <> '[]'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index fact_signers_identity`);
    await queryRunner.query(`alter table fact_signers drop column proof, drop column identity`);
    await queryRunner.query(`drop table reexaminations`);
    await queryRunner.query(`drop index verifications_gains`);
    await queryRunner.query(`alter table verifications add column could_gain boolean not null default true`);
    await queryRunner.query(`alter table verifications drop column proved, drop column gains`);
    await queryRunner.query(
      `create index verifications_could_gain on verifications (trust_revision, attestation) where could_gain`,
    );
  }
}
