import { Injectable } from '@nestjs/common';
import { HistoryStore } from '../history/history.store.js';
import { AppError } from '../platform/app-error.js';
import { Database } from '../platform/database.js';
import { inTransaction } from '../platform/transaction.js';
import { TrustStore } from '../trust/trust.store.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { expressionWarnings } from './cel-type-faults.js';
import { compilePolicy } from './compile-policy.js';
import { parsePolicy } from './parse-policy.js';
import type { PolicyCheckAnswer } from './policy.answer.js';
import { policyDigest } from './policy-digest.js';
import { attestorsNamed, type PolicyDocument } from './policy-document.js';
import { PolicyStore, type PolicyRevision } from './policy.store.js';

export interface PolicySource {
  readonly text: string;
  readonly format: 'yaml' | 'json';
}

export interface PolicyPut {
  readonly name: string;
  readonly source: PolicySource;
  readonly actor: string;
  /** The revision the author started from, or null where the request named none. */
  readonly expected: number | null;
}

/** Publishing policies: each change is a numbered revision, and a document that says the same is none. */
@Injectable()
export class PolicyService {
  constructor(
    private readonly database: Database,
    private readonly policies: PolicyStore,
    private readonly history: HistoryStore,
    private readonly trust: TrustStore,
  ) {}

  /**
   * Makes the document the current revision of its policy, with its history entry in the same transaction. Repetition
   * changes nothing: a document of the same digest as the current one answers that one.
   *
   * @throws PolicyFault for the document; AppError `policy_name_mismatch`, `revision_mismatch`.
   */
  async put(put: PolicyPut): Promise<PolicyPublished> {
    const { document, digest } = this.read(put.name, put.source);
    const published = await this.publish(put, digest);
    return { ...published, warnings: await this.warningsOf(document) };
  }

  /** The document of a policy, held to all that `put` holds it to; nothing is published. Throws as `put` does for it. */
  read(name: string, source: PolicySource): { readonly document: PolicyDocument; readonly digest: Sha256Digest } {
    const document = parsePolicy(source.text, source.format);
    assertNamed(document, name);
    compilePolicy(document);
    return { document, digest: policyDigest(document) };
  }

  /** Everything `put` would find fault with, and what it would warn of; nothing is published. Throws PolicyFault. */
  async check(source: PolicySource): Promise<PolicyCheckAnswer> {
    const document = parsePolicy(source.text, source.format);
    compilePolicy(document);
    return { policy: document.policy, digest: policyDigest(document), warnings: await this.warningsOf(document) };
  }

  private publish(put: PolicyPut, digest: Sha256Digest): Promise<Omit<PolicyPublished, 'warnings'>> {
    return inTransaction(this.database.dataSource, async (tx) => {
      await this.policies.lock(tx);
      const current = await this.policies.findCurrentWithin(tx, put.name);
      // First, so that who asks again because the answer was lost is not told that somebody else was faster (RFC 9110
      // section 13.1.1: a change that appears to have been applied already may be answered as a success).
      if (current?.digest === digest) return { revision: current, changed: false };
      if (put.expected !== null && put.expected !== (current?.revision ?? 0)) {
        throw new AppError(
          'precondition_failed',
          'revision_mismatch',
          `the current revision of ${put.name} is ${current?.revision ?? 0}, not ${put.expected}`,
        );
      }
      const revision = await this.policies.insert(tx, {
        name: put.name,
        revision: (current?.revision ?? 0) + 1,
        digest,
        format: put.source.format,
        source: put.source.text,
        actor: put.actor,
      });
      await this.history.append(tx, [
        {
          type: 'policy.changed',
          actor: put.actor,
          image: null,
          attestation: null,
          data: { policy: put.name, revision: revision.revision, digest },
        },
      ]);
      return { revision, changed: true };
    });
  }

  /**
   * An attestor that does not exist satisfies nothing, and may be meant to exist later. An expression that is never true or
   * false, or that compares what is never equal, is an error or pointless, which denies or leaves a requirement out.
   */
  private async warningsOf(document: PolicyDocument): Promise<readonly string[]> {
    const { attestors } = await this.trust.snapshot();
    const unknown = attestorsNamed(document)
      .filter((name) => (attestors.get(name)?.at(-1)?.attestor ?? null) === null)
      .map((name) => `no attestor is named ${name}: as it stands, requirements from it alone cannot be satisfied`);
    return [...unknown, ...expressionWarnings(document)];
  }
}

export interface PolicyPublished {
  readonly revision: PolicyRevision;
  /** False where the current revision says the same already. */
  readonly changed: boolean;
  readonly warnings: readonly string[];
}

function assertNamed(document: PolicyDocument, name: string): void {
  if (document.policy === name) return;
  const detail = `the document is of policy ${document.policy}, the request of ${name}`;
  throw new AppError('malformed', 'policy_name_mismatch', detail, {
    errors: [{ path: 'policy', message: `expected ${name}` }],
  });
}
