import { z } from 'zod';
import { parseTime } from '../facts/parse-time.js';
import { KINDS } from '../intoto/predicate-kind.js';
import { REVOCATION_REASONS } from '../trust/attestor.js';
import { CONSIDERED_CODES, REQUIREMENT_CODES, REQUIREMENT_STATUSES } from '../policy/verdict.js';
import { predicateFrom, shorthandShape } from './policy-predicates.js';

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

/** The moment for which cases are made where nobody says another. */
export const CASES_AT = '2026-11-23T12:00:00.000Z';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `T`, `T-2h`, `T+1d-1ms`, relative to the moment of the case; or a moment of RFC 3339. */
const time = z.string().refine((text) => timeFrom(CASES_AT, text) !== null || isMoment(text), {
  error: 'expected a time, such as T-2h or 2026-01-31T12:00:00Z',
});
const moment = z.string().refine(isMoment, { error: 'expected a moment, such as 2026-01-31T12:00:00Z' });

const attestorShape = z.strictObject({
  kinds: z.array(z.enum(KINDS)).optional(),
  predicateTypes: z.array(z.string()).optional(),
  /** By id. Everything else of an identity is for certificates under the built-in trust root. */
  identities: z
    .record(
      z.string(),
      z.strictObject({
        issuer: z.string(),
        subject: z.string().optional(),
        subjectGlob: z.string().optional(),
        person: z.string().optional(),
        validFrom: time.optional(),
        validUntil: time.optional(),
      }),
    )
    .optional(),
  /** By id. `key` names the key itself where it is not `attestor/id`, as where two attestors hold one. */
  keys: z.record(
    z.string(),
    z
      .strictObject({
        key: z.string().optional(),
        person: z.string().optional(),
        validFrom: time.optional(),
        validUntil: time.optional(),
      })
      .nullable(),
  ),
  repositories: z.array(z.string()).optional(),
  builders: z.array(z.strictObject({ id: z.string(), slsaLevel: z.number() })).optional(),
  mayNameApprovers: z.boolean().optional(),
});

const attestorsShape = z.record(z.string(), attestorShape);

const changeShape = z.union([
  z.strictObject({ at: time.optional(), put: attestorsShape }),
  z.strictObject({ at: time.optional(), delete: z.string() }),
  z.strictObject({
    at: time.optional(),
    revoke: z.string(),
    key: z.string(),
    reason: z.enum(REVOCATION_REASONS),
    effectiveFrom: time.optional(),
  }),
  z.strictObject({
    at: time.optional(),
    revoke: z.string(),
    identity: z.string(),
    reason: z.enum(REVOCATION_REASONS),
  }),
  /** The built-in trust root comes to be one without such authorities, or with all of them again. */
  z.strictObject({ at: time.optional(), distrust: z.array(z.enum(['ca', 'ctlog', 'tlog', 'tsa'])) }),
]);

const evidenceShape = z
  .strictObject({
    name: z.string(),
    /** What it is about instead of the image. */
    commit: z.string().optional(),
    predicateType: z.string().optional(),
    predicate: z.unknown().optional(),
    /** In place of a predicate, where the normal form matters and not what it was read from. */
    fact: z.record(z.string(), z.unknown()).optional(),
    ownTime: time.nullable().optional(),
    signedBy: z.union([z.string(), z.array(z.string())]),
    receivedAt: time.optional(),
    receivedAgainAt: time.optional(),
    provenAt: time.optional(),
    standing: z.enum(['standing', 'revoked', 'retracted']).default('standing'),
  })
  .extend(shorthandShape.shape);

const USUAL_END = 'T+30d';

const waiverShape = z.strictObject({
  name: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  /** Of another policy, where it is not that of the case. */
  policy: z.string().optional(),
  requirement: z.string(),
  vulnerability: z.string().optional(),
  /** The image of the case, another, or a repository. */
  scope: z.union([z.enum(['image', 'another image']), z.strictObject({ repository: z.string() })]),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  from: z.string().optional(),
  until: z.string().default(USUAL_END),
  /** It names what the policy does not have, or does not let it name, so that nobody could make it. */
  misfit: z.boolean().default(false),
});

