import { describe, expect, it } from 'vitest';
import { authorityOf, eligibilityOf, judgedTime, type Authority, type Claim } from './authority.js';
import type { TrustSnapshot } from './trust-snapshot.js';
import { attestorWith, day, KEY_A, KEY_B, keyWith, signerWith, trustOf } from './trust.fixture.js';

const SCAN: Claim = {
  kind: 'scan',
  predicateType: 'https://in-toto.io/attestation/vulns/v0.1',
  repository: 'registry.example/team/app',
};

interface Asked {
  readonly attestor?: string;
  readonly signer?: Parameters<typeof signerWith>[0];
  readonly claim?: Partial<Claim>;
}

function ask(trust: TrustSnapshot, { attestor = 'trivy', signer = {}, claim = {} }: Asked = {}): Authority {
  return authorityOf(trust, attestor, signerWith(signer), { ...SCAN, ...claim });
}

/** `supports`, `objects` or `nothing`, behind the code. */
function standing(trust: TrustSnapshot, asked?: Asked): string {
  const { code, supports, objects } = ask(trust, asked);
  const effect = supports && objects ? 'supports' : objects ? 'objects' : supports ? 'supports only' : 'nothing';
  return `${code}: ${effect}`;
}

const COUNTS = 'counts: supports';

describe('who may speak', () => {
  const trust = trustOf({ at: day(1), attestor: attestorWith() });

  it('counts a signature by a key of the attestor for a kind it may sign', () => {
    expect(standing(trust)).toBe(COUNTS);
    expect(ask(trust)).toMatchObject({ attestor: { name: 'trivy' }, credential: { type: 'key', key: { id: 'k1' } } });
  });

  it('knows no attestor that was never registered', () => {
    expect(standing(trust, { attestor: 'grype' })).toBe('wrong_attestor: nothing');
    expect(ask(trust, { attestor: 'constructor' }).attestor).toBeNull();
  });

  it('does not take one known key for that of another attestor', () => {
    const two = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(1), attestor: attestorWith({ name: 'qa', keys: [keyWith({ thumbprint: KEY_B })] }) },
    );
    expect(standing(two, { attestor: 'qa' })).toBe('wrong_attestor: nothing');
    expect(ask(two, { attestor: 'qa' })).toMatchObject({ attestor: { name: 'qa' }, credential: null });
  });

  it('refuses a scheme the key is not confined to', () => {
    expect(standing(trust, { signer: { scheme: 'ES256/ieee-p1363' } })).toBe('signer_not_allowed: nothing');
  });

  it('refuses a kind the attestor may not sign, and says so', () => {
    const asked = { claim: { kind: 'approval' } } as const;
    expect(standing(trust, asked)).toBe('signer_not_allowed: nothing');
    expect(ask(trust, asked).message).toBe('attestor trivy may not sign kind approval');
  });

  it('goes by the exact predicate type where the attestor is limited to types', () => {
    const typed = trustOf({
      at: day(1),
      attestor: attestorWith({ kinds: null, predicateTypes: [SCAN.predicateType] }),
    });
    expect(standing(typed)).toBe(COUNTS);
    expect(standing(typed, { claim: { kind: 'vex' } })).toBe(COUNTS);
    const other = { claim: { predicateType: `${SCAN.predicateType}/` } };
    expect(standing(typed, other)).toBe('signer_not_allowed: nothing');
    expect(ask(typed, other).message).toContain('predicate type');
  });

  it('gives nobody authority who is limited to nothing', () => {
    const nothing = trustOf({ at: day(1), attestor: attestorWith({ kinds: null, predicateTypes: null }) });
    expect(standing(nothing)).toBe('signer_not_allowed: nothing');
  });

  it('throws rather than judge by a time that cannot be compared', () => {
    expect(() => ask(trust, { signer: { receivedAt: 'yesterday' } })).toThrow(RangeError);
    expect(() => ask(trust, { signer: { provenAt: '' } })).toThrow(RangeError);
  });
});

