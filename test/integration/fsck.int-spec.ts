import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkInvariants } from '../../src/fsck/check-invariants.js';
import { sha256, type SubjectDigest } from '../../src/intoto/digest.js';
import { parseImageIndex } from '../../src/intoto/image-index.js';
import { hashToken } from '../../src/access/token.js';
import { actOnStatement } from '../../src/trust/statement-standing.js';
import { deleteAttestor, revokeIdentity, revokeKey } from '../../src/trust/trust-change.js';
import { keySignerId, type SignerId } from '../../src/trust/signer.js';
import { keysEverHeld } from '../../src/trust/trust-snapshot.js';
import { deleteRoot, putRoot } from '../../src/trust/trust-root-change.js';
import { BUILT_IN_ROOT, rootWith } from '../../src/trust/trust.fixture.js';
import { Faults } from '../support/faults.js';
import { readingOf, violatedIn, violatedInvariants } from '../support/invariants.js';
import { approval, PREDICATE_TYPES, testResult, trivyScan } from '../support/predicates.js';
import { openHouse, type House, type Rooms } from '../support/rooms.js';
import { openOwner, retain } from '../support/retention.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ACTOR = 'token:test#1';
const POLICY = `policy: release
requirements:
  - {id: tested, kind: test, from: [qa], where: {suites: [integration]}}
`;

let database: TestDatabase;
let house: House;
let owner: pg.Client;

/** A little of everything that is ever stored. */
async function live(rooms: Rooms): Promise<void> {
  const [qa, lead, stranger] = [makeKey(), makeKey('Ed25519'), makeKey()];
  await rooms.putAttestor('qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
  await rooms.putAttestor('leads', { kinds: ['approval'], keys: [{ id: 'k1', publicKey: lead.publicKey }] });
  await rooms.putAttestor('gone', { kinds: ['scan'], keys: [] });
  const image = `sha256:${randomBytes(32).toString('hex')}`;
  const tested = envelopeOf(statementAbout(image, PREDICATE_TYPES.testResult, testResult('PASSED')), [qa]);
  const approved = statementAbout(image, PREDICATE_TYPES.approval, approval('ann', new Date()));
  const ids = await Promise.all([
    rooms.post(tested),
    rooms.post(Buffer.concat([tested, Buffer.from('\n')])),
    rooms.post(envelopeOf(approved, [lead, qa])),
    rooms.post(envelopeOf(approved, [stranger])),
    rooms.post(envelopeOf('not a statement', [qa], 'text/plain')),
  ]);
  await rooms.work({ ids });
  const late = await rooms.post(envelopeOf(approved, [lead]));
  await rooms.verification.giveUp(late, new Error('no reason'));
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [descriptorOf(image)] }));
  await rooms.indexes.insert({ digest: sha256(index), bytes: index, index: parseImageIndex(index), actor: ACTOR });
  await rooms.policies.put({ name: 'release', source: { text: POLICY, format: 'yaml' }, actor: ACTOR, expected: null });
  const asked = { digest: image as never, repository: null, policy: 'release', parameters: {} };
  await rooms.verdicts.answer(asked, await rooms.images.readState(image as SubjectDigest), ACTOR);
  await rooms.verdicts.decide(asked, ACTOR, null);
  await rooms.verdicts.override(asked, ACTOR, null, { justification: 'the site is down', by: ACTOR });
  const waived = {
    policy: 'release',
    requirement: 'tested',
    scope: { digest: image },
    reason: 'for a while',
    reference: 'SEC-12',
    until: new Date(Date.now() + 3_600_000).toISOString(),
    approvals: 1,
  };
  const { waiver } = await rooms.waivers.create(waived, { id: '1', actor: ACTOR });
  await rooms.waivers.approve(waiver.id, { id: '2', actor: 'token:other#2' });
  await rooms.verdicts.answer(asked, await rooms.images.readState(image as SubjectDigest), ACTOR);
  await rooms.waivers.revoke(waiver.id, 'fixed', { actor: ACTOR });
  const now = { reason: 'superseded', effectiveFrom: null } as const;
  await rooms.trust.change(ACTOR, (trust, at) => revokeKey(trust, 'leads', 'k1', now, at));
  await rooms.trust.change(ACTOR, (trust) => deleteAttestor(trust, 'gone'));
  const identity = { id: 'release', issuer: 'https://issuer.example', subject: 'build@example.com' };
  await rooms.putAttestor('ci', { kinds: ['build'], keys: [], identities: [identity] });
  await rooms.trust.change(ACTOR, (trust, at) => revokeIdentity(trust, 'ci', 'release', now, at));
  await rooms.trust.change(ACTOR, (trust) => putRoot(trust, 'own', BUILT_IN_ROOT));
  await rooms.trust.change(ACTOR, (trust) => putRoot(trust, 'own', rootWith()));
  await rooms.trust.change(ACTOR, (trust) => deleteRoot(trust, 'own'));
  const wrong = { signedDigest: sha256(tested), attestation: ids[0] };
  const by = (signers: readonly SignerId[] | null) => ({ ...wrong, signers });
  const { thumbprint } = keysEverHeld(await rooms.trust.snapshot(), 'qa')[0]!;
  const signed = by([keySignerId(thumbprint)]);
  await rooms.trust.change(ACTOR, (trust) => actOnStatement(trust, signed, 'revoked', 'it was wrong'));
  await rooms.trust.change(ACTOR, (trust) => actOnStatement(trust, by(null), 'retracted', 'it was wrong'));
  const token = { name: 'ci', roles: ['attester'], policies: null, parameters: null, expiresAt: null } as const;
  await rooms.tokens.create({ ...token, id: '0011223344556677', hash: hashToken('a') }, ACTOR);
  const pinned = {
    policies: ['release'],
    parameters: { team: 'a', level: 1 },
    expiresAt: new Date(Date.now() + 3_600_000),
  };
  await rooms.tokens.create({ ...token, ...pinned, id: '8899aabbccddeeff', hash: hashToken('b') }, ACTOR);
  await rooms.tokens.revoke('8899aabbccddeeff', ACTOR);
  await rooms.sequence();
  await rooms.policies.put({
    name: 'release',
    source: { text: POLICY.replace('tested,', 'again,'), format: 'yaml' },
    actor: ACTOR,
    expected: 1,
  });
  const scanner = makeKey();
  await rooms.putAttestor('scanner', { kinds: ['scan'], keys: [{ id: 'k1', publicKey: scanner.publicKey }] });
  const scanned = statementAbout(image, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), ['LOW']));
  await rooms.work({ ids: [await rooms.post(envelopeOf(scanned, [scanner]))] });
  await rooms.verdicts.decide(asked, ACTOR, { environment: 'production' });
  await retire(rooms, image, scanner);
}

