import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCheckpoint } from '../../src/history/checkpoint.js';
import { cosign, verifyCosignature } from '../../src/history/cosignature.js';
import { noteKey, parseNoteKey, type NoteKey } from '../../src/history/note-key.js';
import { formatSignatureLine, parseSignedNote, verifyNote } from '../../src/history/signed-note.js';
import { parseTlogProof, verifyTlogProof } from '../../src/history/tlog-proof.js';
import { verifyConsistency, verifyInclusion } from '../../src/history/merkle-tree.js';
import { canonicalJson } from '../../src/intoto/canonical-json.js';
import { parseEnvelope } from '../../src/intoto/envelope.js';
import { demand, eventually } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { expectRefused } from '../support/problems.js';
import { newImage, postExamined, prepareRelease, verdictOn, type Release } from '../support/release.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ORIGIN = 'assay.example.com/log';
const DSSE = { accept: 'application/vnd.in-toto+dsse' };

const witnessPair = generateKeyPairSync('ed25519');
const witness = noteKey('witness.example/w1', witnessPair.publicKey, 'cosignature/v1');
const strangerPair = generateKeyPairSync('ed25519');
const stranger = noteKey('stranger.example', strangerPair.publicKey, 'cosignature/v1');

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let auditor: Api;
let outsider: Api;
let release: Release;
let key: NoteKey;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({
    database,
    env: { ASSAY_PUBLIC_URL: 'https://assay.example.com', ASSAY_LOG_WITNESSES: witness.vkey },
  });
  admin = apiOf(app);
  outsider = apiOf(app, null);
  release = await prepareRelease(admin);
  auditor = await apiAs(app, { roles: ['auditor'] });
  await eventually(async () => {
    key = parseNoteKey(demand(await outsider.get('/.well-known/assay/log.json'), 200).body.vkey);
  });
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

interface Opened {
  readonly note: string;
  readonly text: string;
  readonly size: number;
  readonly root: Buffer;
}

/** The checkpoint as everybody may fetch it, its signature verified by the published key. */
async function checkpoint(query = ''): Promise<Opened> {
  const { text: note } = demand(await outsider.get(`/log/checkpoint${query}`), 200);
  const signed = parseSignedNote(note);
  expect(verifyNote(signed, [key]).outcome).toBe('verified');
  return { note, text: signed.text, ...parseCheckpoint(signed.text) };
}

/** A checkpoint under which all is sealed that was acknowledged before. */
async function sealedCheckpoint(): Promise<Opened> {
  const { body } = demand(await admin.post('/v1/tokens', { name: 'mark', roles: ['auditor'] }), 201);
  await eventually(async () => {
    const { body: page } = demand(await auditor.get('/v1/history?type=token.created&limit=1000'), 200);
    expect(page.items.map((item: { data: { token: string } }) => item.data.token)).toContain(body.id);
  });
  return checkpoint();
}

const sha256 = (...pieces: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
};

/** RFC 6962, written down once more: an outsider has none of the service's code. */
function root(hashes: readonly Buffer[]): Buffer {
  if (hashes.length < 2) return hashes[0] ?? sha256();
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return sha256(Buffer.of(1), root(hashes.slice(0, split)), root(hashes.slice(split)));
}

const tileName = (tile: number, size: number): string => {
  const width = Math.min(256, size - tile * 256);
  return `${String(tile).padStart(3, '0')}${width === 256 ? '' : `.p/${width}`}`;
};

async function bundles(size: number): Promise<readonly Buffer[]> {
  const leaves: Buffer[] = [];
  for (let tile = 0; tile * 256 < size; tile += 1) {
    const { bytes } = demand(await auditor.get(`/log/tile/entries/${tileName(tile, size)}`), 200);
    for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at)) {
      leaves.push(bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at)));
    }
  }
  return leaves;
}

async function releasedImage(): Promise<string> {
  const image = newImage();
  for (const attestor of ['ci', 'trivy', 'qa', 'leads'] as const) {
    await postExamined(admin, release.signed(attestor, image));
  }
  return image;
}

