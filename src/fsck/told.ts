import type { HistoryType } from '../history/history-entry.js';
import { entryNumber } from './entry-number.js';
import { BY_INDEX } from './walk.js';

/** By type of entry, the condition on `e` under which what it tells of is on record as it tells it. */
const TOLD: Readonly<Record<HistoryType, string>> = {
  'attestation.received': onRecord(`attestations a where a.id = e.attestation and a.received_by = e.actor
    and e.data = jsonb_build_object('format', a.format, 'predicateType', a.predicate_type, 'size', a.size)`),
  'attestation.verified': verification('verified'),
  'attestation.rejected': verification('rejected'),
  'attestation.error': verification('error'),
  'envelope.dropped': `exists (select from dropped_envelopes d join attestations a on a.id = d.attestation
    where d.attestation = e.attestation and d.actor = e.actor and e.data - 'record' = jsonb_build_object('rule', d.rule, 'kind', a.kind,
      'predicateType', a.predicate_type, 'size', a.size, 'digest', a.id))`,
  'hold.placed': `exists (select from legal_holds h where h.id = ${uuidOf(`e.data->>'hold'`)} and h.actor = e.actor
    and e.data = jsonb_build_object('hold', h.id, 'scope', h.scope, 'target', h.target, 'reason', h.reason,
      'reference', h.reference)
    and e.image is not distinct from case h.scope when 'image' then h.target end
    and e.attestation is not distinct from case h.scope when 'attestation' then h.target end)`,
  'hold.released': `exists (select from legal_hold_releases r join legal_holds h on h.id = r.hold
    where r.hold = ${uuidOf(`e.data->>'hold'`)} and r.actor = e.actor
    and e.data = jsonb_build_object('hold', r.hold, 'reason', r.reason)
    and e.image is not distinct from case h.scope when 'image' then h.target end
    and e.attestation is not distinct from case h.scope when 'attestation' then h.target end)`,
  'attestor.created': attestorState('is not null'),
  'attestor.changed': attestorState('is not null'),
  'attestor.deleted': attestorState('is null'),
  'key.revoked': onRecord(`key_revocations k where k.trust_revision = ${entryNumber('trustRevision')}
    and k.thumbprint = e.data->>'thumbprint' and k.attestor = e.data->>'attestor' and k.key_id = e.data->>'keyId'
    and k.reason = e.data->>'reason' and ${effectiveFrom('k')} and k.actor = e.actor`),
  'identity.revoked': onRecord(`identity_revocations k where k.trust_revision = ${entryNumber('trustRevision')}
    and k.attestor = e.data->>'attestor' and k.identity_id = e.data->>'identityId' and k.pattern = e.data->'pattern'
    and k.reason = e.data->>'reason' and ${effectiveFrom('k')} and k.actor = e.actor`),
  'trust_root.created': rootState('is not null'),
  'trust_root.changed': rootState('is not null'),
  'trust_root.deleted': rootState('is null'),
  'attestation.revoked': statementAct('revoked'),
  'attestation.retracted': statementAct('retracted'),
  'image.related': onRecord(`image_indexes x where x.digest = e.image and x.received_by = e.actor
    and e.data - 'at' = jsonb_build_object('size', octet_length(x.bytes), 'manifests',
      (select count(*) from image_manifests m where m.index_digest = x.digest))`),
  'policy.changed': onRecord(`policy_revisions p where p.name = e.data->>'policy'
    and p.revision = ${entryNumber('revision')} and p.digest = e.data->>'digest' and p.actor = e.actor`),
  'verdict.recorded': onRecord(`verdicts v where v.id = ${uuidOf(`e.data->>'verdict'`)} and v.image = e.image
    and v.policy = e.data->>'policy' and v.policy_revision::text = e.data->>'revision'
    and v.decision = e.data->>'decision' and v.requested_by = e.actor and not v.break_glass
    and v.verdict->'breakGlass' is null`),
  'verdict.break_glass': onRecord(`verdicts v where v.id = ${uuidOf(`e.data->>'verdict'`)} and v.image = e.image
    and v.policy = e.data->>'policy' and v.policy_revision::text = e.data->>'revision'
    and v.decision = e.data->>'decision' and v.requested_by = e.actor and v.break_glass
    and v.verdict->>'wouldDeny' = e.data->>'wouldDeny'
    and v.verdict->'breakGlass'->>'justification' = e.data->>'justification'`),
  'waiver.created':
    onRecord(`waivers w where w.id = ${uuidOf(`e.data->>'waiver'`)} and w.digest is not distinct from e.image
    and w.revision::text = e.data->>'waiverRevision' and w.policy = e.data->>'policy'
    and w.requirement = e.data->>'requirement' and w.actor = e.actor`),
  'waiver.approved': onRecord(`waiver_approvals a join waivers w on w.id = a.waiver
    where a.revision = ${entryNumber('waiverRevision')} and a.waiver::text = e.data->>'waiver'
    and w.digest is not distinct from e.image and w.policy = e.data->>'policy' and a.actor = e.actor
    and a.approver = coalesce(e.data->>'approver', a.approver)`),
  'waiver.revoked': onRecord(`waiver_revocations r join waivers w on w.id = r.waiver
    where r.revision = ${entryNumber('waiverRevision')} and r.waiver::text = e.data->>'waiver'
    and w.digest is not distinct from e.image and w.policy = e.data->>'policy' and r.reason = e.data->>'reason'
    and r.actor = e.actor`),
  'token.created': onRecord(`tokens t where t.id = e.data->>'token' and t.name = e.data->>'name'
    and to_jsonb(t.roles) = e.data->'roles' and t.created_by = e.actor
    and ${ifTold('hash', `to_jsonb('sha256:' || encode(sha256(convert_to(t.hash, 'UTF8')), 'hex'))`)}
    and ${ifTold('policies', `to_jsonb(t.policies)`)} and ${ifTold('parameters', 't.parameters')}
    and ${ifTold('expiresAt', `to_jsonb(to_char(t.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`)}
    and (not e.data ? 'expiresAt' or t.expires_at is not distinct from date_trunc('milliseconds', t.expires_at))`),
  'token.revoked': onRecord(`token_revocations r join tokens t on t.id = r.token
    where r.token = e.data->>'token' and t.name = e.data->>'name' and r.actor = e.actor`),
};

/** The condition on an entry `e` of any type; false for a type that is none. */
export const IS_TOLD_AS_IT_IS = `case e.type ${Object.entries(TOLD)
  .map(([type, condition]) => `when '${type}' then ${condition}`)
  .join('\n')} else false end`;

/** Of an entry `e` that is not told as it is, what differs, where its type lets that be said; otherwise null. */
export const WHY_NOT = `case
  when e.type in ('verdict.recorded', 'verdict.break_glass') then (
    select case when count(*) = 0 then 'the verdict was deleted: verdicts has none of this id'
      when min(v.decision) is distinct from e.data->>'decision'
      then 'it tells of ' || coalesce(e.data->>'decision', 'nothing') || ', and verdicts says ' || min(v.decision) end
    from verdicts v where v.id = ${uuidOf(`e.data->>'verdict'`)})
  when e.type = 'attestation.received' then (
    select case when count(*) = 0 then 'the attestation was deleted: attestations has none of this id' end
    from attestations a where a.id = e.attestation)
  when e.type in ('attestation.verified', 'attestation.rejected', 'attestation.error') then (
    select case when count(*) = 0 then 'verifications has none of it at trust revision ' || coalesce(e.data->>'trustRevision', 'null')
      else 'verifications says ' || string_agg(v.outcome || coalesce(' (' || v.code || ')', ''), ', ' order by v.id) end
    from verifications v where v.attestation = e.attestation and v.trust_revision::text = e.data->>'trustRevision')
  end`;

/** Looked up for each entry: otherwise all there is would be read and hashed for a page of them. */
function onRecord(rows: string): string {
  return `exists (select from ${rows} ${BY_INDEX})`;
}

function verification(outcome: string): string {
  return onRecord(`verifications v where v.attestation = e.attestation and v.outcome = '${outcome}'
    and v.trust_revision::text = e.data->>'trustRevision' and v.code is not distinct from e.data->>'code'`);
}

function attestorState(being: string): string {
  return onRecord(`attestor_states s where s.name = e.data->>'attestor' and s.attestor ${being}
    and s.trust_revision = ${entryNumber('trustRevision')} and s.actor = e.actor`);
}

function rootState(being: string): string {
  return onRecord(`trust_root_states s where s.name = e.data->>'trustRoot' and s.root ${being}
    and s.trust_revision = ${entryNumber('trustRevision')} and s.actor = e.actor`);
}

/** As text, which a text that is no time can be compared with. */
function effectiveFrom(row: string): string {
  return `to_char(${row}.effective_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    is not distinct from replace(e.data->>'effectiveFrom', 'Z', '000Z')`;
}

function statementAct(act: string): string {
  return onRecord(`statement_acts s where s.act = '${act}' and s.attestation = e.attestation
    and s.signed_digest = e.data->>'signedDigest' and s.reason = e.data->>'reason'
    and ${ifTold('signers', 'to_jsonb(s.signers)')}
    and s.trust_revision = ${entryNumber('trustRevision')} and s.actor = e.actor`);
}

/** That a member of the data is this of the row, as JSON; entries of earlier releases do not have it. */
function ifTold(member: string, json: string): string {
  return `(not e.data ? '${member}' or e.data->'${member}' = coalesce(${json}, 'null'))`;
}

/** A text that is no uuid must be a violation, not an error. */
function uuidOf(text: string): string {
  return `case when ${text} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (${text})::uuid end`;
}