/** Holds of every scope, and an envelope that is dropped between them. */
async function retire(rooms: Rooms, image: string, scanner: TestKey): Promise<void> {
  const other = `sha256:${randomBytes(32).toString('hex')}`;
  const scanned = statementAbout(other, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), ['LOW']));
  const dropped = await rooms.post(envelopeOf(scanned, [scanner]));
  await rooms.work({ ids: [dropped] });
  const words = { reason: 'a suit', reference: null };
  const everything = await rooms.holds.place({ scope: 'everything', target: null, ...words }, ACTOR);
  expect((await retain(owner, { rules: ['scan:1d'] })).dropped).toEqual([]);
  await rooms.holds.release(everything.id, 'it was settled', ACTOR);
  await rooms.holds.place({ scope: 'image', target: image, ...words }, ACTOR);
  await rooms.holds.place({ scope: 'repository', target: 'registry.example/app', ...words, reference: 'S-1' }, ACTOR);
  expect((await retain(owner, { rules: ['scan:1d'] })).dropped).toEqual([dropped]);
  const kept = await rooms.images.readState(image as SubjectDigest);
  expect(kept.dropped).toBe(0);
  await rooms.holds.place({ scope: 'image', target: other, ...words }, ACTOR);
}

function descriptorOf(digest: string): object {
  return { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 500 };
}

beforeAll(async () => {
  database = await createTestDatabase();
  house = await openHouse(database.url, new Faults());
  owner = await openOwner(database.ownerUrl);
  await live(house.enter());
});

afterAll(async () => {
  await owner.end();
  await house.close();
  await database.drop();
});

const A_FACT = '(select min(id) from facts)';
const A_TESTED = `(select min(attestation) from facts where kind = 'test')`;
const A_VERIFIED = `(select min(id) from verifications where outcome = 'verified')`;
const A_DROPPED = '(select min(attestation) from dropped_envelopes)';
const A_DROPPED_IMAGE = `(select min(subject) from attestation_subjects where attestation = ${A_DROPPED})`;
const AN_ENTRY = '(select min(id) from history_entries)';

/** As an earlier release wrote the entries of acts. */
const UNTOLD_ACTS = `update history_entries set data = data - 'signers' where type in ('attestation.revoked', 'attestation.retracted')`;

