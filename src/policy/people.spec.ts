import { describe, expect, it } from 'vitest';
import { identitySignerId, signerIdOf, type Signer } from '../trust/signer.js';
import {
  attestorWith,
  certificateWith,
  day,
  identityWith,
  KEY_A,
  KEY_B,
  keyWith,
  signerWith,
  trustOf,
} from '../trust/trust.fixture.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import { approverOf, named, peopleOf, signersOf, type Approver } from './people.js';

const GOOGLE = 'https://accounts.google.com';
const mail = (subject: string, person: string | null, id = subject): ReturnType<typeof identityWith> =>
  identityWith({ id, issuer: GOOGLE, subject, subjectGlob: null, person });
const signedBy = (subject: string, issuer: string | null = GOOGLE): Signer =>
  certificateWith({ identity: { issuer, subjects: [subject], claims: {} } });

/** Among nobody but this signer and the others. */
function approver(
  trust: TrustSnapshot,
  attestor: string,
  signer: Signer,
  claimed: string | null,
  ...others: Signer[]
): Approver {
  return approverOf(trust, peopleOf(trust, [signer, ...others]), attestor, signer, claimed);
}

describe('the approver behind a certificate', () => {
  const trust = trustOf({
    at: day(1),
    attestor: attestorWith({
      name: 'leads',
      keys: [keyWith({ person: 'mira' })],
      identities: [mail('mira@example.com', 'mira', 'mira'), mail('jan@example.com', null, 'jan')],
    }),
  });

  it('is the person of its subject, who may name nobody else', () => {
    const mira = signedBy('mira@example.com');
    expect(approver(trust, 'leads', mira, 'mira')).toEqual({ person: named('mira'), mismatch: null });
    expect(approver(trust, 'leads', mira, 'jan')).toEqual({
      person: named('mira'),
      mismatch: 'names jan as approver, but was signed as mira',
    });
  });

  it("is the same as behind that person's key", () => {
    const byKey = approver(trust, 'leads', signerWith(), 'mira').person;
    expect(approver(trust, 'leads', signedBy('mira@example.com'), 'mira').person).toBe(byKey);
  });

  it('is its holder where no person is named, whatever key was made for it', () => {
    const jan = signedBy('jan@example.com');
    const again = { ...jan, thumbprint: KEY_B };
    const { person, mismatch } = approver(trust, 'leads', jan, 'whoever', again);
    expect(mismatch).toBeNull();
    expect(person).toBe(peopleOf(trust, [jan, again]).same(identitySignerId(GOOGLE, 'jan@example.com')));
    expect(approver(trust, 'leads', again, 'x', jan).person).toBe(person);
  });

  it('is not that person by another issuer', () => {
    const other = signedBy('mira@example.com', 'https://other.example');
    expect(approver(trust, 'leads', other, 'x').person).not.toBe(named('mira'));
  });

  it('is that person under an attestor that names none, and by any of several subjects', () => {
    const both = trustOf(
      { at: day(1), attestor: attestorWith({ name: 'leads', identities: [mail('mira@example.com', 'mira')] }) },
      { at: day(1), attestor: attestorWith({ name: 'qa', identities: [mail('mira@example.com', null)] }) },
    );
    expect(approver(both, 'qa', signedBy('mira@example.com'), 'x').person).toBe(named('mira'));
    const several = certificateWith({
      identity: { issuer: GOOGLE, subjects: ['alias@example.com', 'mira@example.com'], claims: {} },
    });
    expect(approver(both, 'qa', several, 'x').person).toBe(named('mira'));
    expect(approver(both, 'leads', several, 'x').mismatch).not.toBeNull();
  });

  it('stays that person once the identity is gone', () => {
    const gone = trustOf(
      { at: day(1), attestor: attestorWith({ name: 'leads', identities: [mail('mira@example.com', 'mira')] }) },
      { at: day(2), deleted: 'leads' },
    );
    expect(peopleOf(gone, []).same(signerIdOf(signedBy('mira@example.com')))).toBe(named('mira'));
    expect(peopleOf(gone, []).same(KEY_A)).toBe(KEY_A);
  });

  it('is whom an attestor names that may', () => {
    const bot = trustOf({
      at: day(1),
      attestor: attestorWith({ name: 'bot', mayNameApprovers: true, identities: [identityWith()] }),
    });
    expect(approver(bot, 'bot', certificateWith(), 'mira')).toEqual({ person: named('mira'), mismatch: null });
  });
});

describe('several certificates', () => {
  const trust = trustOf({
    at: day(1),
    attestor: attestorWith({ name: 'leads', keys: [keyWith()], identities: [mail('mira@example.com', null, 'mira')] }),
  });
  const of = (...subjects: string[]): Signer => certificateWith({ identity: { issuer: GOOGLE, subjects, claims: {} } });

  it('of one holder are one person and one signer, in whatever order their subjects stand', () => {
    const [plain, wide] = [of('mira@example.com'), of('a.smith@example.com', 'mira@example.com')];
    expect(approver(trust, 'leads', wide, null, plain).person).toBe(approver(trust, 'leads', plain, null, wide).person);
    const signers = signersOf(trust, [plain, wide]);
    expect(signers.same(signerIdOf(wide))).toBe(signers.same(signerIdOf(plain)));
  });

  it('and the bare key of one of them are one as well', () => {
    const certified = { ...of('mira@example.com'), thumbprint: KEY_A };
    const bare = signerWith();
    expect(approver(trust, 'leads', bare, null, certified).person).toBe(
      approver(trust, 'leads', certified, null, bare).person,
    );
  });

  it('of people whom no attestor knows tie nobody together', () => {
    const stranger = certificateWith({
      identity: { issuer: 'https://other.example', subjects: ['mira@example.com', 'jan@example.com'], claims: {} },
    });
    const people = peopleOf(trust, [stranger]);
    const [mira, jan] = ['mira@example.com', 'jan@example.com'].map((subject) =>
      people.same(identitySignerId('https://other.example', subject)),
    );
    expect(mira).not.toBe(jan);
  });
});
