import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuthorityId } from '../intoto/proved-signer.js';
import type { Authority, TrustRoot } from '../intoto/sigstore/trust-root.js';
import { authorityOf } from './authority.js';
import { ROOT_CAUSE, rootCause, waitsFor } from './gain-causes.js';
import type { Signer } from './signer.js';
import { deleteRoot, getRoot, putRoot } from './trust-root-change.js';
import { rootGains } from './trust-root-gains.js';
import {
  toTrustRootAnswer,
  toTrustRootWithDocument,
  trustRootAnswer,
  trustRootWithDocument,
} from './trust-root.answer.js';
import {
  attestorWith,
  authorityWith,
  BUILT_IN_ROOT,
  CA,
  certificateWith,
  CTLOG,
  day,
  EMPTY_TRUST,
  identityWith,
  keyWith,
  ROOT_AUTHORITIES,
  rootWith,
  signerWith,
  TLOG,
  trustOf,
  TSA,
} from './trust.fixture.js';

const small = rootWith(authorityWith({ id: CA, type: 'ca' }), authorityWith({ id: TSA, type: 'tsa' }));

describe('a trust root that is PUT', () => {
  it('is made, replaced, and left alone where it says the same', () => {
    expect(putRoot(EMPTY_TRUST, 'own', small)).toMatchObject({
      type: 'root',
      name: 'own',
      previous: null,
      root: small,
    });
    const trust = trustOf({ at: day(1), root: small, name: 'own' });
    expect(putRoot(trust, 'own', rootWith(...small.authorities))).toBeNull();
    expect(putRoot(trust, 'own', BUILT_IN_ROOT)).toMatchObject({ previous: small, root: BUILT_IN_ROOT });
  });

  it('is replaced where it says the same in another form', () => {
    const plain: TrustRoot = { ...small, form: 'x509' };
    const trust = trustOf({ at: day(1), root: plain, name: 'own' });
    expect(putRoot(trust, 'own', plain)).toBeNull();
    expect(putRoot(trust, 'own', small)).toMatchObject({ previous: plain, root: small, gains: [] });
  });

  it('may stand in the place of the one that is built in', () => {
    expect(putRoot(EMPTY_TRUST, 'public-good', BUILT_IN_ROOT)).toBeNull();
    expect(putRoot(EMPTY_TRUST, 'public-good', small)).toMatchObject({ previous: BUILT_IN_ROOT });
  });
});

describe('a trust root that is deleted', () => {
  it('is gone, once', () => {
    const trust = trustOf({ at: day(1), root: small, name: 'own' });
    expect(deleteRoot(trust, 'own')).toMatchObject({ name: 'own', previous: small, root: null });
    const gone = trustOf({ at: day(1), root: small, name: 'own' }, { at: day(2), root: null, name: 'own' });
    const missing = expect.objectContaining({ kind: 'not_found', code: 'trust_root_not_found' });
    for (const act of [deleteRoot, getRoot]) {
      expect(() => act(gone, 'own')).toThrow(missing);
      expect(() => act(gone, 'never')).toThrow(missing);
    }
    expect(putRoot(gone, 'own', small)).toMatchObject({ previous: null });
  });

  it('cannot be the one that is built in, but what stands in its place', () => {
    const refused = expect.objectContaining({ kind: 'conflict', code: 'trust_root_built_in' });
    expect(() => deleteRoot(EMPTY_TRUST, 'public-good')).toThrow(refused);
    const replaced = [{ at: day(1), root: small }] as const;
    expect(deleteRoot(trustOf(...replaced), 'public-good')).toMatchObject({
      root: null,
      gains: rootGains(small, BUILT_IN_ROOT),
    });
    const back = trustOf(...replaced, { at: day(2), root: null });
    expect(getRoot(back, 'public-good')).toMatchObject({
      builtIn: true,
      held: { root: BUILT_IN_ROOT },
      trustRevision: 2,
    });
    expect(() => deleteRoot(back, 'public-good')).toThrow(refused);
  });
});

describe('the answer about a trust root', () => {
  it('lists its authorities and since when it is so', () => {
    const builtIn = toTrustRootAnswer(EMPTY_TRUST, 'public-good');
    expect(trustRootAnswer.parse(builtIn)).toEqual(builtIn);
    expect(builtIn).toMatchObject({ builtIn: true, changedAt: null, trustRevision: 0 });
    expect(builtIn.authorities).toEqual(ROOT_AUTHORITIES);
    const own = toTrustRootAnswer(trustOf({ at: day(3), root: small, name: 'own' }), 'own');
    expect(trustRootAnswer.parse(own)).toEqual(own);
    expect(trustRootWithDocument.parse(toTrustRootWithDocument(EMPTY_TRUST, 'public-good'))).toEqual({
      ...builtIn,
      document: BUILT_IN_ROOT.json,
    });
    expect(own).toMatchObject({ builtIn: false, form: 'sigstore', changedAt: day(3), trustRevision: 1 });
  });
});

