import { createHash, createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attestationIdOf,
  isSha256Digest,
  sha256,
  type AttestationId,
  type Sha256Digest,
} from '../../src/intoto/digest.js';
import { thumbprintOf } from '../../src/intoto/thumbprint.js';
import type { CaseAttestor, CaseChange, PolicyCase } from '../../src/policy-test/policy-cases.js';
import { namingImages, relatedImageOf } from '../../src/policy-test/policy-scene.js';
import { saidOf, wantedOf } from '../../src/policy-test/verdict-said.js';
import { loadPolicyCases } from '../corpus/own-policy-cases.js';
import { loadVerificationCases, type VerificationCase, type Want } from '../corpus/verification-cases.js';
import { demand } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { newImage } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/*
 * The cases that the pure functions are held to, once more from outside: real signatures, posted over HTTP, examined by
 * the worker, answered by the gate's route.
 */

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let pipeline: Api;
let gate: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  pipeline = await apiAs(app, { name: 'pipeline', roles: ['attester'] });
  gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

describe('verification cases over HTTP', () => {
  const cases = loadVerificationCases();

  it.concurrent.each(cases.map((each) => [each.name, each.description, each] as const))(
    '%s: %s',
    async (_name, _text, each) => {
      expect(await verificationOf(each)).toEqual(each.want);
    },
  );
});

async function verificationOf({ bytes, attestors }: VerificationCase): Promise<Want> {
  for (const { name, document } of attestors) demand(await admin.put(`/v1/attestors/${name}`, document), 201);
  const answer = await pipeline.post('/v1/attestations', bytes, { prefer: 'wait=30' });
  if (answer.status !== 201) {
    const id = attestationIdOf(bytes);
    demand(await admin.get(`/v1/attestations/${id}`), 404);
    const { code, errors = [] } = answer.body;
    return { outcome: 'refused', code, paths: errors.map(({ path }: { path: string }) => path) };
  }
  const { outcome, code, signers } = answer.body.verification;
  if (outcome !== 'verified') return { outcome, code };
  const names = signers.map(({ attestor, keyId }: { attestor: string; keyId: string }) => `${attestor}/${keyId}`);
  return { outcome, signers: [...new Set<string>(names)].sort() };
}

describe('policy cases over HTTP', () => {
  const cases = loadPolicyCases(new Date().toISOString()).filter(({ overHttp }) => overHttp);

  it('are there', () => {
    expect(cases.length).toBeGreaterThanOrEqual(350);
  });

  it.concurrent.each(cases.map((each, index) => [each.name, each.description, each, index] as const))(
    '%s: %s',
    async (_name, _text, each, index) => {
      const scene = new Scene(`c${index}.`);
      await Promise.all(each.attestors.map((attestor) => scene.put(attestor)));
      demand(await scene.publish(each), 201);
      await scene.relate(each);
      const ids = await scene.post(each);
      for (const change of each.changes) await scene.change(change);
      await scene.withdraw(each, ids);
      const waivers = await scene.waive(each);
      const verdict = await scene.ask(each);
      expect(
        saidOf(
          each,
          verdict,
          (name) => ids.get(name)!,
          (name) => waivers.get(name)!,
        ),
      ).toEqual(wantedOf(each));
    },
  );
});

const COMMIT = /\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g;

function newDigest(): Sha256Digest {
  const image = newImage();
  if (!isSha256Digest(image)) throw new Error(`${image} is no digest`);
  return image;
}

function hexOf(digest: Sha256Digest): string {
  return digest.replace('sha256:', '');
}

/**
 * A case among others in one service: every attestor and every person has a name of the case's own, and every key is its
 * own, so that what one case does to trust is nothing to the others.
 */
class Scene {
  private readonly keys = new Map<string, TestKey>();
  private image: Sha256Digest = newDigest();
  /** The indexes and manifests of the case, by name. */
  private readonly relatives = new Map<string, Sha256Digest>();
  /** What stands here for each commit that evidence of the case is about. */
  private readonly ownCommits = new Map<string, string>();
  private readonly policy: string;

  constructor(private readonly prefix: string) {
    this.policy = `${prefix}corpus`;
  }

  async put({ name, document }: CaseAttestor): Promise<void> {
    const keys = Object.entries(document.keys).map(([id, key]) => {
      const { key: shared = `${name}/${id}`, person, ...window } = key ?? {};
      const { publicKey } = this.keyOf(shared);
      return { id, publicKey, ...window, ...(person === undefined ? {} : { person: this.own(person) }) };
    });
    const identities = Object.entries(document.identities ?? {}).map(([id, { person, ...identity }]) => ({
      id,
      ...identity,
      ...(person === undefined ? {} : { person: this.own(person) }),
    }));
    const { status, text } = await admin.put(`/v1/attestors/${this.own(name)}`, { ...document, keys, identities });
    if (status !== 200 && status !== 201) throw new Error(text);
  }

  publish({ policy }: PolicyCase): Promise<Answer> {
    return admin.put(`/v1/policies/${this.policy}`, { ...this.renamed(policy), policy: this.policy });
  }

  /** Posts the indexes of the case; the image itself is one where it has manifests. */
  async relate({ indexes, manifests }: PolicyCase): Promise<void> {
    for (const name of manifests) this.relatives.set(name, newDigest());
    if (manifests.length > 0) this.image = await this.postIndex(manifests.map((name) => this.relatives.get(name)!));
    for (const name of indexes) this.relatives.set(name, await this.postIndex([this.image, newDigest()]));
  }

