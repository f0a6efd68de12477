import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256, type AttestationId } from '../intoto/digest.js';
import { authorityOf } from './authority.js';
import { patternOf } from './identity-pattern.js';
import { signerNames } from './signer.js';
import { standingOf } from './statement-standing.js';
import { touchingRevisions } from './touching-revisions.js';
import {
  attestorWith,
  authorityWith,
  certificateWith,
  certified,
  day,
  identityWith,
  KEY_A,
  KEY_B,
  keylessWith,
  keyWith,
  LEAF_KEY,
  ROOT_AUTHORITIES,
  rootWith,
  signerWith,
  trustOf,
  TSA,
} from './trust.fixture.js';
import { weighedRevisions, type Believed } from './weighed-revisions.js';

const signed = sha256(Buffer.from('signed'));
const attestation = `sha256:${'f'.repeat(64)}` as AttestationId;
const act = (signers: readonly ReturnType<typeof signerNames>[number][] | null) => ({
  signedDigest: signed,
  signers,
  act: 'revoked' as const,
  reason: 'wrong',
  attestation,
});

const believes = (name: string): Believed => ({ attestors: new Set([name]) });
const [byA, byB] = [signerWith(), signerWith({ thumbprint: KEY_B })];
const own = { name: 'other', keys: [keyWith({ thumbprint: KEY_B })] };

/** An id never stands for two patterns. */
const PATTERNS = [
  { id: 'release' },
  { id: 'x', trustRoot: 'own' },
  { id: 'y', issuer: null },
  { id: 'z', issuer: null, trustRoot: 'own' },
] as const;

