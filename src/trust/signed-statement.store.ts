import { Injectable } from '@nestjs/common';
import { onlyImage, type AttestationId, type SubjectDigest } from '../intoto/digest.js';
import { parseEvidence, statementOf } from '../intoto/evidence.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import { signedDigest } from '../intoto/verify-envelope.js';
import { Database, namedQuery } from '../platform/database.js';
import { signerIdOf } from './signer.js';
import type { StatementTarget } from './statement-standing.js';

/** What an attestation says and who said it, as far as an act on it is concerned. */
export interface SignedStatement extends StatementTarget {
  readonly subjects: readonly SubjectDigest[];
}

interface Row {
  readonly text: string;
  readonly subjects: readonly SubjectDigest[];
  readonly proved: readonly ProvedSigner[];
}

@Injectable()
export class SignedStatementStore {
  constructor(private readonly database: Database) {}

  /**
   * What is stored under the id, or null. Its signers are those that any examination proved; none proved, an act on it
   * binds whoever is found to have signed it.
   */
  async find(id: AttestationId): Promise<SignedStatement | null> {
    const { rows } = await namedQuery<Row>(this.database.pool, {
      name: 'trust-signed-statement',
      text: `
        select convert_from(e.bytes, 'UTF8') as text,
          array(select distinct s.subject from attestation_subjects s where s.attestation = e.attestation) as subjects,
          (select coalesce(jsonb_agg(p.signer), '[]') from verifications v cross join jsonb_array_elements(v.proved) as p (signer)
           where v.attestation = e.attestation) as proved
        from envelopes e where e.attestation = $1`,
      values: [id],
    });
    const [row] = rows;
    if (row === undefined) return null;
    const signers = [...new Set(row.proved.map(signerIdOf))];
    return {
      attestation: id,
      signedDigest: signedDigest(statementOf(parseEvidence(Buffer.from(row.text)))),
      signers: signers.length === 0 ? null : signers,
      image: onlyImage(row.subjects),
      subjects: row.subjects,
    };
  }
}
