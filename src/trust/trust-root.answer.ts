import { z } from 'zod';
import { getRoot } from './trust-root-change.js';
import { documentOf } from './trust-root-document.js';
import type { TrustSnapshot } from './trust-snapshot.js';

const time = z.iso.datetime().describe('RFC 3339, UTC');

const authorityAnswer = z.object({
  id: z.string().describe('What it is, whichever root lists it'),
  type: z.enum(['ca', 'ctlog', 'tlog', 'tsa']),
  name: z.string(),
  validFrom: time.describe('First moment at which it is trusted'),
  validUntil: time.nullable().describe('Last moment at which it is trusted; null: no end'),
});

export const trustRootAnswer = z
  .object({
    name: z.string(),
    form: z.enum(['sigstore', 'x509']),
    builtIn: z.boolean().describe('Whether it is the one that comes with this release'),
    authorities: z.array(authorityAnswer),
    changedAt: time.nullable().describe('null where it was never changed'),
    trustRevision: z.number().int().describe('At which the root became what it is'),
  })
  .meta({ id: 'TrustRoot' });
export type TrustRootAnswer = z.infer<typeof trustRootAnswer>;

export const trustRootWithDocument = trustRootAnswer
  .extend({
    document: z
      .record(z.string(), z.unknown())
      .describe('In the form in which it was put, every window written out: PUT again, it changes nothing'),
  })
  .meta({ id: 'TrustRootWithDocument' });
export type TrustRootWithDocument = z.infer<typeof trustRootWithDocument>;

export const trustRootPage = z.object({ items: z.array(trustRootAnswer), nextCursor: z.string().nullable() });

/** The trust root as clients see it. Throws AppError `trust_root_not_found`. */
export function toTrustRootAnswer(trust: TrustSnapshot, name: string): TrustRootAnswer {
  const { held, builtIn, at, trustRevision } = getRoot(trust, name);
  return {
    name,
    form: held.root.form,
    builtIn,
    authorities: held.root.authorities.map((authority) => ({
      id: authority.id,
      type: authority.type,
      name: authority.name,
      validFrom: authority.validFrom,
      validUntil: authority.validUntil,
    })),
    changedAt: Number.isFinite(at) ? new Date(at).toISOString() : null,
    trustRevision,
  };
}

/** The trust root with what would make it again. Throws AppError `trust_root_not_found`. */
export function toTrustRootWithDocument(trust: TrustSnapshot, name: string): TrustRootWithDocument {
  return { ...toTrustRootAnswer(trust, name), document: { ...documentOf(getRoot(trust, name).held.root) } };
}