describe('weighedRevisions', () => {
  it('are those of the attestors that are believed, and of no other that signed', () => {
    const trust = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(2), attestor: attestorWith(own) },
      { at: day(3), attestor: attestorWith({ repositories: ['a/*'] }) },
      { at: day(4), attestor: attestorWith({ ...own, kinds: ['test'] }) },
      { at: day(5), revoked: { reason: 'superseded' } },
      { at: day(6), revoked: { reason: 'compromised', thumbprint: KEY_B, attestor: 'other' } },
      { at: day(7), deleted: 'trivy' },
      { at: day(8), deleted: 'other' },
    );
    const things = { signers: [byA, byB], signedDigests: [] };
    expect(weighedRevisions(trust, things, believes('trivy'))).toEqual([1, 3, 5, 7]);
    expect(weighedRevisions(trust, things, believes('other'))).toEqual([2, 4, 6, 8]);
    expect(weighedRevisions(trust, things, believes('nobody'))).toEqual([]);
  });

  it('are also the revocations of a key as compromised under another attestor, and none as superseded there', () => {
    const trust = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(2), attestor: attestorWith({ name: 'other' }) },
      { at: day(3), revoked: { reason: 'superseded', attestor: 'other' } },
      { at: day(4), revoked: { reason: 'compromised', attestor: 'other' } },
    );
    expect(weighedRevisions(trust, { signers: [byA], signedDigests: [] }, believes('trivy'))).toEqual([1, 4]);
  });

  it('are those of the roots by which such attestors judge their own, and of no other root', () => {
    const listing = rootWith(...ROOT_AUTHORITIES);
    const trust = trustOf(
      { at: day(1), attestor: keylessWith({ trustRoot: 'own' }) },
      { at: day(2), root: listing, name: 'own' },
      { at: day(3), root: listing, name: 'else' },
      { at: day(4), root: rootWith(), name: 'own' },
      { at: day(5), root: null, name: 'own' },
      { at: day(6), revokedIdentity: { reason: 'superseded', attestor: 'other' } },
      { at: day(7), revokedIdentity: { reason: 'compromised', attestor: 'other' } },
      { at: day(8), revokedIdentity: { reason: 'superseded' } },
    );
    const things = { signers: [certificateWith()], signedDigests: [] };
    expect(weighedRevisions(trust, things, believes('trivy'))).toEqual([1, 2, 4, 5, 7, 8]);
  });

  it('are those of a root that says whom the revocation of a pattern without an issuer binds', () => {
    const signers = [certificateWith({ identity: certified({ issuer: null }) })];
    const pattern = patternOf(identityWith({ issuer: null, trustRoot: 'own' }));
    const recorded = [
      { at: day(4), attestor: keylessWith({ issuer: null }) },
      { at: day(5), revokedIdentity: { reason: 'compromised', attestor: 'other', pattern } },
      { at: day(6), root: rootWith(...ROOT_AUTHORITIES), name: 'own' },
    ] as const;
    const supports = (count: number): boolean =>
      authorityOf(trustOf(...recorded.slice(0, count)), 'trivy', signers[0]!, {
        kind: 'scan',
        predicateType: 't',
        repository: null,
      }).supports;
    expect([2, 3].map(supports)).toEqual([true, false]);
    expect(weighedRevisions(trustOf(...recorded), { signers, signedDigests: [] }, believes('trivy'))).toEqual([
      1, 2, 3,
    ]);
  });

  it('are the acts on what such attestors signed, and those that bind whomever', () => {
    const trust = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(2), attestor: attestorWith(own) },
      { at: day(3), act: act(signerNames(byA)) },
      { at: day(4), act: act(signerNames(byB)) },
      { at: day(5), act: act(null) },
    );
    expect(weighedRevisions(trust, { signers: [byA, byB], signedDigests: [signed] }, believes('trivy'))).toEqual([
      1, 3, 5,
    ]);
  });

  it('are none of those by which another attestor says who somebody is', () => {
    const namedBy = (person: string | null) => attestorWith({ name: 'other', keys: [keyWith({ person })] });
    const trust = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(2), attestor: namedBy(null) },
      { at: day(3), attestor: namedBy('ann') },
    );
    expect(weighedRevisions(trust, { signers: [byA], signedDigests: [] }, believes('trivy'))).toEqual([1]);
  });

  it('leave out nothing that changes what any signer may say for those who are believed', () => {
    const unissued = certificateWith({ identity: certified({ issuer: null }) });
    const signers = [byA, byB, signerWith({ provenAt: day(9) }), certificateWith(), unissued];
    const name = fc.constantFrom('trivy', 'other', 'third');
    const root = fc.constantFrom('public-good', 'own');
    const key = fc.record({
      thumbprint: fc.constantFrom(KEY_A, KEY_B, LEAF_KEY),
      trustRoot: root,
      validUntil: fc.constantFrom(null, day(5), day(20)),
    });
    const pattern = fc.constantFrom(...PATTERNS);
    const attestor = fc.record({
      name,
      kinds: fc.constantFrom('scan' as const, 'test' as const).map((kind) => [kind]),
      keys: fc.uniqueArray(key.map(keyWith), { maxLength: 2, selector: ({ thumbprint }) => thumbprint }),
      identities: fc.uniqueArray(pattern.map(identityWith), { maxLength: 2, selector: ({ id }) => id }),
      repositories: fc.constantFrom(null, ['a/*'], ['b/*']),
    });
    const reason = fc.constantFrom('superseded' as const, 'compromised' as const);
    const effectiveFrom = fc.constantFrom(null, day(7), day(12));
    const thumbprint = fc.constantFrom(KEY_A, KEY_B, LEAF_KEY);
    const authorities = fc.subarray([...ROOT_AUTHORITIES, authorityWith({ id: TSA, type: 'tsa', validUntil: day(3) })]);
    const change = fc.oneof(
      { weight: 4, arbitrary: attestor.map((each) => ({ attestor: attestorWith(each) })) },
      name.map((deleted) => ({ deleted })),
      fc.record({ reason, attestor: name, thumbprint, effectiveFrom }).map((revoked) => ({ revoked })),
      fc.record({ reason, attestor: name, pattern, effectiveFrom }).map(({ pattern: of, ...revokedIdentity }) => ({
        revokedIdentity: { ...revokedIdentity, identityId: of.id, pattern: patternOf(identityWith(of)) },
      })),
      fc.record({ root: fc.option(authorities.map((some) => rootWith(...some))), name: root }),
      fc
        .option(fc.subarray(signers, { minLength: 1 }))
        .map((some) => ({ act: act(some === null ? null : [...new Set(some.flatMap(signerNames))].sort()) })),
    );
    const claims = ['a/x', null].map((repository) => ({ kind: 'scan' as const, predicateType: 't', repository }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const dated = changes.map((each, index) => ({ ...each, at: day(index + 4) }));
        const things = { signers, signedDigests: [signed] };
        const whole = trustOf(...dated);
        const weighed = weighedRevisions(whole, things, believes('trivy'));
        const touching = touchingRevisions(whole, things);
        expect(weighed.filter((revision) => !touching.includes(revision))).toEqual([]);
        for (let revision = 1; revision <= dated.length; revision += 1) {
          if (weighed.includes(revision)) continue;
          const [before, after] = [revision - 1, revision].map((count) => {
            const trust = trustOf(...dated.slice(0, count));
            return signers.map((signer) => [
              standingOf(trust, signed, signerNames(signer)),
              claims.map((claim) => {
                const { supports, objects, provenAt } = authorityOf(trust, 'trivy', signer, claim);
                return [supports, objects, objects && provenAt];
              }),
            ]);
          });
          // What is said of the standing of a signer who is not believed makes no difference.
          const believed = (told: typeof before): unknown =>
            told?.map(([standing, says]) => (String(says).includes('true') ? [standing, says] : says));
          expect(believed(after)).toEqual(believed(before));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
