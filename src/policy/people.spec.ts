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
import { approverOf, named, peopleOf } from './people.js';

const GOOGLE = 'https://accounts.google.com';
const mail = (subject: string, person: string | null, id = subject): ReturnType<typeof identityWith> =>
  identityWith({ id, issuer: GOOGLE, subject, subjectGlob: null, person });
const signedBy = (subject: string, issuer: string | null = GOOGLE): Signer =>
  certificateWith({ identity: { issuer, subjects: [subject], claims: {} } });

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
    expect(approverOf(trust, 'leads', mira, 'mira')).toEqual({ person: named('mira'), mismatch: null });
    expect(approverOf(trust, 'leads', mira, 'jan')).toEqual({
      person: named('mira'),
      mismatch: 'names jan as approver, but was signed as mira',
    });
  });

  it("is the same as behind that person's key", () => {
    const byKey = approverOf(trust, 'leads', signerWith(), 'mira').person;
    expect(approverOf(trust, 'leads', signedBy('mira@example.com'), 'mira').person).toBe(byKey);
  });

  it('is its holder where no person is named, whatever key was made for it', () => {
    const jan = signedBy('jan@example.com');
    const { person, mismatch } = approverOf(trust, 'leads', jan, 'whoever');
    expect([person, mismatch]).toEqual([identitySignerId(GOOGLE, 'jan@example.com'), null]);
    expect(approverOf(trust, 'leads', { ...jan, thumbprint: KEY_B }, 'x').person).toBe(person);
  });

  it('is not that person by another issuer', () => {
    const other = signedBy('mira@example.com', 'https://other.example');
    expect(approverOf(trust, 'leads', other, 'x').person).not.toBe(named('mira'));
  });

  it('is that person under an attestor that names none, and by any of several subjects', () => {
    const both = trustOf(
      { at: day(1), attestor: attestorWith({ name: 'leads', identities: [mail('mira@example.com', 'mira')] }) },
      { at: day(1), attestor: attestorWith({ name: 'qa', identities: [mail('mira@example.com', null)] }) },
    );
    expect(approverOf(both, 'qa', signedBy('mira@example.com'), 'x').person).toBe(named('mira'));
    const several = certificateWith({
      identity: { issuer: GOOGLE, subjects: ['alias@example.com', 'mira@example.com'], claims: {} },
    });
    expect(approverOf(both, 'qa', several, 'x').person).toBe(named('mira'));
    expect(approverOf(both, 'leads', several, 'x').mismatch).not.toBeNull();
  });

  it('stays that person once the identity is gone', () => {
    const gone = trustOf(
      { at: day(1), attestor: attestorWith({ name: 'leads', identities: [mail('mira@example.com', 'mira')] }) },
      { at: day(2), deleted: 'leads' },
    );
    expect(peopleOf(gone).same(signerIdOf(signedBy('mira@example.com')))).toBe(named('mira'));
    expect(peopleOf(gone).same(KEY_A)).toBe(KEY_A);
  });

  it('is whom an attestor names that may', () => {
    const bot = trustOf({
      at: day(1),
      attestor: attestorWith({ name: 'bot', mayNameApprovers: true, identities: [identityWith()] }),
    });
    expect(approverOf(bot, 'bot', certificateWith(), 'mira')).toEqual({ person: named('mira'), mismatch: null });
  });
});
