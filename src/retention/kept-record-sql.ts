/** A `KeptRecord` of an attestation `a`, as jsonb. Facts are found by what was signed, and are those that this very copy proved. */
export const KEPT_RECORD = `
  jsonb_build_object(
    'format', a.format, 'payloadType', a.payload_type, 'predicateType', a.predicate_type, 'kind', a.kind, 'size', a.size,
    'subjects', (
      select coalesce(jsonb_agg(jsonb_build_array(s.ordinal, s.subject, s.name)), '[]')
      from attestation_subjects s where s.attestation = a.id),
    'facts', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'kind', f.kind, 'readerRevision', f.reader_revision, 'predicateType', f.predicate_type, 'content', f.content,
        'ownTime', to_char(f.own_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))), '[]')
      from (select distinct v.signed_digest from verifications v where v.attestation = a.id) d
      cross join lateral (select * from facts where signed_digest = d.signed_digest offset 0) f
      where exists (select from fact_signers x where x.fact = f.id and x.attestation = a.id)))`;
