import { BY_INDEX, sqlInvariant, type Walk } from './walk.js';

/** Facts and their parts, each against what it belongs to. */
export const FACTS: readonly Walk[] = [
  sqlInvariant(
    'every envelope is of a stored attestation, received at the same moment',
    ['-infinity', ''],
    `select array[e.received_at::text, e.attestation] as key,
       case when a.id is null then 'there is no attestation ' || e.attestation || ' received at ' || e.received_at
         || ', but a stored envelope' end as fault
     from (
       select received_at, attestation from envelopes where (received_at, attestation) > ($1::timestamptz, $2)
       order by received_at, attestation limit $3
     ) e
     left join lateral (
       select id from attestations where id = e.attestation and received_at = e.received_at ${BY_INDEX}
     ) a on true
     order by e.received_at, e.attestation`,
  ),
  sqlInvariant(
    'every subject and verification is of a stored attestation',
    ['', ''],
    `with looked_at as (
       (select distinct attestation, 'subject' as part from attestation_subjects where (attestation, 'subject') > ($1, $2)
        order by attestation limit $3)
       union
       (select distinct attestation, 'verification' from verifications where (attestation, 'verification') > ($1, $2)
        order by attestation limit $3)
       order by attestation, part limit $3
     )
     select array[l.attestation, l.part] as key,
       case when a.id is null then 'there is no attestation ' || l.attestation || ', but a stored ' || l.part end as fault
     from looked_at l left join lateral (select id from attestations where id = l.attestation ${BY_INDEX}) a on true order by l.attestation, l.part`,
  ),
  sqlInvariant(
    'every fact is of an attestation that a verification matched to one of its signers',
    ['0'],
    `select array[f.id::text] as key,
       case when not exists (
         select from fact_signers s join verifications v on v.attestation = s.attestation
         where s.fact = f.id and s.attestation = f.attestation and v.signed_digest = f.signed_digest
           and v.proved @> jsonb_build_array(case
             when s.signer like 'certificate:%' then jsonb_build_object(
               'certificate', 'sha256:' || substr(split_part(s.signer, '|', 1), 13), 'scheme', split_part(s.signer, '|', 2))
             else jsonb_build_object('thumbprint', split_part(s.signer, '|', 1), 'scheme', split_part(s.signer, '|', 2)) end)
       ) then 'fact ' || f.id || ' has no signer that a verification of ' || f.attestation || ' matched' end as fault
     from (select * from facts where id > $1::bigint order by id limit $2) f order by f.id`,
    'facts',
  ),
  sqlInvariant(
    'every signer of a fact signed an attestation of what the fact is of',
    ['0', '', ''],
    `select array[s.fact::text, s.signer, s.attestation] as key,
       case when f.id is null then 'there is no fact ' || s.fact || ', but a signer of it'
            when not exists (select from verifications v where v.attestation = s.attestation and v.signed_digest = f.signed_digest)
            then 'fact ' || s.fact || ' has a signer of ' || s.attestation || ', which says something else' end as fault
     from (
       select fact, signer, attestation from fact_signers where (fact, signer, attestation) > ($1::bigint, $2, $3)
       order by fact, signer, attestation limit $4
     ) s
     left join lateral (select id, signed_digest from facts where id = s.fact ${BY_INDEX}) f on true order by s.fact, s.signer, s.attestation`,
    'fact_signers',
  ),
];