describe('the window of a key', () => {
  const window = { validFrom: day(5), validUntil: day(15) };
  const trust = trustOf({ at: day(1), attestor: attestorWith({ keys: [keyWith(window)] }) });
  const received = (receivedAt: string): string => standing(trust, { signer: { receivedAt } });

  it('includes its first moment and excludes its last', () => {
    expect(received(day(5, -1))).toBe('key_not_valid_then: nothing');
    expect(received(day(5))).toBe(COUNTS);
    expect(received(day(15, -1))).toBe(COUNTS);
    expect(received(day(15))).toBe('key_not_valid_then: nothing');
  });

  it('is held against the proven signing time where there is one, and else against receipt', () => {
    expect(standing(trust, { signer: { receivedAt: day(20), provenAt: day(10) } })).toBe(COUNTS);
    expect(standing(trust, { signer: { receivedAt: day(10), provenAt: day(4) } })).toBe('key_not_valid_then: nothing');
    for (const [signer, time] of [
      [signerWith({ provenAt: day(4) }), day(4)],
      [signerWith(), day(10)],
    ] as const) {
      expect(judgedTime(ask(trust, { signer }), signer)).toBe(time);
    }
  });

  it('reads times as the database writes them too', () => {
    expect(received('2026-01-05T00:00:00.000000+00:00')).toBe(COUNTS);
    expect(received('2026-01-05T00:59:59.999999+01:00')).toBe('key_not_valid_then: nothing');
  });

  it('that is narrowed later takes support and leaves the objection', () => {
    const narrowed = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(12), attestor: attestorWith({ keys: [keyWith({ validUntil: day(9) })] }) },
    );
    expect(standing(narrowed)).toBe('key_not_valid_then: objects');
    expect(standing(narrowed, { signer: { receivedAt: day(12) } })).toBe('key_not_valid_then: nothing');
  });
});

describe('a retired key', () => {
  const trust = trustOf(
    { at: day(1), attestor: attestorWith() },
    { at: day(12), attestor: attestorWith({ keys: [keyWith({ retiredAt: day(12) })] }) },
  );

  it('counts for what was received before, and for nothing from that moment on', () => {
    expect(standing(trust, { signer: { receivedAt: day(12, -1) } })).toBe(COUNTS);
    expect(standing(trust, { signer: { receivedAt: day(12) } })).toBe('signer_revoked: nothing');
  });

  it('counts for what was proved to be signed before, whenever it was received', () => {
    expect(standing(trust, { signer: { receivedAt: day(20), provenAt: day(11) } })).toBe(COUNTS);
  });

  it('counts throughout once it is named again', () => {
    const again = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(12), attestor: attestorWith({ keys: [keyWith({ retiredAt: day(12) })] }) },
      { at: day(14), attestor: attestorWith() },
    );
    expect(standing(again, { signer: { receivedAt: day(13) } })).toBe(COUNTS);
  });
});