/** By invariant, statements of an owner who breaks it. */
const BREAKING: Readonly<Record<string, readonly string[]>> = {
  'every attestation has its envelope, which hashes to its id': [
    `delete from envelopes where attestation = ${A_TESTED}`,
    `delete from dropped_envelopes`,
    `update envelopes set bytes = bytes || ' '::bytea where attestation = ${A_TESTED}`,
  ],
  'an attestation is filed under what its envelope claims': [
    `update attestations set kind = 'scan' where id = ${A_TESTED}`,
    `update attestations set payload_type = 'text/html' where payload_type = 'text/plain'`,
    `update attestation_subjects set name = 'other' where attestation = ${A_TESTED}`,
    `delete from attestation_subjects where attestation = ${A_TESTED}`,
    `insert into attestation_subjects values (${A_TESTED}, 1, 'sha256:${'a'.repeat(64)}', null)`,
    `update envelopes set bytes = 'no envelope' where attestation = ${A_TESTED}`,
  ],
  'an attestation was found out about once at a trust and reader revision': [
    `insert into verifications (attestation, trust_revision, reader_revision, outcome, signers, proved, gains, signed_digest)
     select attestation, trust_revision, reader_revision, outcome, signers, proved, gains, signed_digest from verifications
     where id = ${A_VERIFIED}`,
  ],
  'verified is what somebody signed who could count': [
    `update verifications set outcome = 'verified', code = null where code = 'untrusted_signer'`,
    `update verifications set code = 'signature_invalid' where id = ${A_VERIFIED}`,
  ],
  'the facts of an envelope are what its predicate gives when it is read again': [
    `update facts set content = jsonb_set(content, '{result}', '"failed"') where kind = 'test'`,
    `update facts set own_time = now() where kind = 'approval'`,
    `update facts set predicate_type = 'x' where id = ${A_FACT}`,
    `update facts set size = 1 where id = ${A_FACT}`,
    `update facts set kind = 'scan' where kind = 'test'`,
    `delete from facts where kind = 'approval'`,
    `update verifications set signed_digest = 'sha256:${'a'.repeat(64)}' where id = ${A_VERIFIED}`,
  ],
  'the signers of a fact are those that a verification matched': [
    `delete from fact_signers where fact = ${A_FACT}`,
    `update fact_signers set signer = signer || '2' where fact = ${A_FACT}`,
    `update fact_signers set received_at = received_at - interval '1 day' where fact = ${A_FACT}`,
    `update verifications set proved = '[]' where outcome = 'verified'`,
    `update fact_signers set proof = '{"type": "key", "thumbprint": "x", "scheme": "EdDSA", "times": []}' where fact = ${A_FACT}`,
    `update fact_signers set proven_at = now() where fact = ${A_FACT}`,
    `update fact_signers set identity = 'somebody else' where fact = ${A_FACT}`,
  ],
  'every signer that was proved is proved again by the keys and roots on record': [
    `update attestor_states set attestor = null`,
    `update verifications v set proved = (select proved from verifications o where o.proved <> '[]' and o.proved <> v.proved limit 1)
     where outcome = 'verified' and signers::text like '%"qa"%'`,
    `update verifications set proved = proved || '{"type": "key", "thumbprint": "x", "scheme": "EdDSA", "times": []}'::jsonb
     where id = ${A_VERIFIED}`,
    `update verifications set proved = jsonb_set(proved, '{0,scheme}', '"PS512"') where id = ${A_VERIFIED}`,
    `update verifications set proved = (select proved from verifications o where o.proved <> '[]' limit 1) where outcome = 'error'`,
  ],
  'every envelope is of a stored attestation, received at the same moment': [
    `delete from attestations where id = ${A_TESTED}`,
    `insert into envelopes (attestation, bytes) values ('sha256:x', '')`,
    `update attestations set received_at = received_at - interval '1 hour' where id = ${A_TESTED}`,
  ],
  'every subject and verification is of a stored attestation': [
    `delete from attestations where id = ${A_TESTED}`,
    `insert into attestation_subjects values ('sha256:x', 0, 'sha256:y', null)`,
    `insert into verifications (attestation, trust_revision, reader_revision, outcome, signers, proved, gains)
     values ('sha256:x', 1, 1, 'rejected', '[]', '[]', '{}')`,
  ],
  'every fact is of an attestation that a verification matched to one of its signers': [
    `update facts set attestation = 'sha256:x' where id = ${A_FACT}`,
    `update facts set signed_digest = 'sha256:x' where id = ${A_FACT}`,
    `delete from fact_signers where fact = ${A_FACT}`,
  ],
  'every signer of a fact signed an attestation of what the fact is of': [
    `insert into fact_signers (fact, signer, attestation, received_at) select 1000, signer, attestation, now() from fact_signers limit 1`,
    `update fact_signers set attestation = (select attestation from facts where kind = 'approval')
     where fact = (select id from facts where kind = 'test') and attestation = ${A_TESTED}`,
  ],
  'what counts as received about a subject are the attestations that name it': [
    `update subject_receipts set received = received + 1`,
    `delete from subject_receipts`,
    `insert into subject_receipts values ('sha256:x', 1)`,
  ],
  'what counts as examined about a subject are those among them that were': [
    `update images set examined = examined - 1`,
    `delete from images`,
    `insert into images (subject, examined) values ('sha256:x', 1)`,
  ],
  'the facts in the row of an image are those that a rebuild gives': [
    `update images set facts = '[]'`,
    `update images set facts = jsonb_set(facts, '{0,content}', '{}')`,
    `insert into images (subject, facts) values ('sha256:x', '[{}]')`,
    `delete from images`,
  ],
  'every history entry tells of what is on record': [
    `update history_entries set actor = 'token:other#2' where type = 'attestation.received'`,
    `update history_entries set data = data || '{"size": 1}' where type = 'attestation.received'`,
    `update history_entries set data = data || '{"code": "signature_invalid"}' where type = 'attestation.rejected'`,
    `update history_entries set type = 'attestation.error' where type = 'attestation.verified'`,
    `update history_entries set data = data || '{"trustRevision": "x"}' where type = 'attestation.error'`,
    `update history_entries set type = 'attestor.deleted' where type = 'attestor.created'`,
    `update history_entries set type = 'attestor.changed' where type = 'attestor.deleted'`,
    `update history_entries set data = data || '{"reason": "compromised"}' where type = 'key.revoked'`,
    `update history_entries set data = data || '{"reason": "compromised"}' where type = 'identity.revoked'`,
    `update history_entries set data = jsonb_set(data, '{pattern,subject}', '"other"') where type = 'identity.revoked'`,
    `update history_entries set type = 'trust_root.deleted' where type = 'trust_root.created'`,
    `update history_entries set data = data || '{"trustRoot": "x"}' where type = 'trust_root.changed'`,
    `update history_entries set type = 'attestation.revoked' where type = 'attestation.retracted'`,
    `update statement_acts set signers = '{}' where act = 'revoked'`,
    `update statement_acts set signers = null where signers is not null`,
    `update history_entries set data = data || '{"signers": []}' where type = 'attestation.retracted'`,
    `update history_entries set data = data || '{"reason": "x"}' where type = 'attestation.revoked'`,
    `update history_entries set data = data || '{"digest": "sha256:x"}' where type = 'policy.changed'`,
    `delete from image_manifests`,
    `update history_entries set data = data || '{"decision": "perhaps"}' where type = 'verdict.recorded'`,
    `update history_entries set data = data || '{"verdict": "x"}' where type = 'verdict.recorded'`,
    `update history_entries set type = 'verdict.recorded' where type = 'verdict.break_glass'`,
    `update history_entries set data = data || '{"justification": "none"}' where type = 'verdict.break_glass'`,
    `update history_entries set data = data || '{"wouldDeny": null}' where type = 'verdict.break_glass'`,
    `update verdicts set break_glass = not break_glass`,
    `update history_entries set data = data || '{"requirement": "other"}' where type = 'waiver.created'`,
    `update history_entries set image = null where type = 'waiver.created'`,
    `update history_entries set actor = 'token:x#1' where type = 'waiver.approved'`,
    `update history_entries set data = data || '{"reason": "x"}' where type = 'waiver.revoked'`,
    `update history_entries set data = data || '{"approver": "9"}' where type = 'waiver.approved'`,
    `update key_revocations set effective_from = effective_from - interval '1 day'`,
    `update identity_revocations set effective_from = null`,
    `delete from waivers`,
    `update history_entries set data = data || '{"roles": ["admin"]}' where type = 'token.created'`,
    `update tokens set hash = '${hashToken('mine')}' where id = '0011223344556677'`,
    `update tokens set policies = array_append(policies, 'other') where policies is not null`,
    `update tokens set policies = null`,
    `update tokens set parameters = parameters - 'level' where parameters is not null`,
    `update tokens set parameters = null`,
    `update tokens set expires_at = null`,
    `update tokens set expires_at = expires_at + interval '1 microsecond' where expires_at is not null`,
    `update tokens set expires_at = now() - interval '1 day' where expires_at is null`,
    `update tokens set roles = array_append(roles, 'trust-admin')`,
    `delete from token_revocations`,
    `update dropped_envelopes set rule = 'sbom:1d'`,
    `update legal_holds set reason = 'another'`,
    `update legal_holds set scope = 'everything', target = null where scope = 'repository'`,
    `update legal_hold_releases set reason = 'another'`,
    `delete from legal_hold_releases`,
    `update history_entries set type = 'unheard.of' where id = ${AN_ENTRY}`,
  ],
  'every attestation has one history entry of its receipt': [
    `delete from history_entries where type = 'attestation.received'`,
    repeatEntries('attestation.received'),
  ],
  'every verification has its history entry': [
    `delete from history_entries where type = 'attestation.rejected'`,
    repeatEntries('attestation.verified'),
  ],
  'every attestor state has one history entry, with its digest': [
    `delete from history_entries where type = 'attestor.deleted'`,
    repeatEntries('attestor.created'),
    `update attestor_states set attestor = jsonb_set(attestor, '{kinds}', '["scan"]') where name = 'qa'`,
  ],
  'every trust root state has one history entry, with its digest': [
    `delete from history_entries where type = 'trust_root.deleted'`,
    repeatEntries('trust_root.created'),
    `update trust_root_states set root = jsonb_set(root, '{json}', '{}') where root is not null`,
  ],
  'every identity revocation has one history entry': [
    `delete from history_entries where type = 'identity.revoked'`,
    repeatEntries('identity.revoked'),
  ],
  'every act on a statement has one history entry': [
    `delete from history_entries where type = 'attestation.retracted'`,
    repeatEntries('attestation.revoked'),
  ],
  'an act whose entry does not say whom it binds binds those who were proved to have signed': [
    `with untold as (${UNTOLD_ACTS} returning id)
     update statement_acts set signers = '{}' where (select count(*) from untold) > 0`,
    `with untold as (${UNTOLD_ACTS} returning id)
     update statement_acts set signers = array_append(signers, 'sha256:x') where signers is not null and (select count(*) from untold) > 0`,
  ],
  'every key revocation has one history entry': [
    `delete from history_entries where type = 'key.revoked'`,
    repeatEntries('key.revoked'),
  ],
  'every policy revision has one history entry': [
    `delete from history_entries where type = 'policy.changed'`,
    repeatEntries('policy.changed'),
  ],
  'every waiver has one history entry': [
    `delete from history_entries where type = 'waiver.created'`,
    repeatEntries('waiver.created'),
  ],
  'every approval of a waiver has one history entry': [
    `delete from history_entries where type = 'waiver.approved'`,
    repeatEntries('waiver.approved'),
  ],
  'every revocation of a waiver has one history entry': [
    `delete from history_entries where type = 'waiver.revoked'`,
    repeatEntries('waiver.revoked'),
  ],
  'every index hashes to its digest and has one history entry': [
    `update image_indexes set bytes = bytes || ' '::bytea`,
    `delete from history_entries where type = 'image.related'`,
    repeatEntries('image.related'),
  ],
  'the relations of an image are numbered from 1, one for each index that concerns it': [
    `update images set relations = relations + 1`,
    `update images set relations = 0`,
    `update image_manifests set revision = 7`,
    `delete from image_indexes`,
  ],
  'every dropped envelope is gone, was of examined evidence, and has one history entry': [
    `insert into envelopes (attestation, received_at, bytes) select id, received_at, 'x' from attestations where id = ${A_DROPPED}`,
    `insert into dropped_envelopes (attestation, rule, actor) values (${A_TESTED}, 'test:1d', 'retention')`,
    `delete from verifications where attestation = ${A_DROPPED}`,
    `delete from attestations where id = ${A_DROPPED}`,
    `delete from history_entries where type = 'envelope.dropped'`,
    repeatEntries('envelope.dropped'),
  ],
  'what stays of a dropped envelope is what its history entry tells of': [
    `update facts set content = jsonb_set(content, '{findings}', '[]') where attestation = ${A_DROPPED}`,
    `update facts set own_time = now() where attestation = ${A_DROPPED}`,
    `delete from facts where attestation = ${A_DROPPED}`,
    `update attestation_subjects set subject = 'sha256:${'a'.repeat(64)}' where attestation = ${A_DROPPED}`,
    `update attestations set kind = 'test' where id = ${A_DROPPED}`,
    `update history_entries set data = data - 'record' where type = 'envelope.dropped'`,
  ],
  'nothing was dropped that a legal hold kept': [
    `delete from history_entries where type = 'hold.released'`,
    ...[`scope = 'everything', target = null`, `target = ${A_DROPPED_IMAGE}`].map(
      (held) => `update legal_holds set ${held} where number = 2`,
    ),
    `update legal_holds set scope = 'attestation', target = ${A_DROPPED} where number = 2`,
    `with asked as (update verdicts set repository = 'registry.example/app', image = ${A_DROPPED_IMAGE}, at = at - interval '1 hour')
     select count(*) from dropped_envelopes`,
  ],
  'what counts as dropped about a subject are the dropped envelopes that name it': [
    `update images set dropped = dropped + 1`,
    `update images set dropped = 0 where dropped > 0`,
    `delete from dropped_envelopes`,
  ],
  'every legal hold has one history entry': [
    `delete from history_entries where type = 'hold.placed'`,
    repeatEntries('hold.placed'),
  ],
  'every release of a legal hold is of one, and has one history entry': [
    `delete from history_entries where type = 'hold.released'`,
    `delete from legal_holds`,
    repeatEntries('hold.released'),
  ],
  'every token has one history entry': [
    `delete from history_entries where type = 'token.created'`,
    repeatEntries('token.created'),
  ],
  'every token revocation has one history entry': [
    `delete from history_entries where type = 'token.revoked'`,
    repeatEntries('token.revoked'),
  ],
  'every verdict has one history entry': [
    `delete from history_entries where type = 'verdict.recorded'`,
    `delete from history_entries where type = 'verdict.break_glass'`,
    repeatEntries('verdict.recorded'),
    repeatEntries('verdict.break_glass'),
  ],
  'every verdict is the one that its history entry tells of': [
    `update verdicts set verdict = jsonb_set(verdict::jsonb, '{mode}', '"audit"')::json`,
    `update verdicts set context = '{"environment": "production"}'`,
    `update verdicts set verdict = jsonb_set(verdict::jsonb, '{evaluatedAt}', '"2020-01-01T00:00:00.000Z"')::json`,
  ],
  'every verification is one that a history entry tells of': [
    `update verifications set detail = 'another' where outcome <> 'verified'`,
    `update verifications set proved = '[]' where proved <> '[]'`,
    `update verifications set reader_revision = reader_revision + 1`,
  ],
  'every placed entry is the one of which the log has the hash': [
    `update history_entries set at = at + interval '1 microsecond' where id = ${AN_ENTRY}`,
    `update history_entries set actor = 'token:nobody#1' where id = ${AN_ENTRY}`,
    `update history_entries set nonce = gen_random_uuid() where id = ${AN_ENTRY}`,
    `update history_sequence set leaf_hash = sha256(leaf_hash) where sequence = 2`,
  ],
  'every checkpoint is signed by the key under which it is filed': [
    `update log_checkpoints set root = sha256(root) where size = (select max(size) from log_checkpoints)`,
    `update log_checkpoints set size = size + 1 where size = (select max(size) from log_checkpoints)`,
    `update log_checkpoints set vkey = 'nobody'`,
    `update log_checkpoints set note = convert_to(replace(convert_from(note, 'UTF8'), 'assay.example/log', 'other.example/log'), 'UTF8')`,
  ],
  'the leaves of the log lead to the root of every checkpoint': [
    `update history_sequence set leaf_hash = sha256(leaf_hash) where sequence = 2`,
    `delete from history_sequence where sequence = (select max(sequence) from history_sequence)`,
    `delete from history_sequence where sequence = 2`,
    `delete from log_checkpoints where size = (select max(size) from log_checkpoints)`,
    `update log_checkpoints set root = sha256(root) where size = (select max(size) from log_checkpoints)`,
  ],
  'the tiles of the log are the full ones, of the hashes of its leaves': [
    `insert into log_tiles values (0, 0, '', '')`,
    `insert into log_tiles values (1, 0, '', '')`,
  ],
  'every cosignature is by its witness, over a checkpoint on record': [
    `insert into log_cosignatures (size, witness, time, line, actor) values (100000, 'w+00000000+BA==', 1, '', 'token:w#1')`,
    `insert into log_cosignatures (size, witness, time, line, actor) select size, vkey, 1, '— w AAAAAAAAAAA=', 'token:w#1' from log_checkpoints limit 1`,
  ],
  'what a verification found is found again by the trust that it recorded': [
    `update verifications set outcome = 'verified', code = null where code = 'untrusted_signer'`,
    `update verifications set outcome = 'rejected', code = 'untrusted_signer' where id = ${A_VERIFIED}`,
    `update verifications set proved = '[]' where id = ${A_VERIFIED}`,
    `update verifications set trust_revision = 0 where id = ${A_VERIFIED}`,
    `update verifications set signers = jsonb_set(signers, '{0,attestor}', '"nobody"') where id = ${A_VERIFIED}`,
  ],
  'a verification waits for the changes of trust by which its evidence could gain': [
    `update verifications set gains = '{}' where gains <> '{}'`,
    `update verifications set gains = array_append(gains, 'key:EdDSA') where id = ${A_VERIFIED}`,
    `update verifications set gains = array(select replace(g, 'key:', 'signer:') from unnest(gains) g) where code = 'untrusted_signer'`,
  ],
  'what was examined again, with nothing to record, comes to what is on record': [
    `insert into reexaminations select attestation, 1000 from verifications where id = ${A_VERIFIED}`,
  ],
  'what a change of trust lets gain follows from it': [
    `delete from trust_gains where trust_revision = (select max(trust_revision) from trust_gains)`,
    `delete from trust_gains`,
    `update trust_gains set cause = 'root:' || cause where trust_revision = (select max(trust_revision) from trust_gains)`,
    `insert into trust_gains select trust_revision, 'root' from statement_acts`,
  ],
  'what is on record was made when its history entry says': [
    `update attestations set received_at = received_at - interval '1 microsecond' where id = ${A_TESTED}`,
    `update verifications set at = at + interval '1 microsecond' where id = ${A_VERIFIED}`,
    `update attestor_states set at = at - interval '1 day' where name = 'qa'`,
    `update key_revocations set at = at + interval '1 day'`,
    `update identity_revocations set at = at - interval '1 day'`,
    `update trust_root_states set at = at - interval '1 day' where root is not null`,
    `update statement_acts set at = at - interval '1 day'`,
    `update image_indexes set received_at = received_at - interval '1 microsecond'`,
    `update policy_revisions set at = at - interval '1 microsecond' where revision = 1`,
    `update waivers set at = at - interval '1 day'`,
    `update waiver_approvals set at = at - interval '1 millisecond'`,
    `update waiver_revocations set at = at - interval '1 millisecond'`,
    `update tokens set created_at = created_at - interval '1 microsecond'`,
    `update token_revocations set at = at - interval '1 microsecond'`,
    `update dropped_envelopes set at = at - interval '1 microsecond'`,
    `update legal_holds set at = at - interval '1 microsecond'`,
    `update legal_hold_releases set at = at - interval '1 microsecond'`,
    `update history_entries set at = at - interval '1 microsecond' where type = 'attestation.received'`,
  ],
  'every fact was recorded by a verification, at its very time': [
    `update facts set recorded_at = recorded_at - interval '1 microsecond' where id = ${A_FACT}`,
  ],
  'every signer of a fact was recorded by a verification, at its very time': [
    `update fact_signers set recorded_at = recorded_at - interval '1 microsecond' where fact = ${A_FACT}`,
  ],
  'the manifests of an index are those that its bytes list': [
    `update image_manifests set runnable = not runnable`,
    `update image_manifests set manifest = 'sha256:${'a'.repeat(64)}'`,
    `update image_indexes set media_type = 'application/vnd.docker.distribution.manifest.list.v2+json'`,
    `update image_indexes set bytes = 'no index'`,
    `delete from image_manifests`,
  ],
  'every policy revision has the digest of its document': [
    `update policy_revisions set source = replace(source, 'from: [qa]', 'from: [leads]') where revision = 1`,
    `update policy_revisions set source = 'nothing' where revision = 2`,
  ],
  'every waiver is the one that its history entry tells of': [
    `update waivers set until = until + interval '1 day'`,
    `update waivers set at = at - interval '1 millisecond'`,
    `update waivers set approvals = 0`,
    `update waivers set reason = 'for ever'`,
    `update waivers set author = '9'`,
    `update waivers set digest = null, repository = 'registry.example/app'`,
  ],
  'what verdicts depended on leads to their images': [
    `update verdicts set verdict = jsonb_set(verdict::jsonb, '{revisions,related}', '{"gitCommit:ab": 1}')::json`,
  ],
  'a verdict is filed under what it says': [
    `update verdicts set at = at - interval '1 day'`,
    `update verdicts set decision = case decision when 'allow' then 'deny' else 'allow' end`,
    `update verdicts set image = 'sha256:${'a'.repeat(64)}'`,
    `update verdicts set repository = 'registry.example/app'`,
    `update verdicts set policy = 'other'`,
    `update verdicts set verdict = jsonb_set(verdict::jsonb, '{evaluatedAt}', '"whenever"')::json`,
  ],
  'the last answer to every question is its newest verdict on record, with what that says': [
    `delete from verdicts`,
    `update verdict_latest set content = 'sha256:${'a'.repeat(64)}'`,
    `update verdict_latest set verdict = (select id from verdicts where not break_glass order by at limit 1)`,
    `update verdict_latest set verdict = (select id from verdicts where break_glass)`,
    `update verdict_latest set question = 'sha256:${'a'.repeat(64)}'`,
    // An earlier answer, in all that says so.
    `with copied as (
       insert into verdicts (id, at, image, repository, policy, policy_revision, decision, requested_by, context, verdict, break_glass,
         question, environment)
       select gen_random_uuid(), at - interval '1 hour', image, repository, policy, policy_revision, decision, requested_by, context,
         jsonb_set(verdict::jsonb, '{evaluatedAt}', '"2020-01-01T00:00:00.000Z"')::json, break_glass, question, environment
       from verdicts where id = (select verdict from verdict_latest) returning id
     ) update verdict_latest set verdict = (select id from copied)`,
  ],
  'every verdict is filed under the question that it answers': [
    `update verdicts set question = 'sha256:${'a'.repeat(64)}'`,
    `update verdicts set verdict = jsonb_set(verdict::jsonb, '{parameters}', '{"region": "eu"}')::json`,
  ],
  'every question that was answered has its last answer': [
    `delete from verdict_latest`,
    `update verdict_latest set question = 'sha256:${'a'.repeat(64)}'`,
  ],
  'the log has every leaf that was ever sealed': [
    `delete from history_sequence where sequence = (select max(sequence) from history_sequence)`,
    `delete from history_sequence`,
    `update log_checkpoints set size = size + 1 where size = (select max(size) from log_checkpoints)`,
    `insert into log_tiles values (0, 0, '', '')`,
  ],
  'history sequence numbers are dense from 1, each of an entry': [
    `delete from history_sequence where sequence = 1`,
    `delete from history_sequence where sequence = 3`,
    `update history_sequence set sequence = -sequence where sequence = 2`,
    `delete from history_entries where id = ${AN_ENTRY}`,
  ],
  'every history entry has its place or waits for it': [
    `delete from history_unsequenced`,
    `insert into history_unsequenced select entry from history_sequence where sequence = 1`,
  ],
  'what waits for a place in history is an entry, and does not wait for long': [
    `insert into history_unsequenced values (1000000)`,
    `with sequencing as materialized (select pg_advisory_xact_lock(1634956130))
     update history_entries set at = at - interval '1 hour' where (select count(*) from sequencing) = 1`,
  ],
  'the counters of changes are no lower than the changes on record': [
    `update revisions set value = value - 1 where name = 'trust'`,
    `update revisions set value = value - 1 where name = 'policy'`,
    `update revisions set value = value - 1 where name = 'access'`,
    `update revisions set value = value + 100 where name = 'trust_gain'`,
    `update revisions set value = 0 where name = 'trust_gain'`,
    `delete from revisions where name = 'waiver'`,
    `update revisions set value = value - 1 where name = 'waiver'`,
  ],
  'every fact that was verified is found by what it says': [
    `delete from search_evidence where fact = (select max(id) from facts)`,
    `update search_evidence set term = gen_random_uuid() where fact = (select max(id) from facts)`,
    `update search_evidence set at = at - interval '1 day'`,
    `delete from search_contents`,
    `update search_contents set first_fact = 0, last_fact = 0`,
  ],
  'what evidence is found by is of a fact about its image': [
    `update search_evidence set image = gen_random_uuid()`,
    `update search_evidence set fact = fact + 1000000`,
    `update search_evidence set at = at - interval '2 days'`,
    // A term that another fact about another image gives.
    `insert into search_evidence select term, (select image from search_evidence where fact = (select min(fact) from search_evidence) limit 1),
       (select min(fact) from search_evidence), (select at from search_evidence order by fact limit 1) from search_evidence
     on conflict do nothing`,
  ],
  'what contents are found by is of facts about their image, the first of them and the last': [
    `insert into search_contents select gen_random_uuid(), gen_random_uuid(), first_fact, first_at, last_fact, last_at
     from search_contents`,
    `update search_contents set first_fact = last_fact + 1`,
    `update search_contents set last_fact = 1000000`,
    `update search_contents set first_at = first_at - interval '2 days', last_at = last_at - interval '2 days'`,
    `update search_contents set last_at = last_at + interval '1 second'`,
  ],
  'a verdict is found by the environment it was asked for': [
    `update verdicts set environment = null`,
    `update verdicts set environment = 'test' where environment is null`,
  ],
  'an allow is found by the keys that signed what it rests on': [
    `delete from verdict_signers`,
    `update verdict_signers set at = at + interval '1 second'`,
  ],
  'a key by which an allow is found signed what it rests on': [
    `update verdict_signers set signer = gen_random_uuid()`,
    `update verdict_signers set verdict = gen_random_uuid()`,
  ],
  'waiver revisions are dense from 1, each of one act': [
    `delete from waiver_approvals`,
    `update waivers set revision = 2`,
    `update waiver_revocations set revision = 7`,
  ],
  'trust revisions are dense from 1, each of one change': [
    `update attestor_states set trust_revision = 2 where trust_revision = 1`,
    `update attestor_states set trust_revision = 1 where trust_revision = 2`,
    `delete from identity_revocations`,
    `delete from trust_root_states where root is not null`,
    `update statement_acts set trust_revision = 1 where act = 'revoked'`,
  ],
  'what a change of trust gains is of a change on record': [
    `insert into trust_gains values (0, 'root')`,
    `update trust_gains set trust_revision = 1000 where trust_revision = 1`,
  ],
};

