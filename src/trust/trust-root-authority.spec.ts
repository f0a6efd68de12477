import { describe, expect, it } from 'vitest';
import type { AuthorityId } from '../intoto/proved-signer.js';
import type { Authority } from '../intoto/sigstore/trust-root.js';
import { certificateStandsUnder, provenTimeUnder } from './trust-root-authority.js';
import { holdRoot } from './trust-root-state.js';
import {
  authorityWith,
  CA,
  certificateWith,
  CTLOG,
  day,
  ROOT_AUTHORITIES,
  rootWith,
  signerWith,
  TLOG,
  TSA,
} from './trust.fixture.js';

const root = holdRoot('own', rootWith(...ROOT_AUTHORITIES));
const OTHER = 'tsa:other' as AuthorityId;

/** The root with some of its authorities changed, or without them. */
function rootBut(changes: Readonly<Record<string, Partial<Authority> | null>>): typeof root {
  const authorities = ROOT_AUTHORITIES.flatMap((authority) => {
    const change = changes[authority.id];
    return change === null ? [] : [{ ...authority, ...change }];
  });
  return holdRoot('own', rootWith(...authorities));
}

/** The proven time, or what is missing. */
function standing(under: typeof root, ...change: Parameters<typeof certificateWith>): string {
  const found = certificateStandsUnder(under, certificateWith(...change));
  return found.stands ? found.provenAt : found.message;
}

describe('the time at which somebody is proved to have signed', () => {
  it('is the earliest that anybody vouches for whom the root trusts with it', () => {
    const times = [
      { authority: TLOG, at: day(9) },
      { authority: TSA, at: day(8) },
      { authority: OTHER, at: day(2) },
    ];
    expect(provenTimeUnder(root, signerWith({ times }))).toBe(day(8));
    expect(provenTimeUnder(rootBut({ [TSA]: null }), signerWith({ times }))).toBe(day(9));
    expect(provenTimeUnder(rootBut({ [TSA]: null, [TLOG]: null }), signerWith({ times }))).toBeNull();
    expect(provenTimeUnder(null, signerWith({ times }))).toBeNull();
    expect(provenTimeUnder(root, signerWith())).toBeNull();
  });

  it('lies within the window of whoever vouches for it, both ends included', () => {
    const listed = rootBut({ [TSA]: { validFrom: day(5), validUntil: day(7) } });
    const at = (time: string): string | null => provenTimeUnder(listed, signerWith({ provenAt: time }));
    expect(at(day(5, -1))).toBeNull();
    expect(at(day(5))).toBe(day(5));
    expect(at(day(7))).toBe(day(7));
    expect(at(day(7, 1))).toBeNull();
  });

  it('may lie in any of several windows', () => {
    const listed = holdRoot(
      'own',
      rootWith(
        authorityWith({ id: TSA, type: 'tsa', validFrom: day(1), validUntil: day(2) }),
        authorityWith({ id: TSA, type: 'tsa', validFrom: day(4), validUntil: day(5) }),
      ),
    );
    const at = (time: string): string | null => provenTimeUnder(listed, signerWith({ provenAt: time }));
    expect([at(day(2)), at(day(3)), at(day(4))]).toEqual([day(2), null, day(4)]);
  });

  it('is never said by a certificate authority, nor by a log of certificates', () => {
    for (const authority of [CA, CTLOG]) {
      expect(provenTimeUnder(root, signerWith({ times: [{ authority, at: day(9) }] }))).toBeNull();
    }
  });

  it('is the earliest as time, however it is written', () => {
    const times = [
      { authority: TSA, at: '2026-01-09T00:30:00+01:00' },
      { authority: TLOG, at: '2026-01-09T00:00:00.000Z' },
    ];
    expect(provenTimeUnder(root, signerWith({ times }))).toBe('2026-01-09T00:30:00+01:00');
  });

  it('is not later than receipt by more than clocks differ', () => {
    const at = (minutes: number): string => day(10, minutes * 60_000);
    const proven = (...times: readonly string[]): string | null =>
      provenTimeUnder(root, signerWith({ times: times.map((time) => ({ authority: TSA, at: time })) }));
    expect([proven(at(5)), proven(day(10, 5 * 60_000 + 1)), proven(day(11))]).toEqual([at(5), null, null]);
    expect(proven(day(11), day(9))).toBe(day(9));
  });

  it('cannot be told by what is no time', () => {
    expect(() => provenTimeUnder(root, signerWith({ times: [{ authority: TSA, at: 'noon' }] }))).toThrow(RangeError);
    expect(() => holdRoot('own', rootWith(authorityWith({ id: TSA, type: 'tsa', validUntil: 'never' })))).toThrow(
      RangeError,
    );
  });
});

