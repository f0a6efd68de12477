/** Arbitrary, the same in every version: whoever drops envelopes and whoever places or releases a hold go one after the other. */
export const RETENTION_LOCK = 0x61_73_73_64;

/** Whether a hold `h` has not been released. */
const IN_FORCE = `not exists (select from legal_hold_releases r where r.hold = h.id)`;

/**
 * The holds in force under which each of the attestations `$1` falls, as rows of `attestation` and `hold`. An attestation is held
 * with any image that it speaks of, and with any whose verdicts depended on what it speaks of, as on a commit; an index and its
 * manifests are held together. A repository holds the images that were asked about under it, and what names it in its subjects:
 * a claim is enough to keep evidence.
 */
export const HELD = `
  with candidate as (select distinct id from unnest($1::text[]) as t (id)),
  named as (
    select s.attestation, s.subject, s.name from candidate c join attestation_subjects s on s.attestation = c.id
  ),
  about as (
    select attestation, subject as image from named
    union
    select n.attestation, d.image from named n join verdict_dependents d on d.digest = n.subject
    union
    select n.attestation, m.index_digest from named n join image_manifests m on m.manifest = n.subject
    union
    select n.attestation, m.manifest from named n join image_manifests m on m.index_digest = n.subject
  ),
  hold as materialized (select h.id, h.scope, h.target from legal_holds h where ${IN_FORCE})
  select a.attestation, h.id as hold from about a join hold h on h.scope = 'image' and h.target = a.image
  union
  select c.id, h.id from candidate c join hold h on h.scope = 'attestation' and h.target = c.id
  union
  select c.id, h.id from candidate c join hold h on h.scope = 'everything'
  union
  select n.attestation, h.id from named n join hold h on h.scope = 'repository'
    and (n.name = h.target or starts_with(n.name, h.target || ':') or starts_with(n.name, h.target || '@'))
  union
  select a.attestation, h.id from about a join hold h on h.scope = 'repository'
  where exists (select from verdicts v where v.image = a.image and v.repository = h.target)`;
