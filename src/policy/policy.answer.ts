import { z } from 'zod';
import type { PolicyRevision, PolicyRevisionSummary } from './policy.store.js';

export const policySummaryAnswer = z.object({
  name: z.string(),
  revision: z.number().int().min(1),
  digest: z.string().describe('sha256 of what the document says, whatever its format and layout'),
  at: z.iso.datetime(),
  actor: z.string(),
});
export type PolicySummaryAnswer = z.infer<typeof policySummaryAnswer>;

export const policyAnswer = policySummaryAnswer.extend({
  document: z.record(z.string(), z.unknown()).describe('The policy as JSON'),
});
export type PolicyAnswer = z.infer<typeof policyAnswer>;

export const policyPutAnswer = policySummaryAnswer.extend({
  warnings: z.array(z.string()).readonly().describe('What is accepted and yet may not be what the author means'),
});
export type PolicyPutAnswer = z.infer<typeof policyPutAnswer>;

export const policyCheckAnswer = z.object({
  policy: z.string(),
  digest: z.string(),
  warnings: z.array(z.string()).readonly(),
});
export type PolicyCheckAnswer = z.infer<typeof policyCheckAnswer>;

export function toPolicySummary(revision: PolicyRevision | PolicyRevisionSummary): PolicySummaryAnswer {
  const { name, revision: number, digest, at, actor } = revision;
  return { name, revision: number, digest, at: at.toISOString(), actor };
}