describe('a certificate', () => {
  it('stands under a root that lists whoever is needed', () => {
    expect(standing(root)).toBe(day(9));
  });

  it('does not stand where nobody trusted says when it signed', () => {
    const missing = 'nobody whom trust root own trusts says when it was signed';
    expect(standing(rootBut({ [TSA]: null, [TLOG]: null }))).toBe(missing);
    expect(standing(root, { times: [{ authority: OTHER, at: day(9) }] })).toBe(missing);
    expect(standing(root, { times: [] })).toBe(missing);
  });

  it('does not stand by a time that was still to come when it was received', () => {
    const ahead = { authority: TSA, at: day(11) };
    expect(standing(root, { times: [ahead] })).toBe(
      `whoever trust root own trusts with the time says ${day(11)}, which is after it was received`,
    );
    // Nor does such a time ask for anything.
    const times = [ahead, { authority: TLOG, at: day(9) }];
    expect(standing(rootBut({ [CA]: { validUntil: day(9) } }), { times })).toBe(day(9));
  });

  it('stands under a root of Sigstore only where it is meant for signing code', () => {
    const server = { codeSigning: false };
    expect(standing(root, server)).toBe(
      "its certificate is not for signing code, as trust root own asks in Sigstore's form",
    );
    expect(standing(holdRoot('own', { ...root.root, form: 'x509' }), server)).toBe(day(9));
  });

  it('does not stand where its issuer is not listed, or is listed as something else', () => {
    const missing = 'trust root own does not list the authority that issued its certificate';
    expect(standing(rootBut({ [CA]: null }))).toBe(missing);
    expect(standing(rootBut({ [CA]: { type: 'tsa' } }))).toBe(missing);
    expect(standing(root, { chain: 'ca:other' as AuthorityId })).toBe(missing);
  });

  it('does not stand where its issuer was not trusted at every time that is proved', () => {
    const missing = 'trust root own does not trust the authority that issued its certificate at that time';
    expect(standing(rootBut({ [CA]: { validUntil: day(9, -1) } }))).toBe(missing);
    expect(standing(rootBut({ [CA]: { validFrom: day(9, 1) } }))).toBe(missing);
    expect(standing(rootBut({ [CA]: { validFrom: day(9), validUntil: day(9) } }))).toBe(day(9));
    const times = [
      { authority: TLOG, at: day(8) },
      { authority: TSA, at: day(9) },
    ];
    expect(standing(rootBut({ [CA]: { validUntil: day(8) } }), { times })).toBe(missing);
    // A time of nobody who is trusted asks for nothing.
    expect(standing(rootBut({ [CA]: { validUntil: day(8) }, [TSA]: null }), { times })).toBe(day(8));
    const twice = rootWith(
      ...ROOT_AUTHORITIES.filter(({ id }) => id !== CA),
      authorityWith({ id: CA, type: 'ca', validUntil: day(8) }),
      authorityWith({ id: CA, type: 'ca', validFrom: day(9) }),
    );
    expect(standing(holdRoot('own', twice), { times })).toBe(missing);
  });

  it('needs the promise of a certificate transparency log where the root lists one', () => {
    const missing = 'no certificate transparency log of trust root own lists its certificate';
    expect(standing(root, { ctlogs: [] })).toBe(missing);
    expect(standing(root, { ctlogs: [{ authority: 'ctlog:other' as AuthorityId, at: day(9) }] })).toBe(missing);
    expect(standing(rootBut({ [CTLOG]: { validUntil: day(9, -1) } }))).toBe(missing);
    expect(standing(root, { ctlogs: [{ authority: TLOG, at: day(9) }] })).toBe(missing);
    expect(standing(rootBut({ [CTLOG]: null }), { ctlogs: [] })).toBe(day(9));
  });

  it('needs a transparency log where the root lists one, within its window', () => {
    const missing = 'no transparency log of trust root own holds its signature';
    expect(standing(root, { tlogs: [] })).toBe(missing);
    expect(standing(root, { tlogs: ['tlog:other' as AuthorityId] })).toBe(missing);
    expect(standing(rootBut({ [TLOG]: { validUntil: day(9, -1) } }))).toBe(missing);
    expect(standing(rootBut({ [TLOG]: null }), { tlogs: [] })).toBe(day(9));
  });
});