  private async postIndex(manifests: readonly Sha256Digest[]): Promise<Sha256Digest> {
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const listed = manifests.map((digest) => ({ mediaType, digest, size: 500 }));
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: listed }));
    const digest = sha256(bytes);
    demand(await pipeline.post(`/v1/images/${digest}/manifests`, bytes), 201);
    return digest;
  }

  private digestOf(name: string | null): Sha256Digest {
    return name === null ? this.image : this.relatives.get(name)!;
  }

  /** In the order of the case, one after the other: receipt orders what has no time of its own. */
  async post({ evidence }: PolicyCase): Promise<ReadonlyMap<string, AttestationId>> {
    for (const { commit } of evidence) if (commit !== undefined) this.ownCommits.set(commit, this.commitOf(commit));
    const ids = new Map<string, AttestationId>();
    for (const { name, content, signedBy, commit, about } of evidence) {
      if (!('predicate' in content)) throw new Error(`${name} is not written as a predicate`);
      const predicate = namingImages(this.renamed(content.predicate), (related) => this.digestOf(related));
      // By the name no two statements are one, as no two are in a case.
      const statement = statementAbout(
        commit === undefined ? this.digestOf(about ?? null) : `gitCommit:${this.ownCommits.get(commit)!}`,
        content.predicateType,
        predicate,
        name,
      );
      const envelope = envelopeOf(
        statement,
        signedBy.map((signer) => {
          const key = this.keyOf(signer);
          return { key, keyid: thumbprintOf(createPublicKey(key.publicKey)) };
        }),
      );
      const { body } = demand(await pipeline.post('/v1/attestations', envelope, { prefer: 'wait=30' }), 201);
      ids.set(name, body.id);
    }
    return ids;
  }

  /** Revokes or retracts what the case says. */
  async withdraw({ evidence }: PolicyCase, ids: ReadonlyMap<string, AttestationId>): Promise<void> {
    for (const { name, standing } of evidence) {
      if (standing === 'standing') continue;
      const act = standing === 'revoked' ? 'revoke' : 'retract';
      demand(await admin.post(`/v1/attestations/${ids.get(name)!}/${act}`, { reason: 'a case' }), 200);
    }
  }

  /** Makes the waivers of the case, and answers their ids by name. */
  async waive({ waivers }: PolicyCase): Promise<ReadonlyMap<string, string>> {
    const ids = new Map<string, string>();
    for (const { name, requirement, vulnerability, scope, parameters, until } of waivers) {
      const { body } = demand(
        await admin.post('/v1/waivers', {
          policy: this.policy,
          requirement,
          vulnerability,
          scope: typeof scope === 'object' ? scope : { digest: scope === 'image' ? this.image : newDigest() },
          parameters,
          reason: 'a case of the corpus',
          reference: 'none',
          until,
        }),
        201,
      );
      ids.set(name, body.id);
    }
    return ids;
  }

  async change(change: CaseChange): Promise<void> {
    if ('put' in change) await this.put(change.put);
    else if ('distrust' in change || 'identity' in change) throw new Error('this is for evaluation alone');
    else if ('delete' in change) demand(await admin.delete(`/v1/attestors/${this.own(change.delete)}`), 204);
    else {
      const { revoke, key, reason } = change;
      demand(await admin.post(`/v1/attestors/${this.own(revoke)}/keys/${key}/revoke`, { reason }), 200);
    }
  }

  /** The verdict, by the names of the case again. */
  async ask(each: PolicyCase): Promise<Answer['body']> {
    const { parameters, repository } = each;
    const query = new URLSearchParams({ policy: this.policy });
    if (repository !== null) query.set('repository', repository);
    for (const [name, value] of Object.entries(parameters)) query.set(`param.${name}`, String(value));
    const { text } = demand(await gate.get(`/v1/images/${this.image}/verdict?${query.toString()}`), 200);
    const caseOf = new Map([
      ...[...this.ownCommits].map(([commit, own]) => [own, commit] as const),
      ...[...this.relatives].map(([name, own]) => [hexOf(own), hexOf(relatedImageOf(each, name))] as const),
    ]);
    const said = text.replaceAll(this.prefix, '').replaceAll(COMMIT, (own) => caseOf.get(own) ?? own);
    return JSON.parse(said);
  }

  private keyOf(name: string): TestKey {
    const key = this.keys.get(name) ?? makeKey('Ed25519');
    this.keys.set(name, key);
    return key;
  }

  /** Evidence about one commit is evidence about it for every image: so commits are a case's own as well. */
  private commitOf(commit: string): string {
    const algorithm = commit.length === 40 ? 'sha1' : 'sha256';
    return createHash(algorithm).update(`${this.prefix}${commit}`).digest('hex');
  }

  private own(name: string): string {
    return `${this.prefix}${name}`;
  }

  /** The document with its attestors and approvers under the names they have here. */
  private renamed<V>(document: V): V {
    return JSON.parse(JSON.stringify(document), (key: string, value: unknown) => {
      if (key === 'from' && Array.isArray(value)) return value.map((name) => this.own(String(name)));
      if (key === 'reviewers' && Array.isArray(value)) {
        return value.map(({ name, ...rest }: { readonly name: string }) => ({ ...rest, name: this.own(name) }));
      }
      if (key === 'github_actor' && typeof value === 'string') return this.own(value);
      if (key === 'approver' && typeof value === 'object') {
        const { id, ...rest } = value as { readonly id: string };
        return { ...rest, id: this.own(id) };
      }
      if ((key === 'approvers' || key === 'dismissedApprovers') && Array.isArray(value)) {
        return value.map((name) => this.own(String(name)));
      }
      if (key === 'gitCommit') return this.ownCommits.get(String(value)) ?? value;
      return value;
    });
  }
}
