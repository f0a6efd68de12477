import { z } from 'zod';
import { VEX_STATUSES } from '../facts/fact.js';
import { KINDS } from '../intoto/predicate-kind.js';
import { CONSIDERED_CODES, REQUIREMENT_CODES, REQUIREMENT_STATUSES } from './verdict.js';
import type { RecordedVerdict } from './verdict.store.js';

const considered = z.object({
  attestation: z.string(),
  code: z.enum(CONSIDERED_CODES),
  message: z.string(),
});

const removed = z.object({
  vulnerability: z.string(),
  package: z.string().nullable().describe('Package URL, or else name'),
  status: z.enum(VEX_STATUSES),
  justification: z.string().nullable(),
  attestation: z.string().describe('The VEX document'),
  attestor: z.string().describe('For whom it counts'),
});

const ignored = z.object({
  vulnerability: z.string(),
  package: z.string().nullable().describe('Package URL, or else name'),
  until: z.string().describe('As the policy says it: a moment, or a date, which holds to its end in UTC'),
  reason: z.string(),
});

const requirement = z.object({
  id: z.string(),
  status: z.enum(REQUIREMENT_STATUSES),
  code: z.enum(REQUIREMENT_CODES),
  message: z.string(),
  evidence: z.array(z.string()).describe('What satisfied it, or for negative_evidence what stands against it'),
  considered: z.array(considered).describe('Evidence that was looked at, and why each was not enough'),
  missing: z.string().nullable().describe('What would satisfy it'),
  waivers: z.array(z.string()).optional().describe('Where it is waived: the waivers without which it would not be met'),
  removed: z
    .array(removed)
    .optional()
    .describe('Findings that VEX statements removed, the first hundred; only where the requirement asks for VEX'),
  removedCount: z.number().int().optional().describe('How many findings VEX statements removed'),
  ignored: z
    .array(ignored)
    .optional()
    .describe('Findings that `ignore` of the policy left out, the first hundred; only where it left out any'),
  ignoredCount: z.number().int().optional().describe('How many findings `ignore` left out'),
  alsoRestsOn: z
    .array(z.string())
    .optional()
    .describe(
      'Beside `evidence` and `through`, what it might not be met without: VEX that removed findings, above all',
    ),
  through: z
    .object({ build: z.string(), commit: z.string() })
    .optional()
    .describe('Of a requirement about the source: the build attestation that names the commit, and the commit'),
  via: z
    .array(
      z.object({
        relation: z.enum(['index', 'manifest']).describe('What the digest is to the image'),
        digest: z.string(),
        evidence: z.array(z.string()),
      }),
    )
    .optional()
    .describe('Of a requirement `via: index`: the evidence that is about other digests, by these'),
});

const missing = z.object({
  requirement: z.string().describe('Id of the requirement it is for'),
  kind: z.enum(KINDS).nullable().describe('null where no evidence would do'),
  count: z.number().int().describe('How many to post; 0 where a retraction or something else is needed'),
  from: z.array(z.string()).describe('Attestors, any of whom may sign it'),
  conditions: z
    .record(z.string(), z.unknown())
    .describe('What it must meet, as the policy says it; `replaces`, `approver`, `retract` and `digest` besides'),
  text: z.string(),
});

export const verdictAnswer = z.object({
  id: z.string().describe('Under which it stands on record'),
  decision: z.enum(['allow', 'deny']),
  pending: z.boolean().describe('Evidence for this digest is still being verified'),
  mode: z.enum(['enforce', 'audit']),
  wouldDeny: z.boolean().describe('Under audit, or by break-glass: the policy enforced would have denied'),
  image: z.object({ digest: z.string(), repository: z.string().nullable() }),
  policy: z.object({ name: z.string(), revision: z.number().int(), digest: z.string() }),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  evaluatedAt: z.iso.datetime(),
  validUntil: z.iso
    .datetime()
    .nullable()
    .describe('First moment at which time alone could change the answer, exclusive; null where it cannot'),
  requirements: z.array(requirement),
  missing: z.array(missing).describe('The least that would turn a deny into an allow; empty on an allow'),
  waivers: z.array(z.string()).describe('The ids of those that requirements needed to be met'),
  breakGlass: z
    .object({ justification: z.string(), by: z.string() })
    .optional()
    .describe('Recorded as allowed in spite of what the policy says; see wouldDeny'),
  revisions: z.object({
    evidence: z.number().int(),
    related: z
      .record(z.string(), z.number().int())
      .optional()
      .describe('Of what is proved about other digests that the verdict depends on'),
    relations: z
      .number()
      .int()
      .optional()
      .describe('Of the indexes that concern the image, where the policy looks at them'),
    trust: z.number().int(),
    waivers: z.number().int(),
  }),
});

export const imageVerdictAnswer = verdictAnswer.extend({
  id: verdictAnswer.shape.id.nullable().describe('Under which it stands on record; null as of an earlier moment'),
});

export const recordedVerdictAnswer = verdictAnswer.extend({
  requestedBy: z.string(),
  context: z.record(z.string(), z.string()).nullable().describe('What the caller said about the occasion'),
});

export const verdictWithHistoryAnswer = recordedVerdictAnswer.extend({
  history: z.object({
    entry: z.string(),
    sequence: z.number().int().nullable().describe('null until the sequencer has placed the entry'),
    proof: z
      .string()
      .nullable()
      .describe(
        'That the entry is in the log (C2SP tlog-proof), with its leaf as the extra line; null until it is sealed',
      ),
  }),
});

/** A verdict as it stands on record, with who asked. */
export function toRecordedAnswer({ id, verdict, requestedBy, context }: RecordedVerdict): object {
  return { id, ...verdict, requestedBy, context };
}
