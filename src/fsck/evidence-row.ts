import type { Kind } from '../intoto/predicate-kind.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import { BY_INDEX, type Keyed } from './walk.js';

/** A page is cut short where its envelopes would come to more than this. */
const MOST_BYTES = 16 * 1024 * 1024;

/** An attestation with all that was found out about it. */
export interface EvidenceRow extends Keyed {
  readonly id: string;
  readonly format: string;
  readonly payloadType: string;
  readonly predicateType: string | null;
  readonly kind: string;
  readonly size: number;
  readonly receivedAt: string;
  /** null where there is no envelope. */
  readonly bytes: Buffer | null;
  /** Whether it is on record that the envelope was dropped. */
  readonly dropped: boolean;
  /** `[ordinal, digest, name]`, in this order. */
  readonly subjects: readonly (readonly [number, string, string | null])[];
  /** Oldest first. */
  readonly verifications: readonly VerificationRow[];
  /** Of what was signed, whichever copy of it proved them first. */
  readonly facts: readonly FactRow[];
}

export interface VerificationRow {
  readonly trustRevision: number;
  readonly readerRevision: number;
  readonly outcome: string;
  readonly code: string | null;
  readonly signedDigest: string | null;
  /** Whom the signers were found to be, and whether each could count at that trust revision. */
  readonly signers: readonly { readonly counts: boolean }[];
  readonly proved: readonly ProvedSigner[];
}

export interface StoredFactSigner {
  readonly signer: string;
  readonly receivedAt: string;
  readonly provenAt: string | null;
  readonly proof: ProvedSigner | null;
  readonly identity: string | null;
}

export interface FactRow {
  readonly id: string;
  readonly signedDigest: string;
  readonly kind: Kind;
  readonly readerRevision: number;
  readonly predicateType: string;
  readonly ownTime: string | null;
  readonly content: unknown;
  readonly size: number;
  /** Those whose signature this attestation carries, as they are stored. */
  readonly signers: readonly StoredFactSigner[];
}

export const EVIDENCE_ROWS = `
  with looked_at as (
    select a.*, sum(a.size) over (order by a.id) - a.size as before
    from (select * from attestations where id > $1 order by id limit $2) a
  )
  select array[a.id] as key, a.id, a.format, a.payload_type as "payloadType", a.predicate_type as "predicateType", a.kind, a.size,
    to_jsonb(a.received_at) #>> '{}' as "receivedAt", e.bytes,
    exists (select from dropped_envelopes d where d.attestation = a.id) as dropped,
    (select coalesce(jsonb_agg(jsonb_build_array(s.ordinal, s.subject, s.name) order by s.ordinal, s.subject), '[]')
     from attestation_subjects s where s.attestation = a.id) as subjects,
    (select coalesce(jsonb_agg(jsonb_build_object(
        'trustRevision', v.trust_revision, 'readerRevision', v.reader_revision, 'outcome', v.outcome, 'code', v.code,
        'signedDigest', v.signed_digest, 'signers', v.signers, 'proved', v.proved) order by v.id), '[]')
     from verifications v where v.attestation = a.id) as verifications,
    (select coalesce(jsonb_agg(jsonb_build_object(
        'id', f.id::text, 'signedDigest', f.signed_digest, 'kind', f.kind, 'readerRevision', f.reader_revision,
        'predicateType', f.predicate_type, 'ownTime', f.own_time, 'content', f.content, 'size', f.size,
        'signers', (
          select coalesce(jsonb_agg(jsonb_build_object('signer', x.signer, 'receivedAt', x.received_at,
            'provenAt', x.proven_at, 'proof', x.proof, 'identity', x.identity) order by x.signer), '[]')
          from fact_signers x where x.fact = f.id and x.attestation = a.id)) order by f.id), '[]')
     from (select distinct v.signed_digest from verifications v where v.attestation = a.id) d
     cross join lateral (select * from facts where signed_digest = d.signed_digest ${BY_INDEX}) f) as facts
  from looked_at a
  left join lateral (
    select bytes from envelopes where received_at = a.received_at and attestation = a.id ${BY_INDEX}
  ) e on true
  where a.before < ${MOST_BYTES}
  order by a.id`;
