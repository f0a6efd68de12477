import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../intoto/predicate-kind.js';
import { AppError } from '../platform/app-error.js';
import { applyIdentity, applyKey, applyPut } from './attestor-change.js';
import { attestorGains } from './attestor-gains.js';
import { PUBLIC_GOOD, type Attestor, type AttestorIdentity, type AttestorKey } from './attestor.js';
import { authorityOf } from './authority.js';
import { attestorDigest, isSameAttestor } from './canonical-attestor.js';
import { identityCause, keyCause, signerCause } from './gain-causes.js';
import type { AttestorDocument, KeyDocument } from './parse-attestor.js';
import type { IdentityDocument } from './parse-identity.js';
import type { Signer, Thumbprint } from './signer.js';
import {
  attestorWith,
  certificateWith,
  certified,
  day,
  EMPTY_TRUST,
  GITHUB,
  identityWith,
  KEY_A,
  KEY_B,
  keyWith,
  signerWith,
  TLOG,
  trustOf,
  TSA,
} from './trust.fixture.js';

const THUMBPRINTS = ['a', 'b', 'c', 'd'].map((letter) => `sha256:${letter.repeat(64)}` as Thumbprint);
const SCHEMES = ['ES256/der', 'ES256/ieee-p1363', 'RS256'] as const;

const moment = fc.integer({ min: 1, max: 12 }).map((date) => day(date));
const orNone = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const repository = fc.constantFrom('a/x', 'a/y', 'b/x', 'b/x/y');

const keyDocument: fc.Arbitrary<KeyDocument> = fc
  .record({
    index: fc.nat({ max: THUMBPRINTS.length - 1 }),
    schemes: fc.subarray([...SCHEMES], { minLength: 1 }),
    validFrom: orNone(moment),
    validUntil: orNone(moment),
    person: orNone(fc.constantFrom('mira', 'jan')),
  })
  .map(({ index, ...terms }) => {
    const thumbprint = THUMBPRINTS[index];
    if (thumbprint === undefined) throw new Error('no such key');
    return { id: `k${index}`, thumbprint, publicKey: `PEM ${index}`, trustRoot: PUBLIC_GOOD, ...terms };
  });

const SUBJECTS = ['https://github.com/acme/app/x', 'https://github.com/acme/lib/x', 'mira@example.com'];

const identityDocument: fc.Arbitrary<IdentityDocument> = fc
  .record({
    index: fc.nat({ max: 3 }),
    validFrom: orNone(moment),
    validUntil: orNone(moment),
  })
  .map(({ index, ...window }) => {
    const { retiredAt: _, ...identity } = identityWith({
      id: `i${index}`,
      subject: SUBJECTS[index] ?? null,
      subjectGlob: index === 3 ? 'https://github.com/acme/**' : null,
      ...window,
    });
    return identity;
  });

const identityDocuments = fc.uniqueArray(identityDocument, { selector: ({ id }) => id, maxLength: 3 });

const keyDocuments = fc.uniqueArray(keyDocument, { selector: (key) => key.id, maxLength: THUMBPRINTS.length });

const scope = fc.oneof(
  fc.subarray(['scan', 'test', 'vex'] as const, { minLength: 1 }).map((kinds) => ({ kinds, predicateTypes: null })),
  fc.subarray(['https://t1.example', 'https://t2.example'], { minLength: 1 }).map((predicateTypes) => ({
    kinds: null,
    predicateTypes,
  })),
);

const document: fc.Arbitrary<AttestorDocument> = fc
  .record({
    scope,
    keys: keyDocuments,
    identities: identityDocuments,
    repositories: orNone(fc.subarray(['a/*', 'b/**', '**'], { minLength: 1 })),
    mayNameApprovers: fc.boolean(),
  })
  .map(({ scope: { kinds, predicateTypes }, ...rest }) => ({
    ...attestorWith(),
    ...rest,
    kinds,
    predicateTypes,
  }));

/** An attestor as a few documents in a row make it. */
const attestor: fc.Arbitrary<Attestor> = fc
  .array(document, { minLength: 1, maxLength: 3 })
  .map((documents) =>
    documents.reduce<Attestor | null>((previous, next, index) => applyPut(previous, next, day(3 * index + 1)), null),
  )
  .map((made) => made ?? attestorWith());

const keySigner: fc.Arbitrary<Signer> = fc
  .record({
    thumbprint: fc.constantFrom(...THUMBPRINTS),
    scheme: fc.constantFrom(...SCHEMES),
    receivedAt: moment,
    provenAt: orNone(moment),
  })
  .map(signerWith);

