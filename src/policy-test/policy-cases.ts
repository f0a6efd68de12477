import type { z } from 'zod';
import {
  timeFrom,
  USUAL_END,
  type attestorShape,
  type attestorsShape,
  type CaseFile,
  type waiverShape,
  type wantShape,
  type WrittenCase,
  type WrittenEvidence,
} from './case-shape.js';
import { predicateFrom } from './policy-predicates.js';

/*
 * Policy cases as data: who is trusted, what was signed and posted, what is asked, and what the verdict must say. A case
 * is made for a moment, and every time in it is relative to that: `T-2h`, `T+1d`, `T-24h-1ms`. So the same cases can be
 * evaluated in memory, and posted to a running service with real signatures.
 */

/** One case, made for one moment. */
export interface PolicyCase {
  readonly name: string;
  /** The rule of "How evidence is weighed" that it is about. */
  readonly rule: string;
  readonly description: string;
  /** As it is put, a JSON document. */
  readonly policy: object;
  /** In the order in which they are recorded. */
  readonly attestors: readonly CaseAttestor[];
  readonly changes: readonly CaseChange[];
  /** In the order in which it is posted. */
  readonly evidence: readonly CaseEvidence[];
  readonly waivers: readonly CaseWaiver[];
  /** Names of the indexes on record that list the image. */
  readonly indexes: readonly string[];
  /** Names of the manifests that it lists, where it is an index on record. */
  readonly manifests: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly repository: string | null;
  readonly pending: boolean;
  readonly now: string;
  readonly want: Want;
  /**
   * Whether it comes to the same when it is posted now, in this order: it neither depends on when something was received
   * or proved to be signed, nor on when trust changed, nor holds a fact that no predicate can be written for, a signature
   * that nobody can make or whose maker was never known, or evidence that was withdrawn.
   */
  readonly overHttp: boolean;
}

export interface CaseAttestor {
  readonly name: string;
  /** As `PUT /v1/attestors/{name}` takes it but for the keys, which are named here and made by whoever runs the case. */
  readonly document: z.infer<typeof attestorShape>;
}

export type CaseChange = { readonly at: string } & (
  | { readonly put: CaseAttestor }
  | { readonly delete: string }
  | {
      readonly revoke: string;
      readonly key: string;
      readonly reason: 'superseded' | 'compromised';
      readonly effectiveFrom?: string | undefined;
    }
  | { readonly revoke: string; readonly identity: string; readonly reason: 'superseded' | 'compromised' }
  | { readonly distrust: readonly ('ca' | 'ctlog' | 'tlog' | 'tsa')[] }
);

export interface CaseEvidence {
  readonly name: string;
  /** The commit that it is about, in full, where it is not about the image. */
  readonly commit?: string | undefined;
  /** The name of the index or manifest that it is about, where it is not about the image. */
  readonly about?: string | undefined;
  readonly content:
    | { readonly predicateType: string; readonly predicate: unknown }
    | { readonly predicateType: string; readonly fact: object; readonly ownTime: string | null };
  /** Names of keys; `issuer subject` for a certificate, signed when it is proved to be, or else when it was received. */
  readonly signedBy: readonly string[];
  readonly receivedAt: string;
  /** When it was received last, where it came more than once. */
  readonly receivedAgainAt?: string | undefined;
  readonly provenAt: string | null;
  readonly standing: 'standing' | 'revoked' | 'retracted';
}

export type CaseWaiver = z.infer<typeof waiverShape>;

export type Want = z.infer<typeof wantShape>;

/** The name of the key with which the service itself signs. */
export const OWN_KEY = 'assay';

/** The cases of a file, made for a moment; `policies` are the documents that stand in other files, by the names given here. */
export function policyCasesOf(
  { rule, ...shared }: CaseFile,
  usualNow: string,
  policies: ReadonlyMap<string, object>,
): readonly PolicyCase[] {
  return shared.cases.map((each) => build(each, rule, shared, usualNow, policies));
}

