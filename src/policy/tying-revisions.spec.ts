import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Thumbprint } from '../trust/signer.js';
import { signerNames } from '../trust/signer.js';
import {
  attestorWith,
  certificateWith,
  certified,
  day,
  GITHUB,
  identityWith,
  KEY_A,
  KEY_B,
  keylessWith,
  keyWith,
  LEAF_KEY,
  signerWith,
  trustOf,
  WORKFLOW,
} from '../trust/trust.fixture.js';
import { believedAmong } from '../trust/weighed-revisions.js';
import { noticedRevisions } from './believed-attestors.js';
import { lookalikesOf, named, peopleOf, signersOf } from './people.js';
import { tyingRevisions } from './tying-revisions.js';

const KEY_C = `sha256:${'c'.repeat(64)}` as Thumbprint;
const [byA, byB] = [signerWith(), signerWith({ thumbprint: KEY_B })];
const signers = [byA, byB];
const image = { signers, people: ['ann', 'bob'], everybody: signers };

/** An attestor that says of these keys whose they are. */
function saying(name: string, persons: Readonly<Record<string, string | null>>) {
  const keys = Object.entries(persons).map(([thumbprint, person], index) =>
    keyWith({ id: `k${index}`, thumbprint: thumbprint as Thumbprint, person }),
  );
  return attestorWith({ name, keys });
}

describe('tyingRevisions', () => {
  it('are those that tie people together by a key which signed nothing, whoever holds it', () => {
    const trust = trustOf(
      { at: day(1), attestor: saying('leads', { [KEY_A]: 'ann', [KEY_B]: 'bob' }) },
      { at: day(2), attestor: saying('hr1', { [KEY_C]: 'ann' }) },
      { at: day(3), attestor: saying('hr2', { [KEY_C]: 'bob' }) },
      { at: day(4), deleted: 'hr2' },
      { at: day(5), attestor: saying('hr2', { [KEY_C]: null }) },
    );
    expect(tyingRevisions(trust, image)).toEqual([1, 3, 5]);
    const people = { signers: [], people: ['ann', 'bob'], everybody: [] };
    expect(tyingRevisions(trust, people)).toEqual([3, 5]);
    expect(tyingRevisions(trust, { ...people, people: ['ann'] })).toEqual([]);
  });

  it('are none of those that say whose another key is, where it ties nobody of these', () => {
    const trust = trustOf(
      { at: day(1), attestor: saying('leads', { [KEY_A]: 'ann', [KEY_B]: 'bob' }) },
      { at: day(2), attestor: saying('hold', { [KEY_A]: null }) },
      { at: day(3), attestor: saying('hold', { [KEY_A]: null, [KEY_C]: 'zed' }) },
      { at: day(4), attestor: saying('hold', { [KEY_A]: 'ann', [KEY_C]: 'zed' }) },
      { at: day(5), attestor: saying('hold', { [KEY_A]: 'zed', [KEY_C]: 'zed' }) },
      { at: day(6), attestor: saying('hold', { [KEY_A]: 'bob', [KEY_C]: 'zed' }) },
    );
    expect(tyingRevisions(trust, image)).toEqual([1, 6]);
  });

  it('are those from which on a certificate ties its names, and that say its subject is a person', () => {
    const certificate = certificateWith();
    const trust = trustOf(
      { at: day(1), attestor: keylessWith({ subjectGlob: 'https://example.com/*' }, { name: 'else' }) },
      { at: day(2), attestor: keylessWith() },
      { at: day(3), attestor: keylessWith({ id: 'x' }, { name: 'other' }) },
      { at: day(4), attestor: keylessWith({ subjectGlob: null, subject: WORKFLOW, person: 'ann' }, { name: 'third' }) },
    );
    expect(tyingRevisions(trust, { signers: [certificate], people: [], everybody: [certificate] })).toEqual([2]);
    expect(tyingRevisions(trust, { signers: [certificate], people: ['ann'], everybody: [certificate] })).toEqual([
      2, 4,
    ]);
    expect(tyingRevisions(trust, { signers: [], people: [WORKFLOW, 'ann'], everybody: [certificate] })).toEqual([4]);
  });

  it('are exactly those at which others are one than before', () => {
    const bare = signerWith({ thumbprint: LEAF_KEY });
    const unissued = certificateWith({ identity: certified({ issuer: null }) });
    const everybody = [byA, byB, bare, certificateWith(), unissued];
    const person = fc.constantFrom(null, 'ann', 'bob', 'ANN', 'zed', 'yan');
    const key = fc.record({ thumbprint: fc.constantFrom(KEY_A, KEY_B, KEY_C, LEAF_KEY), person });
    const identity = fc
      .record({ issuer: fc.constantFrom(GITHUB, null), subject: fc.constantFrom(WORKFLOW, 'dan', null), person })
      .map(({ issuer, subject, person: who }) =>
        identityWith({
          id: `${issuer ?? 'none'}-${subject ?? 'glob'}`,
          issuer,
          ...(subject === null ? {} : { subject, subjectGlob: null, person: who }),
        }),
      );
    const name = fc.constantFrom('leads', 'other', 'third');
    const attestor = fc.record({
      name,
      keys: fc.uniqueArray(key.map(keyWith), { maxLength: 2, selector: ({ thumbprint }) => thumbprint }),
      identities: fc.uniqueArray(identity, { maxLength: 1, selector: ({ id }) => id }),
    });
    const change = fc.oneof(
      { weight: 5, arbitrary: attestor.map((each) => ({ attestor: attestorWith(each) })) },
      name.map((deleted) => ({ deleted })),
    );
    let found = 0;
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 10 }),
        fc.subarray(everybody),
        fc.subarray(['ann', 'bob', 'dan', WORKFLOW]),
        (changes, some, people) => {
          const dated = changes.map((each, index) => ({ ...each, at: day(index + 1) }));
          const subjects = some.flatMap((signer) => (signer.type === 'certificate' ? signer.identity.subjects : []));
          const names = [...some.flatMap(signerNames), ...[...subjects, ...people].map(named)];
          const apartAt = (count: number): unknown => {
            const trust = trustOf(...dated.slice(0, count));
            return [peopleOf, lookalikesOf, signersOf].map((tell) => {
              const same = names.map((each) => tell(trust, everybody).same(each));
              return same.map((one) => same.indexOf(one));
            });
          };
          const tying = dated.flatMap((_, index) =>
            JSON.stringify(apartAt(index)) === JSON.stringify(apartAt(index + 1)) ? [] : [index + 1],
          );
          found += tying.length;
          const whole = trustOf(...dated);
          expect(tyingRevisions(whole, { signers: some, people, everybody })).toEqual(tying);
          const believed = new Set(['leads']);
          const evidence = { signers: everybody, people, signedDigests: [] };
          const noticed = noticedRevisions(whole, evidence, { attestors: believed, tellsApart: true });
          const own = believedAmong(whole, everybody, believed);
          expect(noticed).toEqual(
            expect.arrayContaining([...tyingRevisions(whole, { signers: own, people, everybody })]),
          );
        },
      ),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(100);
  });
});
