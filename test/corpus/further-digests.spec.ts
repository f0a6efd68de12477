import { describe, expect, it } from 'vitest';
import type { BuildFact, Fact } from '../../src/facts/fact.js';
import { UNRELATED, type ImageRelations } from '../../src/images/image-relations.js';
import { sha256, subjectDigest, type Sha256Digest, type SubjectDigest } from '../../src/intoto/digest.js';
import { CASES_AT } from '../../src/policy-test/case-shape.js';
import { attestationOf, thumbprintOf, trustOf } from '../../src/policy-test/policy-scene.js';
import { signerOf } from '../../src/trust/signer.js';
import { compilePolicy } from '../../src/policy/compile-policy.js';
import { furtherDigests, type KnownOfImage } from '../../src/policy/further-digests.js';
import { parsePolicy } from '../../src/policy/parse-policy.js';

const trust = trustOf([{ name: 'ci', document: { kinds: ['build'], keys: { k1: {} } } }], []);
const signer = signerOf(
  { type: 'key', thumbprint: thumbprintOf('ci/k1'), scheme: 'ES256/der', times: [] },
  { receivedAt: CASES_AT, lastReceivedAt: CASES_AT },
);

function commit(index: number): string {
  return index.toString(16).padStart(40, '0');
}

function build(index: number): Fact {
  const content: BuildFact = {
    kind: 'build',
    builder: 'https://ci.example/x',
    buildType: null,
    source: { repository: null, ref: null, commit: commit(index) },
    invocation: null,
    startedAt: null,
    finishedAt: null,
    materials: [],
    parameters: null,
  };
  const attestation = attestationOf(`build ${index}`);
  const signedDigest = sha256(Buffer.from(attestation));
  const predicateType = 'https://slsa.dev/provenance/v1';
  const received = { receivedAt: CASES_AT, ownTime: null };
  return {
    id: attestation,
    attestation,
    kind: 'build',
    predicateType,
    signers: [signer],
    ...received,
    content,
    signedDigest,
  };
}

const indexes = Array.from({ length: 40 }, (_, index) => sha256(Buffer.from(`index ${index}`))).sort();
const relations: ImageRelations = { ...UNRELATED, indexes };
const related = new Map<SubjectDigest, readonly Fact[]>(indexes.map((index, place) => [index, [build(place)]]));

function needed(built: object, change: Partial<KnownOfImage> = {}): readonly SubjectDigest[] {
  const requirements = [
    { id: 'built', kind: 'build', from: ['ci'], ...built },
    { id: 'tested', kind: 'test', from: ['ci'], of: 'source' },
    { id: 'scanned', kind: 'scan', from: ['ci'], via: 'index' },
  ];
  const policy = compilePolicy(parsePolicy(JSON.stringify({ policy: 'p', requirements }), 'json'));
  return furtherDigests({ policy, facts: [build(1_000)], relations, related, trust, repository: null, ...change });
}

const OWN = subjectDigest('gitCommit', commit(1_000));

function commitsIn(digests: readonly SubjectDigest[]): readonly SubjectDigest[] {
  return digests.filter((digest) => !indexes.includes(digest as Sha256Digest));
}

describe('the digests of which a verdict needs the facts', () => {
  it('are related images, and the commit that the image’s own builds name', () => {
    expect(needed({})).toEqual([...indexes, OWN].sort());
  });

  it('are the commits that builds of related images name, where these count', () => {
    const few = { ...relations, indexes: indexes.slice(0, 2) };
    const commits = [0, 1, 1_000].map((index) => subjectDigest('gitCommit', commit(index)));
    expect(commitsIn(needed({ via: 'index' }, { relations: few }))).toEqual(commits);
  });

  it('have the image’s own commit among them, however many others there are', () => {
    const commits = commitsIn(needed({ via: 'index' }));
    expect(commits).toHaveLength(32);
    expect(commits).toContain(OWN);
  });

  it('are the same once more is known', () => {
    const first = needed({ via: 'index' }, { related: new Map() });
    expect(first).toEqual([...indexes, OWN].sort());
    expect(needed({ via: 'index' })).toEqual(expect.arrayContaining([...first]));
  });

  it('are none where the policy looks at nothing else', () => {
    const policy = compilePolicy(
      parsePolicy(
        JSON.stringify({ policy: 'p', requirements: [{ id: 'built', kind: 'build', from: ['ci'] }] }),
        'json',
      ),
    );
    expect(needed({}, { policy })).toEqual([]);
  });
});
