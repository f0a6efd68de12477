import type { HistoryType } from '../history/history-entry.js';
import { canonicalJson } from '../intoto/canonical-json.js';
import type { Thing } from './archive-line.js';
import {
  documentDigest,
  policyRowDigest,
  timeOf,
  verificationRowDigest,
  waiverRowDigest,
  type Row,
} from './row-digest.js';
import type { LeafEntry } from './told-entry.js';

/** What an entry tells of the one record of an archive that it is about. */
export interface Telling {
  readonly record: Thing['record'];
  /** Of the row, where there are several of that kind. */
  readonly table: string | null;
  /** By which of what the entry tells the record is another; none where it is the same. */
  readonly others: (thing: Thing, entry: LeafEntry) => readonly string[];
}

/** What is on record beside what the entry tells of it, by what it is. */
type Told = Readonly<Record<string, readonly [found: unknown, told: unknown]>>;
type ToldOf = (row: Row, entry: LeafEntry) => Told;

function telling(record: Thing['record'], told: ToldOf, table: string | null = null): Telling {
  return {
    record,
    table,
    others: ({ row }, entry) =>
      Object.entries(told(row, entry))
        .filter(([, [found, said]]) => (found ?? null) !== (said ?? null))
        .map(([name]) => name),
  };
}

const verified = telling('verification', (row, { type, at, attestation, data }) => ({
  attestation: [row.attestation, attestation],
  outcome: [`attestation.${String(row.outcome)}`, type],
  code: [row.code, data.code],
  'trust revision': [row.trust_revision, data.trustRevision],
  time: [timeOf(row.at), at],
  // Entries of earlier releases tell no digest.
  digest: 'digest' in data ? [verificationRowDigest(row), data.digest] : [null, null],
}));

function stateOf(table: string, name: 'attestor' | 'trustRoot', document: (row: Row) => unknown): Telling {
  return trust(table, (row, { data }) => ({
    name: [row.name, data[name]],
    digest: [documentDigest(document(row)), data.digest],
  }));
}

function trust(table: string, told: ToldOf): Telling {
  const all: ToldOf = (row, entry) => ({
    ...told(row, entry),
    actor: [row.actor, entry.actor],
    'trust revision': [row.trust_revision, entry.data.trustRevision],
  });
  return telling('trust', all, table);
}

function waiver(table: string, told: ToldOf): Telling {
  const all: ToldOf = (row, entry) => ({
    ...told(row, entry),
    actor: [row.actor, entry.actor],
    'waiver revision': [row.revision, entry.data.waiverRevision],
  });
  return telling('waiver', all, table);
}

function hold(table: string, told: ToldOf): Telling {
  const all: ToldOf = (row, entry) => ({
    ...told(row, entry),
    reason: [row.reason, entry.data.reason],
    actor: [row.actor, entry.actor],
    time: [timeOf(row.at), entry.at],
  });
  return telling('hold', all, table);
}

const attestorState = stateOf('attestor_states', 'attestor', (row) => row.attestor);
const rootState = stateOf('trust_root_states', 'trustRoot', ({ root }) =>
  typeof root === 'object' && root !== null && 'json' in root ? root.json : root,
);
const statementAct = trust('statement_acts', (row, { type, attestation, data }) => ({
  act: [`attestation.${String(row.act)}`, type],
  attestation: [row.attestation, attestation],
  'signed digest': [row.signed_digest, data.signedDigest],
  reason: [row.reason, data.reason],
  // Entries of earlier releases do not say whom the act binds.
  signers: 'signers' in data ? [canonicalJson(row.signers ?? null), canonicalJson(data.signers)] : [null, null],
}));

/** When a revocation takes effect; none: ever. */
const effect: ToldOf = (row, { data }) => ({
  effect: [row.effective_from === null ? null : timeOf(row.effective_from), timeOf(data.effectiveFrom)],
  reason: [row.reason, data.reason],
  attestor: [row.attestor, data.attestor],
});

