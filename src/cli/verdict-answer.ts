import { z } from 'zod';

/** What the command reads of a verdict as the service answers it; what else is there is left alone. */
export const verdictAnswer = z.object({
  id: z.string().nullish(),
  decision: z.enum(['allow', 'deny']),
  pending: z.boolean(),
  mode: z.string().nullish(),
  wouldDeny: z.boolean().nullish(),
  image: z.object({ digest: z.string(), repository: z.string().nullish() }),
  policy: z.object({ name: z.string(), revision: z.number() }),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  evaluatedAt: z.string(),
  validUntil: z.string().nullish(),
  requirements: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      code: z.string(),
      message: z.string(),
      evidence: z.array(z.string()).nullish(),
      considered: z.array(z.object({ attestation: z.string(), code: z.string(), message: z.string() })).nullish(),
      missing: z.string().nullish(),
      removed: z
        .array(
          z.object({
            vulnerability: z.string(),
            package: z.string().nullish(),
            status: z.string(),
            attestation: z.string(),
            attestor: z.string(),
          }),
        )
        .nullish(),
      removedCount: z.number().nullish(),
      ignored: z
        .array(
          z.object({
            vulnerability: z.string(),
            package: z.string().nullish(),
            until: z.string(),
            reason: z.string(),
          }),
        )
        .nullish(),
      ignoredCount: z.number().nullish(),
    }),
  ),
  missing: z.array(z.object({ requirement: z.string(), count: z.number(), text: z.string() })).nullish(),
  waivers: z.array(z.unknown()).nullish(),
});
export type VerdictAnswer = z.infer<typeof verdictAnswer>;

/** What `POST /v1/verdicts` answers where one image was asked about. */
export const recordedVerdicts = z.object({ items: z.tuple([z.unknown()]) });
