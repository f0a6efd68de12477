import { z } from 'zod';
import { effectiveFrom, WAIVER_STATES, waiverStateAt } from './recorded-waiver.js';
import type { WaiverSeen } from './waiver.service.js';

const moment = z.iso.datetime();

export const waiverAnswer = z
  .object({
    id: z.string(),
    state: z.enum(WAIVER_STATES),
    idle: z
      .string()
      .nullable()
      .describe('Why it can waive nothing under the policy as that stands, say because the requirement is gone'),
    policy: z.string(),
    requirement: z.string(),
    vulnerability: z.string().nullable().describe('The one finding that it leaves out; null: the whole requirement'),
    scope: z.union([z.object({ digest: z.string() }), z.object({ repository: z.string() })]),
    parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    reason: z.string(),
    reference: z.string(),
    until: moment.describe('Exclusive'),
    createdAt: moment,
    createdBy: z.string(),
    approvals: z.number().int().describe('How many others must approve it before it holds'),
    approvedBy: z.array(z.object({ actor: z.string(), at: moment })),
    effectiveFrom: moment.nullable().describe('Since when it holds or held; null where approvals are missing'),
    revoked: z.object({ actor: z.string(), at: moment, reason: z.string() }).nullable(),
  })
  .meta({ id: 'Waiver' });
export type WaiverAnswer = z.infer<typeof waiverAnswer>;

export const waiverPage = z.object({ items: z.array(waiverAnswer), nextCursor: z.string().nullable() });

/** The waiver as clients see it. */
export function toWaiverAnswer({ waiver, now, idle }: WaiverSeen): WaiverAnswer {
  const { id, policy, requirement, vulnerability, scope, reason, reference, approvals, revocation } = waiver;
  return {
    id,
    state: waiverStateAt(waiver, now),
    idle,
    policy,
    requirement,
    vulnerability,
    scope: scope.type === 'digest' ? { digest: scope.digest } : { repository: scope.repository },
    parameters: { ...waiver.parameters },
    reason,
    reference,
    until: waiver.until.toISOString(),
    createdAt: waiver.at.toISOString(),
    createdBy: waiver.actor,
    approvals,
    approvedBy: waiver.approvedBy.map(({ actor, at }) => ({ actor, at: at.toISOString() })),
    effectiveFrom: effectiveFrom(waiver)?.toISOString() ?? null,
    revoked: revocation === null ? null : { ...revocation, at: revocation.at.toISOString() },
  };
}
