import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AttestationId, Sha256Digest, SubjectDigest } from '../intoto/digest.js';
import { earliestVouched, type ProvedSigner } from '../intoto/proved-signer.js';
import { parseEvidence, statementOf } from '../intoto/evidence.js';
import { parseStatement } from '../intoto/statement.js';
import { Database, namedQuery } from '../platform/database.js';
import type { DerivedFact, Fact, FactContent } from './fact.js';
import { rebuiltFactsCtes } from './image-facts-sql.js';
import { indexFacts } from './index-facts.store.js';
import { LargeContents, type LargeContent } from './large-contents.js';
import type { FoundSigner } from './search-terms.js';
import type { StoredPredicate } from './stored-predicate.js';
import { identityText, proofOf, signerKey } from './stored-signer.js';

/** Facts one attestation proved, and whose signatures over them verify. */
export interface ProvedFacts {
  readonly attestation: AttestationId;
  readonly receivedAt: Date;
  readonly signedDigest: Sha256Digest;
  readonly readerRevision: number;
  readonly facts: readonly DerivedFact[];
  readonly signers: readonly ProvedSigner[];
  /** Whom the signers were found to be, where the attestation was verified: what images are searched by. Otherwise null. */
  readonly verified: readonly FoundSigner[] | null;
}

interface RecordedFact {
  readonly id: string;
  readonly kind: string;
  /** Of the attestation that first proved it. */
  readonly receivedAt: Date;
  readonly images: readonly Sha256Digest[];
  /** Of what it is asked for by, from 1. */
  readonly place: number;
}

const RECORDED = `
  select f.id::text as id, f.kind, a.received_at as "receivedAt", t.place::int as place,
    array(select distinct s.subject
      from (select subject from attestation_subjects where attestation = f.attestation offset 0) s
      where s.subject like 'sha256:%') as images
  from unnest($1::text[], $2::int[]) with ordinality as t (signed_digest, reader_revision, place)
  -- Each by itself, and so by index, whatever statistics say.
  cross join lateral (
    select * from facts where signed_digest = t.signed_digest and reader_revision = t.reader_revision offset 0
  ) f
  cross join lateral (select received_at from attestations where id = f.attestation offset 0) a`;

interface EnvelopeOfFact {
  /** Of the attestation that first proved it. */
  readonly attestation: AttestationId;
  /** null where nothing that says it is stored any longer. */
  readonly text: string | null;
  readonly droppedAt: Date | null;
  readonly rule: string | null;
}

/** One statement, so that what is not there is known to be dropped at the same moment. */
const ENVELOPES_OF_FACTS = `
  select distinct on (f.attestation) f.attestation, convert_from(coalesce(e.bytes, o.bytes), 'UTF8') as text,
    d.at as "droppedAt", d.rule
  from facts f
  left join attestations a on a.id = f.attestation
  left join envelopes e on e.received_at = a.received_at and e.attestation = a.id
  left join dropped_envelopes d on d.attestation = f.attestation
  left join lateral (
    select s.bytes
    from fact_signers x join attestations b on b.id = x.attestation
    join envelopes s on s.received_at = b.received_at and s.attestation = b.id
    where d.attestation is not null and x.fact = f.id limit 1
  ) o on true
  where f.id = any($1::bigint[])
  order by f.attestation, f.id`;

@Injectable()
export class FactStore {
  private readonly largeContents: LargeContents;

  constructor(private readonly database: Database) {
    this.largeContents = new LargeContents(async (ids) => {
      const { rows } = await namedQuery<LargeContent & { id: string }>(database.pool, {
        name: 'fact-contents',
        text: 'select id::text as id, size, content from facts where id = any($1::bigint[])',
        values: [ids],
      });
      return new Map(rows.map(({ id, size, content }) => [id, { size, content }]));
    });
  }

