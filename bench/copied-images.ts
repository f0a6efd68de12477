import type pg from 'pg';
import { rebuiltFactsCtes } from '../src/facts/image-facts-sql.js';
import { attestationIdOf, type AttestationId, type Sha256Digest } from '../src/intoto/digest.js';
import { parseEvidence, statementOf } from '../src/intoto/evidence.js';
import { statementDigest } from '../src/intoto/statement-digest.js';
import { byteaArray } from '../src/platform/bytea-array.js';
import { verificationDigest, type RecordedFinding } from '../src/verification/verification-digest.js';

/** Evidence about one image that was posted and verified, from which that about others is copied. */
export interface TemplateImage {
  readonly digest: Sha256Digest;
  /** In the order in which `evidenceFor` writes them. */
  readonly ids: readonly AttestationId[];
  /** What was found of each. */
  readonly findings: readonly RecordedFinding[];
}

/** Terms by which facts are found, which would otherwise be looked for in all that is filled. */
const TERMS = `
  drop table if exists bench_evidence_terms;
  drop table if exists bench_content_terms;
  create table bench_evidence_terms as
    select f.attestation, f.kind, s.term from search_evidence s join facts f on f.id = s.fact;
  create table bench_content_terms as
    select f.attestation as first, f.kind as first_kind, l.attestation as last, l.kind as last_kind, s.term
    from search_contents s join facts f on f.id = s.first_fact join facts l on l.id = s.last_fact;
  create index on bench_evidence_terms (attestation);
  create index on bench_content_terms (first);
  analyze bench_evidence_terms, bench_content_terms`;

/** All that is filed of evidence and its verification, as the service files it, of one moment. */
const COPY = `
  with made as materialized (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[])
      as n (image, template, id, bytes, signed_digest, digest)
  ),
  received as (
    insert into attestations (id, received_by, format, payload_type, predicate_type, kind, size)
    select n.id, a.received_by, a.format, a.payload_type, a.predicate_type, a.kind, octet_length(n.bytes)
    from made n join attestations a on a.id = n.template
  ),
  enveloped as (insert into envelopes (attestation, bytes) select id, bytes from made),
  named as (
    insert into attestation_subjects (attestation, ordinal, subject, name)
    select n.id, s.ordinal, n.image, s.name from made n join attestation_subjects s on s.attestation = n.template
  ),
  counted as (insert into subject_receipts (subject, received) select image, count(*) from made group by image),
  verified as (
    insert into verifications (attestation, trust_revision, reader_revision, outcome, code, detail, signed_digest, signers, proved, gains)
    select n.id, v.trust_revision, v.reader_revision, v.outcome, v.code, v.detail, n.signed_digest, v.signers, v.proved, v.gains
    from made n join verifications v on v.attestation = n.template
  ),
  fact as (
    insert into facts (signed_digest, kind, reader_revision, attestation, predicate_type, own_time, content, size)
    select n.signed_digest, f.kind, f.reader_revision, n.id, f.predicate_type, f.own_time, f.content, f.size
    from made n join facts f on f.attestation = n.template
    returning id, kind, attestation
  ),
  derived as materialized (
    select f.id, f.kind, f.attestation, n.image, n.template from fact f join made n on n.id = f.attestation
  ),
  signed as (
    insert into fact_signers (fact, signer, attestation, received_at, proven_at, proof, identity)
    select d.id, s.signer, d.attestation, now(), s.proven_at, s.proof, s.identity
    from derived d join facts f on f.attestation = d.template and f.kind = d.kind join fact_signers s on s.fact = f.id
  ),
  found as (
    insert into search_evidence (term, image, fact, at)
    select t.term, substr(d.image, 8, 32)::uuid, d.id, date_trunc('milliseconds', now())
    from derived d join bench_evidence_terms t on t.attestation = d.template and t.kind = d.kind
  ),
  contained as (
    insert into search_contents (term, image, first_fact, first_at, last_fact, last_at)
    select t.term, substr(d.image, 8, 32)::uuid, least(d.id, l.id), date_trunc('milliseconds', now()), greatest(d.id, l.id),
      date_trunc('milliseconds', now())
    from derived d join bench_content_terms t on t.first = d.template and t.first_kind = d.kind
    join derived l on l.image = d.image and l.template = t.last and l.kind = t.last_kind
  ),
  told as (
    insert into history_entries (actor, type, image, attestation, data, nonce)
    select e.actor, e.type, case when e.image is not null then n.image end, n.id,
      case e.type when 'attestation.received' then e.data || jsonb_build_object('size', octet_length(n.bytes))
        else e.data || jsonb_build_object('digest', n.digest) end, gen_random_uuid()
    from made n join history_entries e on e.attestation = n.template order by e.type, n.id
    returning id
  )
  insert into history_unsequenced (entry) select id from told`;

const PROJECT = `
  with changed as (select distinct unnest($1::text[]) as subject), ${rebuiltFactsCtes('changed')}
  insert into images (subject, revision, examined, facts)
  select c.subject, r.received, r.received, b.facts
  from changed c join subject_receipts r on r.subject = c.subject join rebuilt b on b.subject = c.subject`;

/** Reads what there is of the first image; before any other is filled. */
export async function templateOf(
  owner: pg.Client,
  digest: Sha256Digest,
  ids: readonly AttestationId[],
): Promise<TemplateImage> {
  await owner.query(TERMS);
  const { rows } = await owner.query<RecordedFinding>(
    `select v.trust_revision::int as "trustRevision", v.reader_revision as "readerRevision", v.outcome, v.code, v.detail,
       v.signed_digest as "signedDigest", v.signers, v.proved
     from unnest($1::text[]) with ordinality as t (id, place) join verifications v on v.attestation = t.id order by t.place`,
    [ids],
  );
  if (rows.length !== ids.length) throw new Error('the evidence that is copied has not been verified');
  return { digest, ids, findings: rows };
}

/** Files signed evidence about other images, each envelope in the place of one of the template's, as if it had been posted. */
export async function copyImages(
  owner: pg.Client,
  { ids, findings }: TemplateImage,
  images: readonly { readonly digest: Sha256Digest; readonly envelopes: readonly Buffer[] }[],
): Promise<void> {
  const copies = images.flatMap(({ digest, envelopes }) =>
    envelopes.map((bytes, place) => {
      const [template, finding] = [ids[place], findings[place]];
      if (template === undefined || finding === undefined)
        throw new Error('an image has more evidence than the template');
      const signedDigest = statementDigest(statementOf(parseEvidence(bytes)));
      const found = verificationDigest({ ...finding, signedDigest });
      return { image: digest, template, id: attestationIdOf(bytes), bytes, signedDigest, found };
    }),
  );
  await owner.query('begin');
  await owner.query(COPY, [
    copies.map(({ image }) => image),
    copies.map(({ template }) => template),
    copies.map(({ id }) => id),
    byteaArray(copies.map(({ bytes }) => bytes)),
    copies.map(({ signedDigest }) => signedDigest),
    copies.map(({ found }) => found),
  ]);
  await owner.query(PROJECT, [images.map(({ digest }) => digest)]);
  await owner.query('commit');
}