describe('a key revoked as compromised', () => {
  const revoked = { at: day(12), revoked: { reason: 'compromised' } } as const;
  const trust = trustOf({ at: day(1), attestor: attestorWith() }, revoked);

  it('supports nothing it ever signed, whatever its proven time', () => {
    expect(ask(trust).code).toBe('signer_revoked');
    expect(ask(trust).supports).toBe(false);
    expect(ask(trust, { signer: { provenAt: day(2) } }).supports).toBe(false);
  });

  it('keeps the objections received before the revocation was recorded', () => {
    expect(standing(trust, { signer: { receivedAt: day(12, -1) } })).toBe('signer_revoked: objects');
  });

  it('objects to nothing received since the revocation was recorded', () => {
    expect(standing(trust, { signer: { receivedAt: day(12) } })).toBe('signer_revoked: nothing');
    expect(standing(trust, { signer: { receivedAt: day(13) } })).toBe('signer_revoked: nothing');
  });

  it('still supports what came before the moment from which it is compromised', () => {
    const since = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(12), revoked: { reason: 'compromised', effectiveFrom: day(8) } },
    );
    expect(standing(since, { signer: { receivedAt: day(8, -1) } })).toBe(COUNTS);
    expect(standing(since, { signer: { receivedAt: day(8) } })).toBe('signer_revoked: objects');
    expect(standing(since, { signer: { receivedAt: day(13), provenAt: day(8, -1) } })).toBe(COUNTS);
    expect(standing(since, { signer: { receivedAt: day(13), provenAt: day(8) } })).toBe('signer_revoked: nothing');
  });

  it('is bound under every attestor that holds it', () => {
    const both = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(1), attestor: attestorWith({ name: 'qa' }) },
      revoked,
    );
    expect(standing(both, { attestor: 'qa' })).toBe('signer_revoked: objects');
  });

  it('gives nothing back under an attestor that came to hold it after it was revoked', () => {
    const later = trustOf({ at: day(1), attestor: attestorWith() }, revoked, {
      at: day(13),
      attestor: attestorWith({ name: 'qa' }),
    });
    expect(standing(later, { attestor: 'qa' })).toBe('signer_revoked: nothing');
  });

  it('may be moved earlier, and keeps the objections received before it was', () => {
    const moved = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(12), revoked: { reason: 'compromised', effectiveFrom: day(8) } },
      { at: day(14), revoked: { reason: 'compromised', effectiveFrom: day(4) } },
    );
    expect(standing(moved, { signer: { receivedAt: day(6) } })).toBe('signer_revoked: objects');
    expect(standing(moved, { signer: { receivedAt: day(4, -1) } })).toBe(COUNTS);
    expect(standing(moved, { signer: { receivedAt: day(13), provenAt: day(6) } })).toBe('signer_revoked: objects');
  });
});

describe('a key revoked as superseded', () => {
  const trust = trustOf(
    { at: day(1), attestor: attestorWith() },
    { at: day(1), attestor: attestorWith({ name: 'qa' }) },
    { at: day(12), revoked: { reason: 'superseded', effectiveFrom: day(12) } },
  );

  it('supports what came before and nothing from that moment on', () => {
    expect(standing(trust, { signer: { receivedAt: day(12, -1) } })).toBe(COUNTS);
    expect(standing(trust, { signer: { receivedAt: day(12) } })).toBe('signer_revoked: nothing');
  });

  it('binds only the attestor under which it was revoked', () => {
    expect(standing(trust, { attestor: 'qa', signer: { receivedAt: day(13) } })).toBe(COUNTS);
  });

  it('from an earlier moment keeps the objections received before it was recorded', () => {
    const earlier = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(12), revoked: { reason: 'superseded', effectiveFrom: day(8) } },
    );
    expect(standing(earlier)).toBe('signer_revoked: objects');
  });
});

