import { z } from 'zod';
import { ROLES } from '../platform/roles.js';
import type { TokenRow } from './token.store.js';

const moment = z.iso.datetime();
const parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const tokenFields = {
  id: z.string(),
  name: z.string(),
  roles: z.array(z.enum(ROLES)),
  policies: z.array(z.string()).nullable().describe('The only policies it may ask for; null: any'),
  parameters: parameters.nullable().describe('The parameters it always asks with'),
  expiresAt: moment.nullable(),
};

export const newTokenAnswer = z.object({
  ...tokenFields,
  token: z.string().describe('The secret itself; answered this once and kept nowhere'),
});
export type NewTokenAnswer = z.infer<typeof newTokenAnswer>;

export const tokenAnswer = z.object({
  ...tokenFields,
  createdAt: moment,
  createdBy: z.string(),
  revokedAt: moment.nullable(),
  revokedBy: z.string().nullable(),
});
export type TokenAnswer = z.infer<typeof tokenAnswer>;

export const tokenPage = z.object({ items: z.array(tokenAnswer), nextCursor: z.string().nullable() });

/** The token as clients see it. */
export function toAnswer(row: TokenRow): TokenAnswer {
  return {
    id: row.id,
    name: row.name,
    roles: [...row.roles],
    policies: row.policies === null ? null : [...row.policies],
    parameters: row.parameters,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdBy,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    revokedBy: row.revokedBy,
  };
}