describe('what a change of a trust root gains', () => {
  const but = (change: Partial<Authority> & Pick<Authority, 'id'>): TrustRoot =>
    rootWith(
      ...ROOT_AUTHORITIES.map((authority) => (authority.id === change.id ? { ...authority, ...change } : authority)),
    );

  it('is nothing where nothing changes', () => {
    expect(rootGains(BUILT_IN_ROOT, rootWith(...[...ROOT_AUTHORITIES].reverse()))).toEqual([]);
    expect(rootGains(null, null)).toEqual([]);
    expect(rootGains(null, rootWith())).toEqual([]);
  });

  it('is every authority that it adds, and whatever no root knew', () => {
    expect(rootGains(null, small)).toEqual([ROOT_CAUSE, rootCause(CA), rootCause(TSA)]);
    const more = rootWith(...ROOT_AUTHORITIES, authorityWith({ id: 'ca:next' as AuthorityId, type: 'ca' }));
    expect(rootGains(BUILT_IN_ROOT, more)).toEqual([ROOT_CAUSE, 'root:ca:next']);
  });

  it('is an authority whose window widens, at either end', () => {
    const narrow = but({ id: TSA, validFrom: day(1), validUntil: day(2) });
    expect(rootGains(narrow, BUILT_IN_ROOT)).toEqual([ROOT_CAUSE, rootCause(TSA)]);
    expect(rootGains(narrow, but({ id: TSA, validFrom: day(1), validUntil: day(3) }))).toContain(ROOT_CAUSE);
    expect(rootGains(narrow, but({ id: TSA, validFrom: day(0), validUntil: day(2) }))).toContain(ROOT_CAUSE);
  });

  it('is no certificate of an unknown root where it only narrows', () => {
    expect(rootGains(BUILT_IN_ROOT, but({ id: TSA, validUntil: day(3) }))).toEqual([rootCause(TSA)]);
    expect(rootGains(BUILT_IN_ROOT, rootWith(...ROOT_AUTHORITIES.slice(0, 3)))).toEqual([rootCause(TSA)]);
  });

  it('is what its authorities issued where it asks for no log any more', () => {
    const without = (id: AuthorityId): TrustRoot =>
      rootWith(...ROOT_AUTHORITIES.filter((authority) => authority.id !== id));
    expect(rootGains(BUILT_IN_ROOT, without(CTLOG))).toEqual([rootCause(CA), rootCause(CTLOG)]);
    expect(rootGains(BUILT_IN_ROOT, without(TLOG))).toEqual([rootCause(CA), rootCause(TLOG)]);
  });

  it('is what its authorities issued where it takes on the form that does not ask for what', () => {
    const plain: TrustRoot = { ...small, form: 'x509' };
    expect(rootGains(small, plain)).toEqual([ROOT_CAUSE, rootCause(CA)]);
    expect(rootGains(plain, small)).toEqual([]);
  });

  it('is never overlooked: whoever counts after a change and did not before waits for one of its causes', () => {
    const window = fc.record({
      validFrom: fc.constantFrom(day(1), day(4), day(6)),
      validUntil: fc.constantFrom(null, day(5), day(8)),
    });
    const listed = (id: AuthorityId, type: Authority['type']): fc.Arbitrary<readonly Authority[]> =>
      fc.array(
        window.map((each) => authorityWith({ id, type, ...each })),
        { maxLength: 2 },
      );
    const root = fc
      .tuple(
        fc.constantFrom('sigstore' as const, 'x509' as const),
        listed(CA, 'ca'),
        listed('ca:next' as AuthorityId, 'ca'),
        listed(CTLOG, 'ctlog'),
        listed(TLOG, 'tlog'),
        listed(TSA, 'tsa'),
      )
      .map(([form, ...lists]): TrustRoot => ({ ...rootWith(...lists.flat()), form }));
    const moment = fc.integer({ min: 2, max: 9 }).map((date) => day(date));
    const certificate: fc.Arbitrary<Signer> = fc
      .record({
        tsa: moment,
        tlog: fc.option(moment, { nil: null }),
        logged: fc.boolean(),
        promised: fc.boolean(),
        codeSigning: fc.boolean(),
      })
      .map(({ tsa, tlog, logged, promised, codeSigning }) =>
        certificateWith({
          codeSigning,
          times: [{ authority: TSA, at: tsa }, ...(tlog === null ? [] : [{ authority: TLOG, at: tlog }])],
          tlogs: logged ? [TLOG] : [],
          ctlogs: promised ? [{ authority: CTLOG, at: tsa }] : [],
        }),
      );
    const key: fc.Arbitrary<Signer> = moment.map((provenAt) => signerWith({ provenAt }));
    const attestor = attestorWith({
      keys: [keyWith({ validFrom: day(3), validUntil: day(7) })],
      identities: [identityWith({ validFrom: day(3), validUntil: day(7) })],
    });
    const about = { kind: 'scan', predicateType: 'x', repository: null } as const;
    const counts = (under: TrustRoot | null, signer: Signer): boolean =>
      authorityOf(trustOf({ at: day(1), root: under }, { at: day(1), attestor }), 'trivy', signer, about).supports;
    const gained = { key: 0, certificate: 0 };
    fc.assert(
      fc.property(root, root, fc.oneof(certificate, key), (previous, next, signer) => {
        if (counts(next, signer) && !counts(previous, signer)) {
          gained[signer.type] += 1;
          const causes = rootGains(previous, next);
          expect(waitsFor([{ type: 'signer', signer }]).some((cause) => causes.includes(cause))).toBe(true);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(gained.key).toBeGreaterThan(20);
    expect(gained.certificate).toBeGreaterThan(20);
  });
});
