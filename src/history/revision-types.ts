import type { HistoryType } from './history-entry.js';

/** The entries that each tell of one trust revision: `data.trustRevision`. */
export const TRUST_TYPES = [
  'attestor.created',
  'attestor.changed',
  'attestor.deleted',
  'key.revoked',
  'identity.revoked',
  'trust_root.created',
  'trust_root.changed',
  'trust_root.deleted',
  'attestation.revoked',
  'attestation.retracted',
] as const satisfies readonly HistoryType[];

/** The entries that each tell of one waiver revision: `data.waiverRevision`. */
export const WAIVER_TYPES = [
  'waiver.created',
  'waiver.approved',
  'waiver.revoked',
] as const satisfies readonly HistoryType[];