function repeatEntries(type: string): string {
  return `insert into history_entries (actor, type, image, attestation, data, nonce)
    select actor, type, image, attestation, data, gen_random_uuid() from history_entries where type = '${type}'`;
}

describe('the invariants', () => {
  it('hold for what the service stores', async () => {
    expect(await violatedInvariants(database.url)).toEqual([]);
  });

  it.each([1, 2, 3, 7])('hold whatever the size of a page: %i', async (rows) => {
    expect(await violatedIn(owner, rows)).toEqual([]);
  });

  it('are each broken by a test below', async () => {
    const findings = await checkInvariants(readingOf(owner));
    expect(findings.map(({ invariant }) => invariant).sort()).toEqual(Object.keys(BREAKING).sort());
  });

  const cases = Object.entries(BREAKING).flatMap(([invariant, statements]) =>
    statements.map((statement) => ({ invariant, statement })),
  );
  it.each(cases)('"$invariant" is found broken by: $statement', async ({ invariant, statement }) => {
    await owner.query('begin');
    try {
      const { rowCount } = await owner.query(statement);
      expect(rowCount).toBeGreaterThan(0);
      const violated = await violatedIn(owner);
      expect(violated.map((line) => line.slice(0, line.indexOf(':')))).toContain(invariant);
    } finally {
      await owner.query('rollback');
    }
  });
});

