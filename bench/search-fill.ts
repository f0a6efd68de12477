import type pg from 'pg';

/** Attestations about one image: a build, four scans, a bill of materials, four tests, two approvals. */
export const ATTESTATIONS_OF_IMAGE = 12;
export const REPOSITORIES = 1_000;
export const BUILDERS = 4;
export const PACKAGES = 5_000;
export const VERSIONS = 5;
export const VULNERABILITIES = 10_000;
export const PEOPLE = 50;
const COMPONENTS_OF_IMAGE = 100;
const FINDINGS_OF_IMAGE = 20;

/** The thumbprints under whose keys evidence is filed. */
export interface FilledKeys {
  readonly ci: string;
  readonly scanner: string;
  readonly qa: string;
  readonly managers: string;
  /** Signed something that one allow in four rests on. */
  readonly legal: string;
}

/** As `termOf` makes them; held against it by whoever asks and finds nothing. */
const FUNCTIONS = `
  create or replace function bench_uuid(hex text) returns uuid language sql immutable parallel safe as $$ select left(hex, 32)::uuid $$;
  create or replace function bench_term(kind text, value text) returns uuid language sql immutable parallel safe as $$
    select left(encode(sha256(convert_to(kind, 'UTF8') || '\\x00'::bytea || convert_to(value, 'UTF8')), 'hex'), 32)::uuid $$;
  create or replace function bench_digest(n bigint) returns text language sql immutable parallel safe as $$
    select 'sha256:' || encode(sha256(convert_to(n::text, 'UTF8')), 'hex') $$;
  create table if not exists bench_components as
    select (p * ${VERSIONS} + v) as n, bench_term('package', 'pkg:npm/package-' || p) as package,
      bench_term('component', 'pkg:npm/package-' || p || '@' || v || '.0.0') as component
    from generate_series(0, ${PACKAGES - 1}) p, generate_series(0, ${VERSIONS - 1}) v;
  create index if not exists bench_components_n on bench_components (n) include (package, component);
  create table if not exists bench_findings as
    select c as n, s.severity, bench_term('finding', s.severity || ' CVE-' || c) as at, bench_term('severity', s.severity) as severity_term
    from generate_series(0, ${VULNERABILITIES - 1}) c
    cross join lateral (select (array['critical', 'high', 'medium', 'low'])[1 + c % 4] as severity) s;
  create index if not exists bench_findings_n on bench_findings (n) include (at, severity_term)`;

/** The commit of the build of image `n`. */
export const COMMIT_OF = `left(encode(sha256(convert_to('commit ' || n, 'UTF8')), 'hex'), 40)`;

/**
 * Files evidence, facts, verdicts and what searches them for the images from `from` up to `until`, by SQL and not by the service: as
 * these would be had each been posted. Runs as the owner.
 */
