import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Each signer in an image's row says by which attestation its signature first came, so that a verdict can name that one. */
export class AttestationsOfSigners1764000002000 implements MigrationInterface {
  name = 'AttestationsOfSigners1764000002000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      update images i set facts = (
        select jsonb_agg(e.fact || jsonb_build_object('signers', (
            select jsonb_agg(s.signer || jsonb_build_object('attestation', (
                select x.attestation from facts f join fact_signers x on x.fact = f.id
                where f.signed_digest = e.fact->>'signedDigest' and x.signer = s.signer->>'signer'
                order by x.received_at, x.attestation limit 1)) order by s.place)
            from jsonb_array_elements(e.fact->'signers') with ordinality s (signer, place))) order by e.place)
        from jsonb_array_elements(i.facts) with ordinality e (fact, place))
      where i.facts <> '[]'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      update images i set facts = (
        select jsonb_agg(e.fact || jsonb_build_object('signers', (
            select jsonb_agg(s.signer - 'attestation' order by s.place)
            from jsonb_array_elements(e.fact->'signers') with ordinality s (signer, place))) order by e.place)
        from jsonb_array_elements(i.facts) with ordinality e (fact, place))
      where i.facts <> '[]'`);
  }
}
