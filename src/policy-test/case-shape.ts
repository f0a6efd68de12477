import { z } from 'zod';
import { parseTime } from '../facts/parse-time.js';
import { KINDS } from '../intoto/predicate-kind.js';
import { REVOCATION_REASONS } from '../trust/attestor.js';
import { CONSIDERED_CODES, REQUIREMENT_CODES, REQUIREMENT_STATUSES } from '../policy/verdict.js';
import { shorthandShape } from './policy-predicates.js';

/** The moment for which cases are made where nobody says another. */
export const CASES_AT = '2026-11-23T12:00:00.000Z';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `T`, `T-2h`, `T+1d-1ms`, relative to the moment of the case; or a moment of RFC 3339. */
const time = z.string().refine((text) => timeFrom(CASES_AT, text) !== null || isMoment(text), {
  error: 'expected a time, such as T-2h or 2026-01-31T12:00:00Z',
});
const moment = z.string().refine(isMoment, { error: 'expected a moment, such as 2026-01-31T12:00:00Z' });

export const attestorShape = z.strictObject({
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

export const attestorsShape = z.record(z.string(), attestorShape);

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
    /** An index or manifest of the case. */
    about: z.string().optional(),
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

/** When waivers end that say nothing of it. */
export const USUAL_END = 'T+30d';

export const waiverShape = z.strictObject({
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

export const wantShape = z.strictObject({
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
        /** Ids of the findings that `ignore` left out, in any order. */
        ignored: z.array(z.string()).optional(),
        /** The name of the build that names the commit; null where there must be none. */
        through: z.strictObject({ build: z.string(), commit: z.string() }).nullable().optional(),
        /** Names of evidence, by the index or manifest that it is about. */
        via: z.record(z.string(), z.array(z.string())).optional(),
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
  /** Names of the indexes on record that list the image; of the manifests, where it is an index. */
  indexes: z.array(z.string()).default([]),
  manifests: z.array(z.string()).default([]),
  parameters: z.record(z.string(), z.unknown()).optional(),
  repository: z.string().nullable().optional(),
  pending: z.boolean().default(false),
  /** A moment of its own, for what has a date. */
  now: moment.optional(),
  want: wantShape,
});
/** A piece of evidence as it is written. */
export type WrittenEvidence = z.infer<typeof evidenceShape>;
/** A case as it is written. */
export type WrittenCase = z.infer<typeof caseShape>;

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

/** What a file of cases says for all of them. */
export type CaseFile = z.infer<typeof caseFileShape>;

function isMoment(text: string): boolean {
  try {
    return parseTime(text) !== '';
  } catch {
    return false;
  }
}

/** The moment that `T-2h` and its like mean at a moment; null for any other text. */
export function timeFrom(now: string, text: string): string | null {
  if (!/^T(?:[+-]\d+(?:ms|[smhd]))*$/.test(text)) return null;
  let moment = Date.parse(now);
  for (const [, sign, count, unit] of text.matchAll(/([+-])(\d+)(ms|[smhd])/g)) {
    moment += (sign === '-' ? -1 : 1) * Number(count) * UNITS[unit as keyof typeof UNITS];
  }
  return new Date(moment).toISOString();
}