  /**
   * Records what was proved, in the transaction that holds the locks of the images concerned. Facts are unique by what
   * was signed, signers by fact and copy: repetition changes nothing, and a second copy of the same statement or the
   * same signature twice counts once. What was verified is added to the search over images as well.
   */
  async insert(tx: EntityManager, proved: readonly ProvedFacts[]): Promise<void> {
    const rows = proved.flatMap((group) =>
      group.facts.map((fact) => ({ group, fact, json: JSON.stringify(fact.content) })),
    );
    if (rows.length === 0) return;
    await tx.query(
      `insert into facts (signed_digest, kind, reader_revision, attestation, predicate_type, own_time, content, size)
       select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[], $8::int[])
       on conflict (signed_digest, kind, reader_revision) do nothing`,
      [
        rows.map(({ group }) => group.signedDigest),
        rows.map(({ fact }) => fact.content.kind),
        rows.map(({ group }) => group.readerRevision),
        rows.map(({ group }) => group.attestation),
        rows.map(({ fact }) => fact.predicateType),
        rows.map(({ fact }) => fact.ownTime),
        rows.map(({ json }) => json),
        rows.map(({ json }) => Buffer.byteLength(json)),
      ],
    );
    const signers = proved.flatMap((group) =>
      group.facts.length === 0 ? [] : group.signers.map((signer) => ({ group, signer })),
    );
    await tx.query(
      `insert into fact_signers (fact, signer, attestation, received_at, proven_at, proof, identity)
       select f.id, s.signer, s.attestation, s.received_at, s.proven_at, s.proof, s.identity
       from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::jsonb[], $8::text[])
         as s (signed_digest, reader_revision, signer, attestation, received_at, proven_at, proof, identity)
       join facts f on f.signed_digest = s.signed_digest and f.reader_revision = s.reader_revision
       on conflict do nothing`,
      [
        signers.map(({ group }) => group.signedDigest),
        signers.map(({ group }) => group.readerRevision),
        signers.map(({ signer }) => signerKey(signer)),
        signers.map(({ group }) => group.attestation),
        signers.map(({ group }) => group.receivedAt),
        signers.map(({ signer }) => earliestVouched(signer)),
        signers.map(({ signer }) => proofOf(signer)),
        signers.map(({ signer }) => (signer.type === 'key' ? null : identityText(signer.identity))),
      ],
    );
    await this.index(tx, proved);
  }

  private async index(tx: EntityManager, proved: readonly ProvedFacts[]): Promise<void> {
    const verified = proved.filter(({ verified: signers, facts }) => signers !== null && facts.length > 0);
    if (verified.length === 0) return;
    const rows: readonly RecordedFact[] = await tx.query(RECORDED, [
      verified.map(({ signedDigest }) => signedDigest),
      verified.map(({ readerRevision }) => readerRevision),
    ]);
    await indexFacts(
      tx,
      rows.flatMap(({ id, kind, receivedAt, images, place }) => {
        const { facts, verified: signers, signers: by } = verified[place - 1] ?? {};
        const content = facts?.find((fact) => fact.content.kind === kind)?.content;
        if (content === undefined) return [];
        return [{ id, content, receivedAt, images, verified: { signers: signers ?? [], proved: by ?? [] } }];
      }),
    );
  }

  /**
   * Rebuilds the facts in the rows of these images from the facts tables, adds to what was examined about each, and
   * bumps their revisions. The caller holds the rows' locks, so no other worker's facts can be lost.
   */
  async projectImages(tx: EntityManager, examined: ReadonlyMap<SubjectDigest, number>): Promise<void> {
    if (examined.size === 0) return;
    await tx.query(
      `with changed as (select * from unnest($1::text[], $2::bigint[]) as t (subject, examined)),
       ${rebuiltFactsCtes('changed')}
       update images i
       set facts = coalesce(r.facts, '[]'::jsonb), examined = i.examined + c.examined, revision = i.revision + 1
       from changed c left join rebuilt r on r.subject = c.subject
       where c.subject = i.subject and i.subject = any($1::text[])`,
      [[...examined.keys()], [...examined.values()]],
    );
  }

  /** The contents of facts by id, for those too large to stand in an image's row. A content never changes. */
  async contents(ids: readonly string[]): Promise<ReadonlyMap<string, FactContent>> {
    const found = await Promise.all(ids.map(async (id) => [id, await this.largeContents.read(id)] as const));
    return new Map(found.flatMap(([id, content]) => (content === undefined ? [] : [[id, content]])));
  }

  /**
   * The predicates as they stand in the verified payloads, for a policy that looks beyond the facts; by attestation. A fact
   * that carries its predicate whole needs no read. Where the envelope was dropped, another that says the same serves.
   */
  async predicates(facts: readonly Fact[]): Promise<ReadonlyMap<AttestationId, StoredPredicate>> {
    const predicates = new Map<AttestationId, StoredPredicate>();
    const ids: string[] = [];
    for (const { id, attestation, content } of facts) {
      if ('predicate' in content) predicates.set(attestation, { state: 'stored', predicate: content.predicate });
      else ids.push(id);
    }
    if (ids.length === 0) return predicates;
    const { rows } = await namedQuery<EnvelopeOfFact>(this.database.pool, {
      name: 'fact-envelopes',
      text: ENVELOPES_OF_FACTS,
      values: [ids],
    });
    for (const { attestation, text, droppedAt, rule } of rows) {
      if (text !== null) {
        const { predicate } = parseStatement(statementOf(parseEvidence(Buffer.from(text))).payload);
        predicates.set(attestation, { state: 'stored', predicate });
      } else if (droppedAt !== null && rule !== null) {
        predicates.set(attestation, { state: 'dropped', at: droppedAt, rule });
      }
    }
    return predicates;
  }
}