const wantShape = z.strictObject({
  decision: z.enum(['allow', 'deny']),
  wouldDeny: z.boolean().default(false),
  /** Names of the waivers that were needed. */
  waivers: z.array(z.string()).default([]),
  /** Absent: whatever it is. */
  validUntil: z.string().nullable().optional(),
  /** By id, all of them; what is not said of one may be anything. null: whatever they are. */
  requirements: z
    .record(
      z.string(),
      z.strictObject({
        status: z.enum(REQUIREMENT_STATUSES).optional(),
        code: z.enum(REQUIREMENT_CODES),
        /** Names of evidence. */
        evidence: z.array(z.string()).optional(),
        /** Codes by names of evidence; all that was considered. */
        considered: z
          .record(z.string(), z.union([z.enum(CONSIDERED_CODES), z.array(z.enum(CONSIDERED_CODES))]))
          .optional(),
        /** Text that the message holds. */
        message: z.string().optional(),
        missing: z.string().optional(),
        /** Findings that VEX removed, as `CVE-1 by evidence for attestor`, in any order. */
        removed: z.array(z.string()).optional(),
        /** The name of the build that names the commit; null where there must be none. */
        through: z.strictObject({ build: z.string(), commit: z.string() }).nullable().optional(),
      }),
    )
    .nullable()
    .default(null),
});

const caseShape = z.strictObject({
  name: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  description: z.string().default(''),
  /** The whole document, the `file` that it stands in, or only its requirements. */
  policy: z.record(z.string(), z.unknown()).optional(),
  requirements: z.array(z.unknown()).optional(),
  attestors: attestorsShape.default({}),
  changes: z.array(changeShape).default([]),
  /** In place of all that the file has for every case. */
  evidence: z.array(evidenceShape).optional(),
  waivers: z.array(waiverShape).default([]),
  parameters: z.record(z.string(), z.unknown()).optional(),
  repository: z.string().nullable().optional(),
  pending: z.boolean().default(false),
  /** A moment of its own, for what has a date. */
  now: moment.optional(),
  want: wantShape,
});
type WrittenEvidence = z.infer<typeof evidenceShape>;
type WrittenCase = z.infer<typeof caseShape>;

/** A file of cases; what stands beside them is for each that does not say otherwise. */
export const caseFileShape = z.strictObject({
  /** What they are about. */
  rule: z.string().default('policy'),
  policy: z.record(z.string(), z.unknown()).optional(),
  /** Trusted in every case of the file. */
  attestors: attestorsShape.default({}),
  parameters: z.record(z.string(), z.unknown()).default({}),
  repository: z.string().nullable().default(null),
  evidence: z.array(evidenceShape).default([]),
  now: moment.optional(),
  cases: z.array(caseShape).min(1),
});

/** The name of the key with which the service itself signs. */
export const OWN_KEY = 'assay';

/** What a file of cases says for all of them. */
export type CaseFile = z.infer<typeof caseFileShape>;

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
  const { name, description, waivers, pending, want, evidence = shared.evidence } = file;
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

function isMoment(text: string): boolean {
  try {
    return parseTime(text) !== '';
  } catch {
    return false;
  }
}

function timeFrom(now: string, text: string): string | null {
  if (!/^T(?:[+-]\d+(?:ms|[smhd]))*$/.test(text)) return null;
  let moment = Date.parse(now);
  for (const [, sign, count, unit] of text.matchAll(/([+-])(\d+)(ms|[smhd])/g)) {
    moment += (sign === '-' ? -1 : 1) * Number(count) * UNITS[unit as keyof typeof UNITS];
  }
  return new Date(moment).toISOString();
}
