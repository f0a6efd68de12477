import type { EntryPlace } from '../history/history.store.js';
import { signEnvelope, type EnvelopeSigner } from '../intoto/sign-envelope.js';
import { AppError } from '../platform/app-error.js';
import { parsePolicy } from './parse-policy.js';
import type { PolicyDocument } from './policy-document.js';
import type { PolicyStore } from './policy.store.js';
import type { IdentifiedVerdict } from './verdict.js';
import { verificationSummary } from './verification-summary.js';

/** Under which the module provides the VerdictSigning and the VerdictHistory. */
export const VERDICT_SIGNING = Symbol('VERDICT_SIGNING');
export const VERDICT_HISTORY = Symbol('VERDICT_HISTORY');

/** Verdicts as signed summaries. */
export interface VerdictSigning {
  /** Throws AppError `signing_not_configured` where nothing can be signed. */
  assertConfigured(): void;
  /**
   * The verdict as a SLSA verification summary in a signed DSSE envelope. Whoever asks twice with the very same bytes is
   * answered the same.
   *
   * @param answer the bytes of an answered verdict, which is on record.
   * @throws AppError `verdict_not_signed` for one that enforces nothing; `signing_not_configured`, `signing_unavailable`.
   */
  sign(answer: Buffer): Promise<Buffer>;
}

export interface VerdictSigningOptions {
  readonly signer: EnvelopeSigner | null;
  readonly policies: Pick<PolicyStore, 'findRevision'>;
  readonly publicUrl: string | null;
  readonly history: VerdictHistory;
}

/** Where verdicts on record stand in the account, and how that is proved. */
export interface VerdictHistory {
  entryOfVerdict(id: string): Promise<EntryPlace | undefined>;
  /** null while it is not sealed. */
  proofText(sequence: number | null): Promise<string | null>;
}

/** The entry of a verdict on record, with its proof once it is sealed. Throws where it has none: each has one. */
export async function historyOf(
  history: VerdictHistory,
  id: string,
): Promise<EntryPlace & { readonly proof: string | null }> {
  const place = await history.entryOfVerdict(id);
  if (place === undefined) throw new Error(`verdict ${id} is on record without an entry`);
  return { ...place, proof: await history.proofText(place.sequence) };
}

/** Revisions never change; few are current at once. */
const MOST_DOCUMENTS = 100;
/** The type of a payload that is an in-toto Statement. */
const STATEMENT = 'application/vnd.in-toto+json';

export function verdictSigning({ signer, policies, publicUrl, history }: VerdictSigningOptions): VerdictSigning {
  // Kept as long as the memo keeps the answer itself.
  const signed = new WeakMap<Buffer, Buffer>();
  const documents = new Map<string, PolicyDocument>();
  const documentOf = async ({ name, revision, digest }: IdentifiedVerdict['policy']): Promise<PolicyDocument> => {
    const key = `${name} ${revision} ${digest}`;
    const known = documents.get(key);
    if (known !== undefined) return known;
    const held = await policies.findRevision(name, revision);
    if (held?.digest !== digest) throw new Error(`policy ${name} has no revision ${revision} of digest ${digest}`);
    const document = parsePolicy(held.source, held.format);
    if (documents.size >= MOST_DOCUMENTS) documents.clear();
    documents.set(key, document);
    return document;
  };
  const configured = (): EnvelopeSigner => {
    if (signer !== null) return signer;
    throw new AppError('conflict', 'signing_not_configured', 'this service has no key to sign by');
  };
  return {
    assertConfigured: () => void configured(),
    async sign(answer) {
      const known = signed.get(answer);
      if (known !== undefined) return known;
      // What the answer was written from; only what was given on the record goes into a summary.
      const verdict = JSON.parse(answer.toString()) as IdentifiedVerdict;
      assertEnforcing(verdict);
      const [document, entry] = await Promise.all([documentOf(verdict.policy), historyOf(history, verdict.id)]);
      const statement = verificationSummary(verdict, { publicUrl, document, entry });
      const envelope = await signEnvelope(STATEMENT, Buffer.from(JSON.stringify(statement)), configured());
      signed.set(answer, envelope);
      return envelope;
    },
  };
}

/**
 * Refuses to sign what others would take for more than it is: an audit's allow, an override, an answer about the past.
 */
function assertEnforcing(verdict: IdentifiedVerdict): void {
  if (verdict.mode !== 'enforce' || verdict.wouldDeny)
    throw notSigned('the policy is in audit mode, where every answer is allow');
  if (verdict.breakGlass !== undefined) throw notSigned('it is an override, not a verification');
}

/** The refusal to sign an answer, for this reason. */
export function notSigned(why: string): AppError {
  return new AppError('conflict', 'verdict_not_signed', `this verdict is not given under signature: ${why}`);
}