const verdict = telling('verdict', (row, { image, data }) => ({
  image: [row.image, image],
  policy: [row.policy, data.policy],
  revision: [row.policy_revision, data.revision],
  decision: [row.decision, data.decision],
}));

/** By the type of an entry; null where it is all that an archive has. */
const TELLINGS: Readonly<Record<HistoryType, Telling | null>> = {
  'attestation.received': telling('attestation', (row, { actor, at, attestation, data }) => ({
    id: [row.id, attestation],
    receiver: [row.received_by, actor],
    time: [timeOf(row.received_at), at],
    format: [row.format, data.format],
    'predicate type': [row.predicate_type, data.predicateType],
    size: [row.size, data.size],
  })),
  'attestation.verified': verified,
  'attestation.rejected': verified,
  'attestation.error': verified,
  'envelope.dropped': telling('dropped', (row, { actor, at, attestation, data }) => ({
    attestation: [row.attestation, attestation],
    rule: [row.rule, data.rule],
    actor: [row.actor, actor],
    time: [timeOf(row.at), at],
  })),
  'hold.placed': hold('legal_holds', (row, { data }) => ({
    hold: [row.id, data.hold],
    scope: [row.scope, data.scope],
    target: [row.target, data.target],
    reference: [row.reference, data.reference],
  })),
  'hold.released': hold('legal_hold_releases', (row, { data }) => ({ hold: [row.hold, data.hold] })),
  'attestor.created': attestorState,
  'attestor.changed': attestorState,
  'attestor.deleted': attestorState,
  'key.revoked': trust('key_revocations', (row, entry) => ({
    key: [row.key_id, entry.data.keyId],
    thumbprint: [row.thumbprint, entry.data.thumbprint],
    ...effect(row, entry),
  })),
  'identity.revoked': trust('identity_revocations', (row, entry) => ({
    identity: [row.identity_id, entry.data.identityId],
    pattern: [documentDigest(row.pattern), documentDigest(entry.data.pattern)],
    ...effect(row, entry),
  })),
  'trust_root.created': rootState,
  'trust_root.changed': rootState,
  'trust_root.deleted': rootState,
  'attestation.revoked': statementAct,
  'attestation.retracted': statementAct,
  'image.related': telling('index', (row, { actor, at, image, data }) => ({
    digest: [row.digest, image],
    receiver: [row.received_by, actor],
    // Entries of earlier releases have no time of their own for it.
    time: [timeOf(row.received_at), 'at' in data ? data.at : at],
  })),
  'policy.changed': telling('policy', (row, { actor, at, data }) => ({
    name: [row.name, data.policy],
    revision: [row.revision, data.revision],
    digest: [policyRowDigest(row), data.digest],
    actor: [row.actor, actor],
    time: [timeOf(row.at), at],
  })),
  'verdict.recorded': verdict,
  'verdict.break_glass': verdict,
  'waiver.created': waiver('waivers', (row, { data }) => ({
    id: [row.id, data.waiver],
    policy: [row.policy, data.policy],
    requirement: [row.requirement, data.requirement],
    // Entries of earlier releases tell no digest.
    digest: 'digest' in data ? [waiverRowDigest(row), data.digest] : [null, null],
  })),
  'waiver.approved': waiver('waiver_approvals', (row, { data }) => ({
    waiver: [row.waiver, data.waiver],
    approver: 'approver' in data ? [row.approver, data.approver] : [null, null],
    time: 'at' in data ? [timeOf(row.at), data.at] : [null, null],
  })),
  'waiver.revoked': waiver('waiver_revocations', (row, { data }) => ({
    waiver: [row.waiver, data.waiver],
    reason: [row.reason, data.reason],
    time: 'at' in data ? [timeOf(row.at), data.at] : [null, null],
  })),
  'token.created': null,
  'token.revoked': null,
};

const BY_TYPE: ReadonlyMap<string, Telling | null> = new Map(Object.entries(TELLINGS));

/** What entries of a type tell; undefined where the type is not known here. */
export function tellingOf(type: string): Telling | null | undefined {
  return BY_TYPE.get(type);
}