const certificateSigner: fc.Arbitrary<Signer> = fc
  .record({ subject: fc.constantFrom(...SUBJECTS), at: moment, receivedAt: moment })
  .map(({ subject, at, receivedAt }) =>
    certificateWith({
      identity: certified({ subjects: [subject] }),
      times: [
        { authority: TLOG, at },
        { authority: TSA, at },
      ],
      receivedAt,
    }),
  );

const signer = fc.oneof(keySigner, certificateSigner);

const claim = fc.record({
  kind: fc.constantFrom(...KINDS),
  predicateType: fc.constantFrom('https://t1.example', 'https://t2.example', 'https://t3.example'),
  repository: orNone(repository),
});

const toDocument = ({ keys, identities, ...rest }: Attestor): AttestorDocument => ({
  ...rest,
  keys: keys.filter((key) => key.retiredAt === null).map(({ retiredAt: _, ...key }) => key),
  identities: identities
    .filter((identity) => identity.retiredAt === null)
    .map(({ retiredAt: _, ...identity }) => identity),
});

/** The causes of one change, where nothing else was ever recorded. */
const gains = (previous: Attestor | null, next: Attestor | null): readonly string[] =>
  attestorGains(previous === null ? EMPTY_TRUST : trustOf({ at: day(1), attestor: previous }), previous, next);

describe('a document that is PUT', () => {
  const k1 = keyWith();
  const k2 = keyWith({ id: 'k2', thumbprint: KEY_B });

  it('retires the keys it leaves out, from then on', () => {
    const previous = attestorWith({ keys: [k1, k2] });
    const next = applyPut(previous, toDocument(attestorWith({ keys: [k2] })), day(5));
    expect(next.keys).toEqual([{ ...k1, retiredAt: day(5) }, k2]);
  });

  it('leaves the retirement of a key where it was', () => {
    const previous = attestorWith({ keys: [{ ...k1, retiredAt: day(2) }, k2] });
    expect(applyPut(previous, toDocument(previous), day(5))).toEqual(previous);
  });

  it('takes a retired key back by naming it', () => {
    const previous = attestorWith({ keys: [{ ...k1, retiredAt: day(2) }] });
    expect(applyPut(previous, toDocument(attestorWith()), day(5)).keys).toEqual([k1]);
  });

  it('replaces everything but the keys', () => {
    const previous = attestorWith({ description: 'old', repositories: ['a/*'], mayNameApprovers: true });
    const next = applyPut(previous, toDocument(attestorWith({ kinds: ['test'] })), day(5));
    expect(next).toEqual(attestorWith({ kinds: ['test'] }));
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(orNone(attestor), document, (previous, next) => {
        const once = applyPut(previous, next, day(20));
        expect(isSameAttestor(applyPut(once, next, day(21)), once)).toBe(true);
        expect(gains(once, applyPut(once, next, day(21)))).toEqual([]);
      }),
    );
  });

  it('keeps every key ever named, each once, and only those it names unretired', () => {
    fc.assert(
      fc.property(attestor, document, (previous, next) => {
        const { keys } = applyPut(previous, next, day(20));
        const thumbprints = keys.map((key) => key.thumbprint);
        expect(new Set(thumbprints).size).toBe(keys.length);
        expect(new Set(keys.map((key) => key.id)).size).toBe(keys.length);
        const named = next.keys.map((key) => key.thumbprint);
        expect([...thumbprints].sort()).toEqual(
          [...new Set([...previous.keys.map((key) => key.thumbprint), ...named])].sort(),
        );
        for (const key of keys) expect(key.retiredAt === null).toBe(named.includes(key.thumbprint));
      }),
    );
  });
});

describe('a key that is added', () => {
  const previous = attestorWith();
  const { retiredAt: _, ...added } = keyWith({ id: 'k2', thumbprint: KEY_B });

  it('stands beside the others, which it does not touch', () => {
    expect(applyKey(previous, added).keys).toEqual([keyWith(), { ...added, retiredAt: null }]);
  });

  it('changes nothing where the attestor names it already', () => {
    const once = applyKey(previous, added);
    expect(isSameAttestor(applyKey(once, added), once)).toBe(true);
  });

  it('is refused where the attestor names it with other terms', () => {
    const once = applyKey(previous, added);
    const act = (): unknown => applyKey(once, { ...added, validUntil: day(9) });
    expect(act).toThrow(AppError);
    expect(act).toThrow(expect.objectContaining({ kind: 'conflict', code: 'key_id_taken' }));
  });

  it('takes a retired key back', () => {
    const retired = applyPut(applyKey(previous, added), toDocument(previous), day(5));
    expect(applyKey(retired, added).keys[1]?.retiredAt).toBeNull();
  });
});