describe('an act whose entry, of an earlier release, does not say whom it binds', () => {
  const BINDS = 'an act whose entry does not say whom it binds binds those who were proved to have signed';

  /** What is found of the acts after these statements, and what of them cannot be told. */
  async function foundAfter(...statements: readonly string[]): Promise<{ found: string[]; unheld: string[] }> {
    await owner.query('begin');
    try {
      for (const statement of [UNTOLD_ACTS, ...statements]) await owner.query(statement);
      const unheld: string[] = [];
      const findings = await checkInvariants(readingOf(owner), { onUnheld: (sentence) => unheld.push(sentence) });
      const found = findings.flatMap(({ invariant, first }) => (invariant === BINDS && first !== null ? [first] : []));
      return { found, unheld: unheld.filter((sentence) => sentence.startsWith('whom acts')) };
    } finally {
      await owner.query('rollback');
    }
  }

  const LONG_BEFORE = `update verifications set at = at - interval '1 hour'`;
  const TAKEN_FOR_BOTH = `update statement_acts set signers = (select o.signers from statement_acts o where o.act = 'revoked')`;

  it('binds those who were proved long before', async () => {
    expect(await foundAfter(LONG_BEFORE, TAKEN_FOR_BOTH)).toEqual({ found: [], unheld: [] });
    const { found } = await foundAfter(LONG_BEFORE, TAKEN_FOR_BOTH, `update statement_acts set signers = null`);
    expect(found[0]).toMatch(
      /^the act on what sha256:\w+ says, at trust revision \d+, binds whoever signed, and those /,
    );
  });

  it('is said not to be held where it may have been before somebody was proved', async () => {
    const { found, unheld } = await foundAfter();
    expect(found).toEqual([]);
    expect(unheld).toEqual([expect.stringMatching(/does not follow: 2, the first the act on what sha256:\w+ says/)]);
  });

  it('is said not to be held where nobody can tell any more what an examination waited for', async () => {
    const dropped = `delete from envelopes where attestation in (select attestation from statement_acts)`;
    const { found, unheld } = await foundAfter(LONG_BEFORE, TAKEN_FOR_BOTH, dropped);
    expect(found).toEqual([]);
    expect(unheld).toHaveLength(1);
  });
});

describe('a token whose entry, of an earlier release, says no more than its roles', () => {
  it('is said to be held for these alone', async () => {
    await owner.query('begin');
    try {
      await owner.query(
        `update history_entries set data = data - '{hash,policies,parameters,expiresAt}'::text[] where type = 'token.created'`,
      );
      await owner.query(`update tokens set expires_at = null, policies = null`);
      const unheld: string[] = [];
      const findings = await checkInvariants(readingOf(owner), { onUnheld: (sentence) => unheld.push(sentence) });
      // The entries themselves are not those that were sealed.
      expect(findings.filter(({ first }) => first !== null).map(({ invariant }) => invariant)).toEqual([
        'every placed entry is the one of which the log has the hash',
      ]);
      expect(unheld).toEqual([expect.stringMatching(/^by which secret tokens are known.*: 2, the first token \w+$/)]);
    } finally {
      await owner.query('rollback');
    }
  });

  it('is none that the service writes', async () => {
    const unheld: string[] = [];
    await checkInvariants(readingOf(owner), { onUnheld: (sentence) => unheld.push(sentence) });
    expect(unheld).toEqual([]);
  });
});
