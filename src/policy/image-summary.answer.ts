import { z } from 'zod';
import { EVIDENCE_STATUSES, type ImageSummary } from '../images/image-summary.store.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { KINDS } from '../intoto/predicate-kind.js';
import type { RecordedWaiver } from './recorded-waiver.js';
import type { RecordedAnswer } from './recorded-question.store.js';

const factAnswer = z.object({
  attestation: z.string(),
  kind: z.enum(KINDS),
  predicateType: z.string(),
  receivedAt: z.string(),
});

export const imageSummaryAnswer = z.object({
  digest: z.string(),
  at: z.iso.datetime().nullable().describe('The moment that was asked about; null: the present'),
  received: z.number().int().describe('Attestations received that name the image'),
  examined: z.number().int().describe('Attestations among them that have been examined'),
  pending: z.boolean().describe('Some are still to be examined'),
  revision: z.number().int().describe('Raised by every change of what is proved about the image'),
  evidence: z
    .array(z.object({ kind: z.enum(KINDS), status: z.enum(EVIDENCE_STATUSES), count: z.number().int() }))
    .describe('How many attestations there are of each kind, by what was found last'),
  facts: z.array(factAnswer).describe('What signatures by known keys prove; whether it counts is for a verdict to say'),
  claimedNames: z
    .array(z.string())
    .describe('Under which evidence speaks of it, whether or not it was verified; the first hundred'),
  repositories: z.array(z.string()).describe('For which verdicts were asked'),
  verdicts: z
    .array(
      z.object({
        verdict: z.string().describe('Its id'),
        at: z.iso.datetime(),
        policy: z.string(),
        repository: z.string().nullable(),
        parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
        decision: z.enum(['allow', 'deny']),
      }),
    )
    .describe('The last answer on record to each question, of the first thousand; nothing is evaluated for this'),
  indexes: z.array(z.string()).describe('Indexes on record that list it'),
  manifests: z.array(z.string()).describe('What it lists, where it is an index on record'),
  waivers: z
    .array(
      z.object({
        waiver: z.string().describe('Its id'),
        policy: z.string(),
        requirement: z.string(),
        vulnerability: z.string().nullable(),
        scope: z.union([z.object({ digest: z.string() }), z.object({ repository: z.string() })]),
        until: z.iso.datetime(),
      }),
    )
    .describe('Those that hold for the image, or for one of the repositories'),
});
export type ImageSummaryAnswer = z.infer<typeof imageSummaryAnswer>;

/** All that is known about one image at one moment, or at present. */
export interface ImageKnown {
  readonly at: Date | null;
  readonly received: number;
  readonly examined: number;
  readonly revision: number;
  /** In the form in which an image's row holds them. */
  readonly facts: readonly unknown[];
  readonly summary: ImageSummary;
  readonly verdicts: readonly RecordedAnswer[];
  readonly waivers: readonly RecordedWaiver[];
}

/** It as clients see it. */
export function toSummaryAnswer(digest: Sha256Digest, known: ImageKnown): ImageSummaryAnswer {
  const { at, received, examined, revision, facts, summary, verdicts, waivers } = known;
  return {
    digest,
    at: at?.toISOString() ?? null,
    received,
    examined,
    pending: received > examined,
    revision,
    evidence: summary.evidence.map((count) => ({ ...count })),
    facts: facts.map((fact) => factAnswer.parse(fact)),
    claimedNames: [...summary.claimedNames],
    repositories: [...new Set(verdicts.flatMap(({ repository }) => repository ?? []))].sort(),
    verdicts: verdicts.map(({ id, at: given, policy, repository, parameters, decision }) => ({
      verdict: id,
      at: given.toISOString(),
      policy,
      repository,
      parameters: { ...parameters },
      decision,
    })),
    indexes: [...summary.indexes],
    manifests: [...summary.manifests],
    waivers: waivers.map(({ id, policy, requirement, vulnerability, scope, until }) => ({
      waiver: id,
      policy,
      requirement,
      vulnerability,
      scope: scope.type === 'digest' ? { digest: scope.digest } : { repository: scope.repository },
      until: until.toISOString(),
    })),
  };
}