describe('an identity', () => {
  const release = identityWith();
  const { retiredAt: _, ...named } = release;

  it('that a document leaves out is retired from then on, and taken back by naming it', () => {
    const previous = attestorWith({ identities: [release] });
    const without = applyPut(previous, toDocument(attestorWith()), day(5));
    expect(without.identities).toEqual([{ ...release, retiredAt: day(5) }]);
    expect(applyPut(without, toDocument(attestorWith()), day(6))).toEqual(without);
    expect(applyPut(without, toDocument(previous), day(7)).identities).toEqual([release]);
  });

  it('that is added stands beside the others, in the order of their ids', () => {
    const other = identityWith({ id: 'a', subject: 'x', subjectGlob: null });
    const previous = attestorWith({ identities: [other] });
    expect(applyIdentity(previous, named).identities).toEqual([other, release]);
    const once = applyIdentity(previous, named);
    expect(isSameAttestor(applyIdentity(once, named), once)).toBe(true);
  });

  it('that is there with other terms is not added', () => {
    const previous = attestorWith({ identities: [release] });
    expect(() => applyIdentity(previous, { ...named, validUntil: day(9) })).toThrow(
      expect.objectContaining({ kind: 'conflict', code: 'identity_id_taken' }),
    );
  });
});

describe('what a change gains', () => {
  const newKey = keyCause('ES256/der');
  const k1 = signerCause(KEY_A);

  it('is everything an added attestor has, and nothing where one is deleted', () => {
    expect(gains(null, attestorWith())).toEqual([newKey]);
    expect(gains(null, attestorWith({ keys: [] }))).toEqual([]);
    expect(gains(null, attestorWith({ keys: [], identities: [identityWith()] }))).toEqual([identityCause(GITHUB)]);
    expect(gains(attestorWith(), null)).toEqual([]);
    expect(gains(null, null)).toEqual([]);
  });

  it('is not waited for by unknown signatures where somebody else has held the key already', () => {
    const trust = trustOf({ at: day(1), attestor: attestorWith() });
    expect(attestorGains(trust, null, attestorWith({ name: 'qa' }))).toEqual([k1]);
    const wider = attestorWith({ name: 'qa', keys: [keyWith({ schemes: ['ES256/der', 'ES256/ieee-p1363'] })] });
    expect(attestorGains(trust, null, wider)).toEqual([keyCause('ES256/ieee-p1363'), k1]);
    const gone = trustOf({ at: day(1), attestor: attestorWith() }, { at: day(2), deleted: 'trivy' });
    expect(attestorGains(gone, null, attestorWith())).toEqual([k1]);
  });

  const wider: readonly (readonly [string, Partial<Attestor>, Partial<Attestor>, readonly string[]])[] = [
    ['another kind', { kinds: ['scan'] }, { kinds: ['scan', 'vex'] }, [k1]],
    ['predicate types for kinds', { kinds: ['scan'] }, { kinds: null, predicateTypes: ['https://t1.example'] }, [k1]],
    ['no limit of repositories', { repositories: ['a/*'] }, { repositories: null }, [k1]],
    ['another repository', { repositories: ['a/*'] }, { repositories: ['a/*', 'b/*'] }, [k1]],
    ['another key', {}, { keys: [keyWith(), keyWith({ id: 'k2', thumbprint: KEY_B })] }, [newKey]],
    [
      'another scheme',
      {},
      { keys: [keyWith({ schemes: ['ES256/der', 'ES256/ieee-p1363'] })] },
      [keyCause('ES256/ieee-p1363'), k1],
    ],
    ['an earlier start', { keys: [keyWith({ validFrom: day(2) })] }, { keys: [keyWith({ validFrom: day(1) })] }, [k1]],
    ['no start', { keys: [keyWith({ validFrom: day(2) })] }, {}, [k1]],
    ['a later end', { keys: [keyWith({ validUntil: day(2) })] }, { keys: [keyWith({ validUntil: day(3) })] }, [k1]],
    ['no end', { keys: [keyWith({ validUntil: day(2) })] }, {}, [k1]],
    ['a key taken back', { keys: [keyWith({ retiredAt: day(2) })] }, {}, [k1]],
    ['an identity', {}, { identities: [identityWith()] }, [identityCause(GITHUB)]],
    ['an identity without issuer', {}, { identities: [identityWith({ issuer: null })] }, [identityCause(null)]],
    ['a wider window of an identity', ...windows({ validUntil: day(2) }, {}), [identityCause(GITHUB)]],
    ['an identity taken back', ...windows({ retiredAt: day(2) }, {}), [identityCause(GITHUB)]],
    ['more for keys and identities', ...kinds(['scan'], ['scan', 'vex']), [identityCause(GITHUB), k1]],
  ];

  function windows(
    before: Partial<AttestorIdentity>,
    after: Partial<AttestorIdentity>,
  ): readonly [Partial<Attestor>, Partial<Attestor>] {
    return [{ identities: [identityWith(before)] }, { identities: [identityWith(after)] }];
  }

  function kinds(before: Attestor['kinds'], after: Attestor['kinds']): readonly [Partial<Attestor>, Partial<Attestor>] {
    const identities = [identityWith()];
    return [
      { kinds: before, identities },
      { kinds: after, identities },
    ];
  }

  it.each(wider)('is something with %s, and nothing the other way round', (_what, before, after, causes) => {
    expect(gains(attestorWith(before), attestorWith(after))).toEqual(causes);
    const back = gains(attestorWith(after), attestorWith(before));
    expect(back.length > 0).toBe('predicateTypes' in after);
  });

  it('may be something where another root says when a key signed', () => {
    expect(gains(attestorWith(), attestorWith({ keys: [keyWith({ trustRoot: 'own' })] }))).toEqual([k1]);
  });

  it('is nothing where only what a verdict makes of counted evidence changes', () => {
    const previous = attestorWith({ identities: [identityWith({ subject: 'x', subjectGlob: null })] });
    const next = attestorWith({
      description: 'x',
      mayNameApprovers: true,
      builders: [{ id: 'https://b.example', slsaLevel: 3 }],
      keys: [keyWith({ person: 'mira' })],
      identities: [identityWith({ subject: 'x', subjectGlob: null, person: 'mira' })],
    });
    expect(gains(previous, next)).toEqual([]);
  });

  it('is never overlooked: whoever counts after a change and did not before waits for one of its causes', () => {
    const change = fc.oneof(
      fc.tuple(orNone(attestor), orNone(attestor)),
      // Little changed, so that a single condition decides.
      fc.tuple(attestor, document).map(([previous, next]) => [previous, applyPut(previous, next, day(20))] as const),
      fc
        .tuple(attestor, fc.constantFrom('keys', 'identities', 'kinds', 'repositories'), attestor)
        .map(([previous, field, other]) => [previous, { ...previous, [field]: other[field] }] as const),
    );
    const gained = { key: 0, certificate: 0 };
    fc.assert(
      fc.property(change, signer, claim, ([previous, next], by, about) => {
        if (countsUnder(next, by, about) && !countsUnder(previous, by, about)) {
          gained[by.type] += 1;
          const causes = gains(previous, next);
          const waited =
            by.type === 'certificate'
              ? [identityCause(by.identity.issuer)]
              : [signerCause(by.thumbprint), keyCause(by.scheme)];
          expect(waited.some((cause) => causes.includes(cause))).toBe(true);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(gained.key).toBeGreaterThan(20);
    expect(gained.certificate).toBeGreaterThan(20);
  });

  function countsUnder(held: Attestor | null, by: Signer, about: Parameters<typeof authorityOf>[3]): boolean {
    if (held === null) return false;
    return authorityOf(trustOf({ at: day(1), attestor: held }), held.name, by, about).supports;
  }
});

describe('the digest of an attestor', () => {
  it('does not depend on the order in which its members were read', () => {
    const reversed = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).reverse()) as T;
    const attestorRead = reversed(attestorWith({ keys: attestorWith().keys.map(reversed<AttestorKey>) }));
    expect(attestorDigest(attestorRead)).toBe(attestorDigest(attestorWith()));
    expect(isSameAttestor(attestorRead, attestorWith())).toBe(true);
  });

  it('tells apart attestors that differ anywhere', () => {
    expect(attestorDigest(attestorWith({ keys: [keyWith({ person: 'mira' })] }))).not.toBe(
      attestorDigest(attestorWith()),
    );
    expect(isSameAttestor(attestorWith(), attestorWith({ keys: [keyWith({ thumbprint: KEY_B })] }))).toBe(false);
    expect(isSameAttestor(attestorWith(), null)).toBe(false);
    expect(isSameAttestor(null, null)).toBe(true);
  });
});