export async function fill(owner: pg.Client, from: number, until: number, keys: FilledKeys): Promise<void> {
  const images = `generate_series(${from}, ${until - 1}) n`;
  const thumbprints = Object.values(keys) as readonly string[];
  for (const statement of [
    FUNCTIONS,
    `set synchronous_commit = off`,
    `set maintenance_work_mem = '512MB'`,
    `alter table search_contents drop constraint search_contents_pkey`,
    `alter table search_evidence drop constraint search_evidence_pkey`,
    `insert into images (subject) select bench_digest(n) from ${images}`,
    `insert into facts (signed_digest, kind, reader_revision, attestation, predicate_type, content, size)
     select id, 'other', 1, id, 'bench', '{}', 2 from (
       select bench_digest(-(n * ${ATTESTATIONS_OF_IMAGE} + k)) as id
       from ${images}, generate_series(0, ${ATTESTATIONS_OF_IMAGE - 1}) k order by n, k) a`,
    `insert into attestations (id, received_by, format, payload_type, predicate_type, kind, size)
     select f.attestation, 'bench', 'dsse', 't', 'bench', 'other', 2 from facts f on conflict do nothing`,
    // In the order in which facts were made above.
    `create temp table filled as
     select n, k, f.id as fact, f.attestation, bench_digest(n) as digest, substr(bench_digest(n), 8, 32)::uuid as image,
       now() - interval '1 second' * ((n * 7919) % 31536000) as at
     from ${images}, generate_series(0, ${ATTESTATIONS_OF_IMAGE - 1}) k
     join lateral (select id, attestation from facts where signed_digest = bench_digest(-(n * ${ATTESTATIONS_OF_IMAGE} + k))) f on true`,
    `insert into attestation_subjects (attestation, ordinal, subject, name)
     select attestation, 0, digest, 'registry.example.com/app-' || (n % ${REPOSITORIES}) from filled`,
    `insert into search_evidence (term, image, fact, at)
     select bench_term('commit', ${COMMIT_OF}), image, fact, at from filled where k = 0
     union all select bench_term('repository', 'https://github.com/acme/app-' || (n % ${REPOSITORIES})), image, fact, at from filled where k = 0
     union all select bench_term('builder', 'https://ci.example.com/builder-' || (n % ${BUILDERS})), image, fact, at from filled where k = 0
     union all select bench_term('approver', 'person-' || ((n * 31 + k * 17) % ${PEOPLE})), image, fact, at from filled where k >= 10
     union all select t.term, f.image, f.fact, f.at from filled f join (
       select k, unnest(array[bench_term('attestor', attestor), bench_term('key', thumbprint), bench_term('counted_key', thumbprint)]) as term
       from (values (array[0], 'ci', '${keys.ci}'), (array[1, 2, 3, 4, 5], 'scanner', '${keys.scanner}'),
         (array[6, 7, 8, 9], 'qa', '${keys.qa}'), (array[10, 11], 'managers', '${keys.managers}')) v (ks, attestor, thumbprint),
       unnest(v.ks) k) t on t.k = f.k`,
    `insert into search_contents (term, image, first_fact, first_at, last_fact, last_at)
     select distinct on (t.term, f.image) t.term, f.image, f.fact, f.at, f.fact, f.at
     from filled f, generate_series(1, ${COMPONENTS_OF_IMAGE}) i
     join lateral (select package, component from bench_components
       where n = ((i * i * 37 + f.n * 101 + (f.n % 7) * i) % ${PACKAGES * VERSIONS})) c on true
     cross join lateral unnest(array[c.package, c.component]) t (term)
     where f.k = 5 order by t.term, f.image`,
    `insert into search_contents (term, image, first_fact, first_at, last_fact, last_at)
     select distinct on (t.term, f.image) t.term, f.image, f.fact, f.at, f.fact + 3, f.at
     from filled f, generate_series(1, ${FINDINGS_OF_IMAGE}) i
     join lateral (select at, severity_term from bench_findings
       where n = ((i * i * 53 + f.n * 11) % ${VULNERABILITIES})) c on true
     cross join lateral unnest(array[c.at, c.severity_term]) t (term)
     where f.k = 1 order by t.term, f.image`,
    // A range for each month in which verdicts are given, as there are after a year.
    `select assay_add_partition('verdicts', 'verdicts_' || to_char(m, 'YYYY_MM'), assay_lowest_id(m)::text,
       assay_lowest_id(m + interval '1 month')::text)
     from generate_series(date_trunc('month', now()) - interval '12 months', date_trunc('month', now()), interval '1 month') m`,
    `insert into verdicts (id, at, image, repository, policy, policy_revision, decision, requested_by, verdict, environment, question)
     select (left(replace(assay_lowest_id(at)::text, '-', ''), 12) || right(replace(gen_random_uuid()::text, '-', ''), 20))::uuid, at, digest, 'registry.example.com/app-' || (n % ${REPOSITORIES}), 'bench', 1,
       case when n % 5 = 0 then 'deny' else 'allow' end, 'bench', '{}', (array['production', 'staging', 'test'])[1 + n % 3], n::text
     from filled where k = 0`,
    `insert into verdict_signers (signer, image, at, verdict)
     select substr(s.signer, 8, 32)::uuid, v.image, v.at, v.id
     from filled f join verdicts v on v.image = f.digest and v.decision = 'allow'
     cross join unnest(array['${keys.ci}', '${keys.scanner}', '${keys.qa}', case when f.n % 4 = 0 then '${keys.legal}' end]) s (signer)
     where f.k = 0 and s.signer is not null`,
    `insert into history_sequence (sequence, entry, leaf_hash)
     select m.last + row_number() over (), 1000000000 + fact, sha256('') from filled, (select coalesce(max(sequence), 0) as last from history_sequence) m`,
    `drop table filled`,
    `alter table search_contents add constraint search_contents_pkey primary key (term, image)`,
    `alter table search_evidence add constraint search_evidence_pkey primary key (term, image, fact) include (at)`,
    `vacuum analyze search_contents, search_evidence, verdicts, verdict_signers, facts, attestation_subjects, images, history_sequence`,
  ]) {
    await owner.query(statement);
  }
  if (new Set(thumbprints).size < thumbprints.length) throw new Error('two attestors hold one key');
}
