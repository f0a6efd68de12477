import { createHash, randomBytes } from 'node:crypto';
import { hashToken } from '../src/access/token.js';
import type pg from 'pg';
import { isSha256Digest, type Sha256Digest } from '../src/intoto/digest.js';
import { parseImageIndex } from '../src/intoto/image-index.js';
import { revokeKey } from '../src/trust/trust-change.js';
import { Faults } from '../test/support/faults.js';
import { openHouse, type House, type Rooms } from '../test/support/rooms.js';
import { makeKey, type TestKey } from '../test/support/sign.js';
import { copyImages, templateOf, type TemplateImage } from './copied-images.js';
import { attestorsOf, evidenceFor, makeSigners, POLICY, POLICY_DOCUMENT, type Signers } from './evidence.js';

const ACTOR = 'token:bench#1';
/** Images that are filled at a time, with all that goes with them. */
const IMAGES_OF_ROUND = 100;
const TOKENS_OF_ROUND = 25;
const REVOKED_OF_ROUND = 5;

/** What goes on from one round to the next. */
export interface Filling {
  readonly house: House;
  readonly rooms: Rooms;
  readonly owner: pg.Client;
  readonly signers: Signers;
  /** When all evidence says that it was made. */
  readonly at: Date;
  readonly template: TemplateImage;
  readonly faults: Faults;
}

/**
 * Begins an account with what a service is told in its life, by the rooms of the service itself; evidence but for that of the first
 * image is signed and filed by SQL, as the service would have filed it.
 */
export async function openFilling(owner: pg.Client, url: string): Promise<Filling> {
  const faults = new Faults();
  const house = await openHouse(url, faults);
  const rooms = house.enter();
  const signers = makeSigners();
  for (const [name, document] of attestorsOf(signers)) await rooms.putAttestor(name, document);
  await publish(rooms, 'first');
  const [digest, at] = [freshDigest(), new Date()];
  const ids = await Promise.all(evidenceFor(digest, signers, at).map((body) => rooms.post(body)));
  await rooms.work({ ids });
  const template = await templateOf(owner, digest, ids);
  return { house, rooms, owner, signers, at, template, faults };
}

/** Fills up to so many entries, all of them sealed on return. */
export async function fillUpTo(filling: Filling, entries: number): Promise<void> {
  for (let round = 1; (await entryCount(filling)) < entries; round += 1) {
    await fillRound(filling, round);
    // Faster than the server would by itself, as the account grows faster than any.
    if (Number.isInteger(Math.log2(round))) await filling.owner.query('analyze');
  }
}

async function entryCount({ house }: Filling): Promise<number> {
  const { rows } = await house.database.pool.query<{ size: number }>(
    'select coalesce(max(size), 0) as size from log_checkpoints',
  );
  return rows[0]?.size ?? 0;
}

async function fillRound(filling: Filling, round: number): Promise<void> {
  const { rooms, faults } = filling;
  // The calls that it remembers would otherwise grow with the account.
  faults.letFail(() => null);
  const images = Array.from({ length: IMAGES_OF_ROUND }, freshDigest);
  await Promise.all([fillEvidence(filling, images), fillOthers(filling, images, round)]);
  await Promise.all(images.map((digest) => decide(rooms, digest)));
  await rooms.sequence();
}

async function fillEvidence({ owner, signers, at, template }: Filling, images: readonly Sha256Digest[]): Promise<void> {
  const signed = images.map((digest) => ({ digest, envelopes: evidenceFor(digest, signers, at) }));
  await copyImages(owner, template, signed);
}

async function fillOthers({ rooms }: Filling, images: readonly Sha256Digest[], round: number): Promise<void> {
  await addTokens(rooms);
  await publish(rooms, `${round} ${randomBytes(8).toString('hex')}`);
  await waive(rooms, images[0] ?? freshDigest());
  await relate(
    rooms,
    images.slice(0, 3).map(() => freshDigest()),
  );
  await changeTrust(rooms, makeKey());
}

function freshDigest(): Sha256Digest {
  const digest = `sha256:${randomBytes(32).toString('hex')}`;
  if (!isSha256Digest(digest)) throw new Error(`${digest} is no digest`);
  return digest;
}

async function decide(rooms: Rooms, digest: Sha256Digest): Promise<void> {
  const asked = { digest, repository: null, policy: POLICY, parameters: { region: 'eu-west1' } };
  await rooms.verdicts.decide(asked, ACTOR, { environment: 'production' });
}

async function addTokens({ tokens }: Rooms): Promise<void> {
  const token = { name: 'ci', roles: ['attester'], policies: null, parameters: null, expiresAt: null } as const;
  const ids = Array.from({ length: TOKENS_OF_ROUND }, () => randomBytes(8).toString('hex'));
  for (const id of ids) await tokens.create({ ...token, id, hash: hashToken(id) }, ACTOR);
  for (const id of ids.slice(0, REVOKED_OF_ROUND)) await tokens.revoke(id, ACTOR);
}

async function publish({ policies }: Rooms, description: string): Promise<void> {
  const text = JSON.stringify({ ...POLICY_DOCUMENT, description });
  await policies.put({ name: POLICY, source: { text, format: 'json' }, actor: ACTOR, expected: null });
}

async function waive({ waivers }: Rooms, digest: Sha256Digest): Promise<void> {
  const { waiver } = await waivers.create(
    {
      policy: POLICY,
      requirement: 'licensed',
      scope: { digest },
      parameters: {},
      reason: 'for a while',
      reference: 'SEC-12',
      until: new Date(Date.now() + 86_400_000).toISOString(),
      approvals: 1,
    },
    { id: 'ann', actor: ACTOR },
  );
  await waivers.approve(waiver.id, { id: 'bob', actor: ACTOR });
  await waivers.revoke(waiver.id, 'fixed', { actor: ACTOR });
}

async function relate({ indexes }: Rooms, manifests: readonly Sha256Digest[]): Promise<void> {
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const listed = manifests.map((digest) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest,
    size: 500,
    platform: { os: 'linux', architecture: 'amd64' },
  }));
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: listed }));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (!isSha256Digest(digest)) throw new Error(`${digest} is no digest`);
  await indexes.insert({ digest, bytes, index: parseImageIndex(bytes), actor: ACTOR });
}

/** Somebody comes, and one of the keys goes. */
async function changeTrust(rooms: Rooms, { publicKey }: TestKey): Promise<void> {
  const name = `team-${randomBytes(6).toString('hex')}`;
  await rooms.putAttestor(name, { kinds: ['test'], keys: [{ id: 'k1', publicKey }] });
  const revocation = { reason: 'superseded', effectiveFrom: null } as const;
  await rooms.trust.change(ACTOR, (trust, now) => revokeKey(trust, name, 'k1', revocation, now));
}
