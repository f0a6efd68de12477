import { z } from 'zod';
import type { LegalHold } from './legal-hold.js';

const moment = z.iso.datetime();

export const holdAnswer = z
  .object({
    id: z.string(),
    scope: z.union([
      z.object({ digest: z.string() }),
      z.object({ repository: z.string() }),
      z.object({ attestation: z.string() }),
      z.object({ everything: z.literal(true) }),
    ]),
    reason: z.string(),
    reference: z.string().nullable(),
    placedAt: moment,
    placedBy: z.string(),
    released: z
      .object({ at: moment, actor: z.string(), reason: z.string() })
      .nullable()
      .describe('null while it is in force'),
  })
  .meta({ id: 'LegalHold' });
export type HoldAnswer = z.infer<typeof holdAnswer>;

export const holdPage = z.object({ items: z.array(holdAnswer), nextCursor: z.string().nullable() });

/** The hold as clients see it. */
export function toHoldAnswer(hold: LegalHold): HoldAnswer {
  const { id, reason, reference, at, actor, released } = hold;
  return {
    id,
    scope: scopeOf(hold),
    reason,
    reference,
    placedAt: at.toISOString(),
    placedBy: actor,
    released: released === null ? null : { ...released, at: released.at.toISOString() },
  };
}

function scopeOf({ scope, target }: LegalHold): HoldAnswer['scope'] {
  if (target === null) return { everything: true };
  switch (scope) {
    case 'image':
      return { digest: target };
    case 'repository':
      return { repository: target };
    case 'attestation':
      return { attestation: target };
    case 'everything':
      return { everything: true };
  }
}