function build(
  file: WrittenCase,
  rule: string,
  shared: Omit<CaseFile, 'rule'>,
  usualNow: string,
  policies: ReadonlyMap<string, object>,
): PolicyCase {
  const now = file.now ?? shared.now ?? usualNow;
  const { name, description, waivers, indexes, manifests, pending, want, evidence = shared.evidence } = file;
  const all = attestorsOf({ ...shared.attestors, ...file.attestors });
  const changes = file.changes.flatMap((change): CaseChange[] => {
    const at = change.at ?? 'T-1m';
    if ('put' in change) return attestorsOf(change.put).map((put) => ({ at, put }));
    return [{ ...change, at }];
  });
  const policy = file.policy ??
    (file.requirements === undefined ? shared.policy : undefined) ?? {
      policy: 'corpus',
      requirements: file.requirements,
    };
  return inTime(now, {
    name,
    rule,
    description,
    policy: policies.get(fileNamed(policy) ?? '') ?? policy,
    attestors: all,
    changes,
    evidence: evidence.map(evidenceOf),
    waivers,
    indexes,
    manifests,
    parameters: file.parameters ?? shared.parameters,
    repository: file.repository === undefined ? shared.repository : file.repository,
    pending,
    now,
    want,
    overHttp: isOverHttp({ ...file, evidence }, keysHeld(all, changes)),
  });
}

/** The file that a policy stands in, or null where it is written out. */
export function fileNamed(policy: object | undefined): string | null {
  return policy !== undefined && 'file' in policy && typeof policy.file === 'string' ? policy.file : null;
}

function attestorsOf(attestors: z.infer<typeof attestorsShape>): readonly CaseAttestor[] {
  return Object.entries(attestors).map(([name, document]) => ({ name, document }));
}

function evidenceOf(each: WrittenEvidence, index: number): CaseEvidence {
  const {
    name,
    commit,
    about,
    signedBy,
    provenAt,
    standing,
    fact,
    ownTime = null,
    predicateType = 'https://example.com/corpus/v1',
  } = each;
  return {
    name,
    commit,
    about,
    content:
      fact === undefined
        ? (predicateFrom(each) ?? { predicateType, predicate: each.predicate })
        : { predicateType, fact, ownTime },
    signedBy: typeof signedBy === 'string' ? [signedBy] : signedBy,
    // One after the other, a while ago: receipt orders what has no time of its own.
    receivedAt: each.receivedAt ?? `T-30m+${index}s`,
    receivedAgainAt: each.receivedAgainAt,
    provenAt: provenAt ?? null,
    standing,
  };
}

function isOverHttp(
  file: WrittenCase & { readonly evidence: readonly WrittenEvidence[] },
  held: ReadonlySet<string>,
): boolean {
  if (file.now !== undefined || file.pending) return false;
  if (
    file.waivers.some(
      ({ from, until, policy, misfit }) => misfit || from !== undefined || until !== USUAL_END || policy,
    )
  )
    return false;
  if (file.want.validUntil !== undefined && file.want.validUntil !== null) return false;
  const attestors = Object.values(file.attestors).flatMap(({ keys }) => Object.values(keys));
  if (attestors.some((key) => key?.validFrom !== undefined || key?.validUntil !== undefined)) return false;
  if (file.changes.some((change) => change.at !== undefined || 'effectiveFrom' in change)) return false;
  if (file.changes.some((change) => 'identity' in change || 'distrust' in change)) return false;
  return file.evidence.every(
    ({ fact, receivedAt, receivedAgainAt, provenAt, signedBy }) =>
      fact === undefined &&
      receivedAt === undefined &&
      receivedAgainAt === undefined &&
      provenAt === undefined &&
      // What nobody known has signed is rejected before anything is proved by it; and this service's key is its own.
      [signedBy].flat().some((key) => held.has(key)) &&
      // Certificates are made by nobody here.
      ![signedBy].flat().some((signer) => signer.includes(' ')) &&
      ![signedBy].flat().includes(OWN_KEY),
  );
}

/** The names of all keys that attestors of a case hold at some time. */
function keysHeld(attestors: readonly CaseAttestor[], changes: readonly CaseChange[]): ReadonlySet<string> {
  const all = [...attestors, ...changes.flatMap((change) => ('put' in change ? [change.put] : []))];
  return new Set(
    all.flatMap(({ name, document }) => Object.entries(document.keys).map(([id, key]) => key?.key ?? `${name}/${id}`)),
  );
}

/** The value with every text such as `T-2h+1ms` in it made a time, and every `{T-2h}` within a text. */
function inTime<V>(now: string, value: V): V {
  if (typeof value === 'string') {
    const text = value.replaceAll(/\{(T[^}]*)\}/g, (found, time: string) => timeFrom(now, time) ?? found);
    return (timeFrom(now, text) ?? text) as V;
  }
  if (Array.isArray(value)) return value.map((element: unknown) => inTime(now, element)) as V;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, held]: [string, unknown]) => [name, inTime(now, held)]),
  ) as V;
}