describe('an attestor that changes', () => {
  it('that is deleted supports nothing and keeps its objections, with the key that made them', () => {
    const person = 'mira@example.com';
    const deleted = trustOf(
      { at: day(1), attestor: attestorWith({ keys: [keyWith({ person })] }) },
      { at: day(12), deleted: 'trivy' },
    );
    expect(standing(deleted)).toBe('signer_revoked: objects');
    expect(ask(deleted)).toMatchObject({ attestor: { name: 'trivy' }, credential: { key: { person } } });
    expect(standing(deleted, { signer: { receivedAt: day(12) } })).toBe('signer_revoked: nothing');
    expect(ask(deleted, { signer: { receivedAt: day(12) } }).attestor?.name).toBe('trivy');
  });

  it('that is created again without the key keeps the objections of its former self', () => {
    const again = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(12), deleted: 'trivy' },
      { at: day(14), attestor: attestorWith({ keys: [keyWith({ id: 'k2', thumbprint: KEY_B })] }) },
    );
    expect(standing(again)).toBe('wrong_attestor: objects');
    expect(ask(again).credential).toMatchObject({ key: { id: 'k1' } });
    expect(standing(again, { signer: { receivedAt: day(13) } })).toBe('wrong_attestor: nothing');
  });

  it('that may sign fewer kinds supports none of the others and keeps its objections', () => {
    const narrowed = trustOf(
      { at: day(1), attestor: attestorWith({ kinds: ['scan', 'test'] }) },
      { at: day(12), attestor: attestorWith({ kinds: ['test'] }) },
    );
    expect(standing(narrowed)).toBe('signer_not_allowed: objects');
    expect(standing(narrowed, { signer: { receivedAt: day(12) } })).toBe('signer_not_allowed: nothing');
  });

  it('that is added later counts evidence that waited for it, and lets it object', () => {
    const later = trustOf({ at: day(20), attestor: attestorWith() });
    expect(standing(later)).toBe(COUNTS);
    const gone = trustOf({ at: day(20), attestor: attestorWith() }, { at: day(21), deleted: 'trivy' });
    expect(standing(gone)).toBe('signer_revoked: objects');
  });

  it('could not count between two states that did not let it', () => {
    const never = trustOf(
      { at: day(1), attestor: attestorWith({ kinds: ['test'] }) },
      { at: day(12), attestor: attestorWith({ kinds: ['sbom'] }) },
    );
    expect(standing(never)).toBe('signer_not_allowed: nothing');
  });

  it('that confines its key to another scheme keeps the objections made in the former one', () => {
    const confined = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(12), attestor: attestorWith({ keys: [keyWith({ schemes: ['ES256/ieee-p1363'] })] }) },
    );
    expect(standing(confined)).toBe('signer_not_allowed: objects');
  });
});

describe('an attestor limited to repositories', () => {
  const trust = trustOf({
    at: day(1),
    attestor: attestorWith({ repositories: ['registry.example/team/*', 'mirror.example/**'] }),
  });
  const named = (repository: string | null): string => standing(trust, { claim: { repository } });

  it('speaks of what its globs cover and of nothing else', () => {
    expect(named('registry.example/team/app')).toBe(COUNTS);
    expect(named('mirror.example/a/b')).toBe(COUNTS);
    expect(named('registry.example/team/app/x')).toBe('signer_not_allowed: nothing');
    expect(named('registry.example/team/app')).toBe(COUNTS);
  });

  it('supports nothing where the gate names no repository, and still objects', () => {
    expect(named(null)).toBe('signer_not_allowed: objects');
  });

  it('keeps the objection about a repository it covered before', () => {
    const narrowed = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(12), attestor: attestorWith({ repositories: ['elsewhere.example/**'] }) },
    );
    expect(standing(narrowed)).toBe('signer_not_allowed: objects');
  });

  it('does not object without a repository where its signer never could count', () => {
    const asked = { claim: { repository: null, kind: 'test' } } as const;
    expect(standing(trust, asked)).toBe('signer_not_allowed: nothing');
  });

  it('is eligible wherever the image may be asked for', () => {
    const type = { kind: SCAN.kind, predicateType: SCAN.predicateType };
    expect(eligibilityOf(trust, 'trivy', signerWith(), type).code).toBe('counts');
    expect(eligibilityOf(trust, 'trivy', signerWith({ thumbprint: KEY_B }), type).code).toBe('wrong_attestor');
    expect(eligibilityOf(trust, 'grype', signerWith(), type).code).toBe('wrong_attestor');
  });
});

describe('the judged key', () => {
  it('is the one that signed, among several of the attestor', () => {
    const trust = trustOf({
      at: day(1),
      attestor: attestorWith({
        keys: [keyWith({ validUntil: day(2) }), keyWith({ id: 'k2', thumbprint: KEY_B })],
      }),
    });
    expect(ask(trust, { signer: { thumbprint: KEY_A } }).code).toBe('key_not_valid_then');
    expect(ask(trust, { signer: { thumbprint: KEY_B } })).toMatchObject({
      code: 'counts',
      credential: { key: { id: 'k2' } },
    });
  });
});
