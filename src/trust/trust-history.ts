import type { HistoryEntry } from '../history/history-entry.js';
import { attestorDigest } from './canonical-attestor.js';
import { canonicalDigest } from './canonical-digest.js';
import type { TrustChange } from './trust-change.js';

/** The entry that tells of a change, at its trust revision. */
export function historyEntryOf(actor: string, change: TrustChange, trustRevision: number): HistoryEntry {
  const entry = { actor, image: null, attestation: null };
  switch (change.type) {
    case 'attestor': {
      const { name, previous, attestor } = change;
      if (attestor === null) return { ...entry, type: 'attestor.deleted', data: { attestor: name, trustRevision } };
      const data = { attestor: name, trustRevision, digest: attestorDigest(attestor) };
      return { ...entry, type: previous === null ? 'attestor.created' : 'attestor.changed', data };
    }
    case 'root': {
      const { name, previous, root } = change;
      if (root === null) return { ...entry, type: 'trust_root.deleted', data: { trustRoot: name, trustRevision } };
      const data = { trustRoot: name, trustRevision, digest: canonicalDigest(root.json) };
      return { ...entry, type: previous === null ? 'trust_root.created' : 'trust_root.changed', data };
    }
    case 'revocation':
      return { ...entry, type: 'key.revoked', data: { ...change.revocation, trustRevision } };
    case 'identity-revocation': {
      const { attestor, identityId, pattern, reason, effectiveFrom } = change.revocation;
      const data = { attestor, identityId, pattern, reason, effectiveFrom, trustRevision };
      return { ...entry, type: 'identity.revoked', data };
    }
    case 'statement': {
      const { act, attestation, reason, signedDigest, signers } = change.act;
      const data = { reason, signedDigest, signers, trustRevision };
      return { actor, image: change.image, attestation, type: `attestation.${act}`, data };
    }
  }
}
