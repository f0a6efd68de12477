import { Injectable } from '@nestjs/common';
import { onlyImage, type AttestationId, type Sha256Digest, type SubjectDigest } from '../intoto/digest.js';
import { parseEvidence, statementOf } from '../intoto/evidence.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import { statementDigest } from '../intoto/statement-digest.js';
import { AppError } from '../platform/app-error.js';
import { Database, namedQuery } from '../platform/database.js';
import { signersBound } from './signers-bound.js';
import type { StatementTarget } from './statement-standing.js';

/** What an attestation says and who said it, as far as an act on it is concerned. */
export interface SignedStatement extends StatementTarget {
  readonly subjects: readonly SubjectDigest[];
}

interface Row {
  /** null where the envelope was dropped. */
  readonly text: string | null;
  /** As the latest examination has it; null where there is none. */
  readonly signedDigest: Sha256Digest | null;
  /** What that examination waits for; null where there is none. */
  readonly gains: readonly string[] | null;
  readonly subjects: readonly SubjectDigest[];
  readonly proved: readonly ProvedSigner[];
}

@Injectable()
export class SignedStatementStore {
  constructor(private readonly database: Database) {}

  /**
   * What is stored under the id, or null. Its signers are those that any examination proved, by all their names. Where a
   * signature is left that nobody known has made, an act binds whoever is found to have signed it.
   *
   * @throws AppError `envelope_dropped` where it was dropped, and nobody found out what was signed.
   */
  async find(id: AttestationId): Promise<SignedStatement | null> {
    const { rows } = await namedQuery<Row>(this.database.pool, {
      name: 'trust-signed-statement',
      text: `
        select convert_from(e.bytes, 'UTF8') as text,
          array(select distinct s.subject from attestation_subjects s where s.attestation = a.id) as subjects,
          (select coalesce(jsonb_agg(p.signer), '[]') from verifications v cross join jsonb_array_elements(v.proved) as p (signer)
           where v.attestation = a.id) as proved,
          l.signed_digest as "signedDigest", l.gains
        from attestations a left join envelopes e on e.received_at = a.received_at and e.attestation = a.id
        left join lateral (
          select v.signed_digest, v.gains from verifications v
          where v.attestation = a.id and v.signed_digest is not null order by v.id desc limit 1
        ) l on true
        where a.id = $1`,
      values: [id],
    });
    const [row] = rows;
    if (row === undefined) return null;
    const { text } = row;
    const signedDigest =
      row.signedDigest ?? (text === null ? null : statementDigest(statementOf(parseEvidence(Buffer.from(text)))));
    if (signedDigest === null) {
      throw new AppError('gone', 'envelope_dropped', `the envelope of ${id} was dropped, and said nothing that counts`);
    }
    return {
      attestation: id,
      signedDigest,
      signers: signersBound(row.proved, row.gains),
      image: onlyImage(row.subjects),
      subjects: row.subjects,
    };
  }
}