describe('an outsider with the published key and one kept checkpoint', () => {
  it('finds the key and name of the log, and its checkpoint signed by that key', async () => {
    const { body } = demand(await outsider.get('/.well-known/assay/log.json'), 200);
    expect(body).toMatchObject({ origin: ORIGIN, witnesses: [witness.vkey] });
    expect(demand(await outsider.get('/.well-known/assay/log.vkey'), 200).text).toBe(`${body.vkey}\n`);
    const answer = demand(await outsider.get('/log/checkpoint'), 200);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=1');
    // By nothing but the key in PEM: the last 64 of the 68 bytes are an Ed25519 signature over the text.
    const [text = '', line = ''] = answer.text.split('\n\n');
    const signature = Buffer.from(line.trim().split(' ')[2] ?? '', 'base64').subarray(4);
    expect(verify(null, Buffer.from(`${text}\n`), createPublicKey(body.publicKey), signature)).toBe(true);
    expect(text.split('\n')[0]).toBe(ORIGIN);
  });

  it('rebuilds the tree out of the entries and out of the tiles, and nothing was rewritten since', async () => {
    const kept = await sealedCheckpoint();
    await releasedImage();
    for (let i = 0; i < 300; i += 30) {
      await Promise.all(Array.from({ length: 30 }, () => admin.post('/v1/tokens', { name: 'many', roles: ['gate'] })));
    }
    const later = await sealedCheckpoint();
    expect(later.size).toBeGreaterThan(kept.size + 300);
    const hashes = (await bundles(later.size)).map((leaf) => sha256(Buffer.of(0), leaf));
    expect(root(hashes)).toEqual(later.root);
    expect(root(hashes.slice(0, kept.size))).toEqual(kept.root);
    const tiles: Buffer[] = [];
    for (let tile = 0; tile * 256 < later.size; tile += 1) {
      tiles.push(demand(await outsider.get(`/log/tile/0/${tileName(tile, later.size)}`), 200).bytes);
    }
    expect(Buffer.concat(tiles)).toEqual(Buffer.concat(hashes));
    const above = demand(await outsider.get(`/log/tile/1/000.p/${Math.floor(later.size / 256)}`), 200).bytes;
    expect(above.subarray(0, 32)).toEqual(root(hashes.slice(0, 256)));
    const { body } = demand(await auditor.get(`/v1/history/consistency?from=${kept.size}&to=${later.size}`), 200);
    const proof = body.hashes.map((hash: string) => Buffer.from(hash, 'base64'));
    const claim = { from: kept.size, to: later.size, fromRoot: kept.root, toRoot: later.root, proof };
    expect(verifyConsistency(claim)).toBe(true);
  });

  it('may keep full tiles for ever, and partial ones for a while', async () => {
    const full = demand(await outsider.get('/log/tile/0/000'), 200);
    expect(full.headers.get('content-type')).toBe('application/octet-stream');
    expect(full.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(full.bytes).toHaveLength(8192);
    const partial = demand(await outsider.get('/log/tile/0/000.p/7'), 200);
    expect(partial.headers.get('cache-control')).toBe('public, max-age=60');
    expect(partial.bytes).toEqual(full.bytes.subarray(0, 7 * 32));
    const entries = demand(await auditor.get('/log/tile/entries/000'), 200);
    expect(entries.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
  });
});

describe('an entry of the account', () => {
  it('is proved as JSON and as text, under the last checkpoint or an earlier one', async () => {
    const { size } = await sealedCheckpoint();
    const { body } = demand(await auditor.get(`/v1/history/${size}/proof`), 200);
    const claim = {
      index: body.index,
      size: body.size,
      leafHash: sha256(Buffer.of(0), Buffer.from(body.leaf, 'base64')),
      proof: body.hashes.map((hash: string) => Buffer.from(hash, 'base64')),
      root: parseCheckpoint(parseSignedNote(body.checkpoint).text).root,
    };
    expect(body).toMatchObject({ sequence: size, index: size - 1, leafHash: claim.leafHash.toString('base64') });
    expect(verifyInclusion(claim)).toBe(true);
    expect(JSON.parse(Buffer.from(body.leaf, 'base64').toString())).toMatchObject({ sequence: size });
    const text = demand(await auditor.get(`/v1/history/${size}/proof?size=${size}`, { accept: 'text/plain' }), 200);
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(verifyTlogProof(text.text, Buffer.from(body.leaf, 'base64'), key)).toMatchObject({
      outcome: 'included',
      checkpoint: { size },
    });
  });
});

/** What the leaf of a proof says, once the proof is verified. */
function proved(proof: string): {
  data: Record<string, unknown>;
  type: string;
  entry: string;
  attestation: string | null;
} {
  const { extra } = parseTlogProof(proof);
  expect(verifyTlogProof(proof, extra ?? Buffer.alloc(0), key).outcome).toBe('included');
  return JSON.parse((extra ?? Buffer.alloc(0)).toString());
}

describe('what is on record', () => {
  it('names its entry, and carries the proof once it is sealed', async () => {
    const image = await releasedImage();
    const { body: posted } = demand(await admin.get(`/v1/attestations?digest=${image}&kind=test`), 200);
    const gate = await apiAs(app, { roles: ['gate'] });
    const { body: given } = demand(await gate.post('/v1/verdicts', { policy: 'release', images: [image] }), 201);
    await sealedCheckpoint();
    const { body: attestation } = demand(await admin.get(`/v1/attestations/${posted.items[0].id}`), 200);
    expect(proved(attestation.history.proof)).toMatchObject({
      type: 'attestation.received',
      attestation: attestation.id,
      entry: attestation.history.entry,
    });
    const { body: recorded } = demand(await gate.get(`/v1/verdicts/${given.items[0].id}`), 200);
    const { history, id, requestedBy: _by, context: _context, ...verdict } = recorded;
    const leaf = proved(history.proof);
    expect(leaf).toMatchObject({
      type: 'verdict.recorded',
      entry: history.entry,
      data: { verdict: id, decision: 'allow' },
    });
    // So the verdict, with the evidence that it rests on, is the one that was sealed.
    expect(leaf.data['digest']).toBe(`sha256:${sha256(Buffer.from(canonicalJson(verdict))).toString('hex')}`);
  });

  it('is sealed before it is long on record', async () => {
    const image = newImage();
    const { body } = demand(await admin.post('/v1/verdicts', { policy: 'release', images: [image] }), 201);
    const path = `/v1/verdicts/${body.items[0].id}`;
    const { history } = demand(await admin.get(path), 200).body;
    expect(history.entry).toMatch(/^\d+$/);
    await eventually(async () => {
      expect(demand(await admin.get(path), 200).body.history.proof).not.toBeNull();
    }, 5);
  });

  it('is without a signature where the service has no key, and a verdict that is none is refused', async () => {
    const { id } = await verdictOn(admin, newImage());
    expectRefused(await admin.get(`/v1/verdicts/${id}`, DSSE), { status: 409, code: 'signing_not_configured' });
    expectRefused(await admin.get('/v1/verdicts/unknown', DSSE), { status: 404, code: 'verdict_not_found' });
  });
});

describe('a witness', () => {
  const post = (body: string, api = auditor): Promise<Answer> =>
    api.post('/log/cosignatures', body, { 'content-type': 'text/plain' });

  it('adds its cosignature to a checkpoint, which is served with it', async () => {
    const { note, text, size } = await sealedCheckpoint();
    const line = formatSignatureLine(cosign(text, 1_800_000_000, witness, witnessPair.privateKey));
    const { body } = demand(await post(note + line), 201);
    expect(body).toEqual({ size, cosignatures: [{ witness: witness.vkey, time: '2027-01-15T08:00:00.000Z' }] });
    demand(await post(note + line), 200);
    const served = demand(await outsider.get(`/log/checkpoint?size=${size}`), 200).text;
    expect(served).toBe(note + line);
    const { signatures } = parseSignedNote(served);
    expect(verifyCosignature(text, signatures[1]!, [witness])).toMatchObject({ time: 1_800_000_000 });
    const later = formatSignatureLine(cosign(text, 1_800_000_001, witness, witnessPair.privateKey));
    // Without the log's own line, too: it is known.
    demand(await post(`${text}\n${later}`), 201);
    expect(demand(await outsider.get('/log/checkpoint?witnessed=true'), 200).text).toBe(note + later);
    expect((await auditor.get(`/v1/history/1/proof?size=${size}`)).body.checkpoint).toBe(note + later);
  });

  it('is refused where nobody named it, where its signature is over something else, and for another log', async () => {
    const { note, text, size } = await sealedCheckpoint();
    const by = (over: string, who = witness, pair = witnessPair): string =>
      formatSignatureLine(cosign(over, 1_800_000_000, who, pair.privateKey));
    expectRefused(await post(note + by(text, stranger, strangerPair)), { status: 403, code: 'witness_unknown' });
    expectRefused(await post(note + by(text) + by(text, stranger, strangerPair)), {
      status: 403,
      code: 'witness_unknown',
    });
    expectRefused(await post(note + by('something else\n')), { status: 400, code: 'cosignature_invalid' });
    expectRefused(await post(note + by(text, witness, strangerPair)), { status: 400, code: 'cosignature_invalid' });
    expectRefused(await post(note), { status: 400, code: 'note_malformed' });
    expectRefused(await post('nothing'), { status: 400, code: 'note_malformed' });
    expectRefused(await post(''), { status: 400, code: 'note_malformed' });
    expectRefused(await post('x'.repeat(70_000)), { status: 413, code: 'body_too_large' });
    const forked = text.replace(/\n[^\n]+\n$/, `\n${sha256().toString('base64')}\n`);
    expectRefused(await post(`${forked}\n${by(forked)}`), { status: 409, code: 'checkpoint_mismatch' });
    const beyond = text.replace(`\n${size}\n`, `\n${size + 1_000_000}\n`);
    expectRefused(await post(`${beyond}\n${by(beyond)}`), { status: 404, code: 'checkpoint_not_found' });
    expect((await checkpoint(`?size=${size}`)).note).toBe(note);
  });
});

describe('bad input', () => {
  it.each([
    ['/log/tile/0/x009/999', 404, 'tile_not_found'],
    ['/log/tile/1/000', 404, 'tile_not_found'],
    ['/log/tile/63/000.p/1', 404, 'tile_not_found'],
    ['/log/tile/64/000', 400, 'tile_malformed'],
    ['/log/tile/00/000', 400, 'tile_malformed'],
    ['/log/tile/-1/000', 400, 'tile_malformed'],
    ['/log/tile/0/0', 400, 'tile_malformed'],
    ['/log/tile/0/000.p/256', 400, 'tile_malformed'],
    ['/log/tile/0/000.p/0', 400, 'tile_malformed'],
    ['/log/tile/0/000/', 400, 'tile_malformed'],
    ['/log/tile/0/x999/x999/x999/x999/x999/999', 400, 'tile_malformed'],
    ['/log/tile/entries/x009/999', 404, 'tile_not_found'],
    ['/log/tile/entries/nothing', 400, 'tile_malformed'],
    ['/log/checkpoint?size=1000000', 404, 'size_beyond_log'],
    ['/log/checkpoint?size=x', 400, 'size_invalid'],
    ['/log/checkpoint?size=01', 400, 'size_invalid'],
    ['/log/checkpoint?sizes=1', 400, 'request_invalid'],
    ['/v1/history/0/proof', 400, 'sequence_malformed'],
    ['/v1/history/-1/proof', 400, 'sequence_malformed'],
    ['/v1/history/1e3/proof', 400, 'sequence_malformed'],
    ['/v1/history/99999999999999999999/proof', 400, 'sequence_malformed'],
    ['/v1/history/1000000/proof', 404, 'entry_not_sealed'],
    ['/v1/history/1/proof?size=9007199254740991', 404, 'size_beyond_log'],
    ['/v1/history/1/proof?size=1.5', 400, 'size_invalid'],
    ['/v1/history/consistency', 400, 'size_invalid'],
    ['/v1/history/consistency?from=1&to=1000000', 404, 'size_beyond_log'],
    ['/v1/history/consistency?from=1000000', 404, 'size_beyond_log'],
    ['/v1/history/consistency?from=3&to=2', 400, 'size_invalid'],
    ['/v1/history/consistency?from=-3', 400, 'size_invalid'],
  ])('GET %s is answered %i %s', async (path, status, code) => {
    expectRefused(await auditor.get(path), { status, code });
  });

  it('tells strangers no entry', async () => {
    for (const path of ['/log/tile/entries/000', '/v1/history/1/proof', '/v1/history/consistency?from=1']) {
      expectRefused(await outsider.get(path), { status: 401, code: 'token_missing' });
    }
    const gate = await apiAs(app, { roles: ['gate'] });
    expectRefused(await gate.get('/log/tile/entries/000.p/1'), { status: 403, code: 'role_missing' });
  });
});

describe('a signed verdict', () => {
  it('names the entry of the verdict, and carries its proof when it is asked for again', async () => {
    const signingDatabase = await createTestDatabase();
    const directory = mkdtempSync(join(tmpdir(), 'assay-e2e-log-'));
    const file = join(directory, 'key.pem');
    const pair = generateKeyPairSync('ed25519');
    writeFileSync(file, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const signing = await startTestApp({ database: signingDatabase, env: { ASSAY_SIGNING_KEY_FILE: file } });
    try {
      const api = apiOf(signing);
      await prepareRelease(api);
      const image = newImage();
      const first = demand(await api.get(`/v1/images/${image}/verdict?policy=release`, DSSE), 200);
      const predicateOf = (answer: Answer): Record<string, unknown> =>
        JSON.parse(parseEnvelope(answer.bytes).payload.toString()).predicate;
      const given = predicateOf(first);
      const { body: recorded } = demand(await api.get(`/v1/verdicts/${String(given['assay_verdict'])}`), 200);
      expect(given['assay_historyEntry']).toBe(recorded.history.entry);
      await eventually(async () => {
        const again = demand(await api.get(`/v1/verdicts/${recorded.id}`, DSSE), 200);
        expect(again.headers.get('content-type')).toBe(DSSE.accept);
        const { assay_historyProof: proof, ...same } = predicateOf(again);
        expect(typeof proof).toBe('string');
        const { extra } = parseTlogProof(String(proof));
        expect(JSON.parse((extra ?? Buffer.alloc(0)).toString())).toMatchObject({ entry: recorded.history.entry });
        const { assay_historyProof: _none, ...before } = given;
        expect(same).toEqual(before);
      });
    } finally {
      await signing.stop();
      await signingDatabase.drop();
      rmSync(directory, { recursive: true });
    }
  });
});
