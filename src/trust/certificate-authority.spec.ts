import { describe, expect, it } from 'vitest';
import type { AuthorityId } from '../intoto/proved-signer.js';
import type { AttestorIdentity } from './attestor.js';
import { authorityOf, eligibilityOf, type Authority, type Claim } from './authority.js';
import { patternOf } from './identity-pattern.js';
import type { Signer } from './signer.js';
import type { TrustSnapshot } from './trust-snapshot.js';
import {
  attestorWith,
  authorityWith,
  CA,
  certificateWith,
  certified,
  CTLOG,
  day,
  identityWith,
  KEY_A,
  keylessWith,
  keyWith,
  LEAF_KEY,
  ROOT_AUTHORITIES,
  rootWith,
  signerWith,
  TLOG,
  trustOf,
  TSA,
  WORKFLOW,
} from './trust.fixture.js';

const SCAN: Claim = {
  kind: 'scan',
  predicateType: 'https://in-toto.io/attestation/vulns/v0.1',
  repository: 'registry.example/team/app',
};

interface Asked {
  readonly attestor?: string;
  readonly signer?: Signer;
  readonly claim?: Partial<Claim>;
}

function ask(trust: TrustSnapshot, { attestor = 'trivy', signer = certificateWith(), claim }: Asked = {}): Authority {
  return authorityOf(trust, attestor, signer, { ...SCAN, ...claim });
}

/** `supports`, `objects` or `nothing`, behind the code. */
function standing(trust: TrustSnapshot, asked?: Asked): string {
  const { code, supports, objects } = ask(trust, asked);
  const effect = supports && objects ? 'supports' : objects ? 'objects' : supports ? 'supports only' : 'nothing';
  return `${code}: ${effect}`;
}

/** A certificate that is proved to be signed at a moment, and received at another. */
function signedAt(at: string, receivedAt = day(10)): Signer {
  const times = [
    { authority: TLOG, at },
    { authority: TSA, at },
  ];
  return certificateWith({ times, ctlogs: [{ authority: CTLOG, at }], receivedAt });
}

const COUNTS = 'counts: supports';
const keyless = { at: day(1), attestor: keylessWith() };

describe('a certificate that fits an identity', () => {
  it('counts, and says by which identity and since when', () => {
    const trust = trustOf(keyless);
    expect(standing(trust)).toBe(COUNTS);
    expect(ask(trust)).toMatchObject({
      message: 'signed by identity release of trivy',
      attestor: { name: 'trivy' },
      credential: { type: 'identity', identity: { id: 'release' } },
      provenAt: day(9),
    });
    expect(eligibilityOf(trust, 'trivy', certificateWith(), SCAN).code).toBe('counts');
  });

  it('counts for what the attestor may sign, and where', () => {
    const trust = trustOf({ at: day(1), attestor: keylessWith({}, { repositories: ['registry.example/team/*'] }) });
    expect(standing(trust)).toBe(COUNTS);
    expect(standing(trust, { claim: { kind: 'test' } })).toBe('signer_not_allowed: nothing');
    expect(standing(trust, { claim: { repository: 'elsewhere.example/app' } })).toBe('signer_not_allowed: nothing');
    expect(standing(trust, { claim: { repository: null } })).toBe('signer_not_allowed: objects');
  });

  it('is nobody where the attestor has no identity like it', () => {
    expect(standing(trustOf({ at: day(1), attestor: attestorWith() }))).toBe('wrong_attestor: nothing');
    expect(standing(trustOf(keyless), { attestor: 'qa' })).toBe('wrong_attestor: nothing');
    const mails = keylessWith({
      issuer: 'https://accounts.google.com',
      subject: 'mira@example.com',
      subjectGlob: null,
    });
    expect(standing(trustOf({ at: day(1), attestor: mails }))).toBe('wrong_attestor: nothing');
  });

  it('is not a key of the attestor, though its key be one', () => {
    const trust = trustOf({ at: day(1), attestor: attestorWith() });
    expect(standing(trust, { signer: certificateWith({ thumbprint: KEY_A }) })).toBe('wrong_attestor: nothing');
    expect(standing(trustOf(keyless), { signer: signerWith({ thumbprint: LEAF_KEY }) })).toBe(
      'wrong_attestor: nothing',
    );
  });
});

describe('a certificate that nearly fits', () => {
  const asks = (identity: Partial<AttestorIdentity>, signer?: Signer): Authority =>
    ask(trustOf({ at: day(1), attestor: keylessWith(identity) }), signer === undefined ? {} : { signer });

  it('is told what differs: the issuer, the subject, or a claim', () => {
    expect(asks({ issuer: 'https://token.actions.githubusercontent.com/hammer-time' })).toMatchObject({
      code: 'identity_mismatch',
      supports: false,
      objects: false,
      credential: null,
      message: expect.stringContaining('not signed by identity release of trivy: the issuer is'),
    });
    expect(asks({ subjectGlob: 'https://github.com/acme/other/**' })).toMatchObject({
      code: 'identity_mismatch',
      message: expect.stringContaining('the subject is'),
    });
    expect(asks({ claims: { sourceRepositoryRef: 'refs/heads/main' } })).toMatchObject({
      code: 'identity_mismatch',
      message: expect.stringContaining('the claim sourceRepositoryRef is "refs/tags/v1"'),
    });
  });

  it('does not count by a reusable workflow that anybody may call', () => {
    const called = certificateWith({
      identity: certified({ claims: { sourceRepositoryUri: 'https://github.com/evil/app' } }),
    });
    expect(asks({}, called)).toMatchObject({
      code: 'identity_mismatch',
      message: expect.stringContaining('must pin the claim sourceRepositoryUri or sourceRepositoryOwnerUri'),
    });
    expect(asks({ claims: { sourceRepositoryUri: 'https://github.com/evil/app' } }, called).code).toBe('counts');
    expect(asks({ claims: { sourceRepositoryUri: 'https://github.com/acme/*' } }, called).code).toBe(
      'identity_mismatch',
    );
  });

  it('counts by another identity that it fits, and else is told the one that comes closest', () => {
    const identities = [
      identityWith({ id: 'a', subjectGlob: 'https://github.com/acme/other/**' }),
      identityWith({ id: 'b', validUntil: day(2) }),
      identityWith({ id: 'c', trustRoot: 'own' }),
    ];
    const trust = trustOf({ at: day(1), attestor: attestorWith({ identities }) });
    expect(ask(trust)).toMatchObject({ code: 'key_not_valid_then', credential: { identity: { id: 'b' } } });
    const more = [
      ...identities,
      identityWith({ id: 'd' }),
      identityWith({ id: 'e', subjectGlob: null, subject: WORKFLOW }),
    ];
    const counting = trustOf({ at: day(1), attestor: attestorWith({ identities: more }) });
    expect(ask(counting)).toMatchObject({ code: 'counts', credential: { identity: { id: 'd' } } });
  });
});

describe('the window of an identity', () => {
  const trust = trustOf({ at: day(1), attestor: keylessWith({ validFrom: day(5), validUntil: day(15) }) });
  const signed = (at: string, receivedAt?: string): string => standing(trust, { signer: signedAt(at, receivedAt) });

  it('is held against the proven time, its first moment included and its last not', () => {
    expect(signed(day(5, -1))).toBe('key_not_valid_then: nothing');
    expect(signed(day(5))).toBe(COUNTS);
    expect(signed(day(15, -1), day(20))).toBe(COUNTS);
    expect(signed(day(15), day(20))).toBe('key_not_valid_then: nothing');
  });

  it('is not held against receipt', () => {
    expect(signed(day(4), day(10))).toBe('key_not_valid_then: nothing');
    expect(signed(day(14), day(28))).toBe(COUNTS);
  });
});

describe('an identity that is retired', () => {
  const trust = trustOf(keyless, { at: day(12), attestor: keylessWith({ retiredAt: day(12) }) });

  it('counts for what was signed before, whenever it was received', () => {
    expect(standing(trust, { signer: signedAt(day(12, -1), day(20)) })).toBe(COUNTS);
    expect(standing(trust, { signer: signedAt(day(12), day(20)) })).toBe('signer_revoked: nothing');
  });

  it('takes support, not objections, with a narrower window too', () => {
    const narrowed = trustOf(keyless, { at: day(12), attestor: keylessWith({ validUntil: day(8) }) });
    expect(standing(narrowed)).toBe('key_not_valid_then: objects');
    expect(standing(narrowed, { signer: signedAt(day(9), day(13)) })).toBe('key_not_valid_then: nothing');
  });

  it('keeps the objections of a deleted attestor', () => {
    const deleted = trustOf(keyless, { at: day(12), deleted: 'trivy' });
    expect(standing(deleted)).toBe('signer_revoked: objects');
    expect(ask(deleted).credential).toMatchObject({ identity: { id: 'release' } });
    expect(standing(deleted, { signer: signedAt(day(9), day(13)) })).toBe('signer_revoked: nothing');
    const again = trustOf(keyless, { at: day(12), deleted: 'trivy' }, { at: day(13), attestor: attestorWith() });
    expect(standing(again)).toBe('wrong_attestor: objects');
  });
});

describe('an identity revoked as superseded', () => {
  const gone = { at: day(12), revokedIdentity: { reason: 'superseded', effectiveFrom: day(12) } } as const;
  const qa = { at: day(1), attestor: keylessWith({ id: 'theirs' }, { name: 'qa' }) };

  it('counts for what was signed before, and for nothing signed from then on', () => {
    const trust = trustOf(keyless, gone);
    expect(standing(trust, { signer: signedAt(day(12, -1), day(20)) })).toBe(COUNTS);
    expect(standing(trust, { signer: signedAt(day(12), day(20)) })).toBe('signer_revoked: nothing');
  });

  it('binds no other attestor, and no other identity of its own', () => {
    const late = { signer: signedAt(day(13), day(20)) };
    expect(standing(trustOf(keyless, qa, gone), { ...late, attestor: 'qa' })).toBe(COUNTS);
    const two = attestorWith({
      identities: [identityWith(), identityWith({ id: 'exact', subjectGlob: null, subject: WORKFLOW })],
    });
    expect(ask(trustOf({ at: day(1), attestor: two }, gone), late)).toMatchObject({
      code: 'counts',
      credential: { identity: { id: 'exact' } },
    });
  });

  it('keeps the objections received before it was recorded', () => {
    const earlier = trustOf(keyless, { at: day(12), revokedIdentity: { reason: 'superseded', effectiveFrom: day(8) } });
    expect(standing(earlier)).toBe('signer_revoked: objects');
    expect(standing(earlier, { signer: signedAt(day(9), day(12)) })).toBe('signer_revoked: nothing');
  });
});

describe('an identity revoked as compromised', () => {
  const revoked = { at: day(12), revokedIdentity: { reason: 'compromised' } } as const;

  it('supports nothing that it ever signed, and objects to nothing received since', () => {
    const trust = trustOf(keyless, revoked);
    expect(standing(trust)).toBe('signer_revoked: objects');
    expect(standing(trust, { signer: signedAt(day(2)) })).toBe('signer_revoked: objects');
    expect(standing(trust, { signer: signedAt(day(9), day(12)) })).toBe('signer_revoked: nothing');
  });

  it('binds every certificate that fits it, whichever identity it counted by', () => {
    const exact = keylessWith({ id: 'theirs', subjectGlob: null, subject: WORKFLOW }, { name: 'qa' });
    const wide = keylessWith({ id: 'all', subjectGlob: 'https://github.com/acme/**' }, { name: 'all' });
    const trust = trustOf(keyless, { at: day(1), attestor: exact }, { at: day(1), attestor: wide }, revoked);
    expect(standing(trust, { attestor: 'qa' })).toBe('signer_revoked: objects');
    expect(standing(trust, { attestor: 'all' })).toBe('signer_revoked: objects');
    expect(ask(trust, { attestor: 'all' }).message).toBe('identity release of trivy is revoked as compromised');
    const other = certificateWith({
      identity: certified({ subjects: [WORKFLOW.replace('release.yml', 'scan.yml')] }),
    });
    expect(standing(trust, { attestor: 'all', signer: other })).toBe(COUNTS);
  });

  it('binds what fits it alone, claims included', () => {
    const pattern = patternOf(identityWith({ claims: { sourceRepositoryRef: 'refs/tags/v2' } }));
    const trust = trustOf(keyless, {
      at: day(12),
      revokedIdentity: { reason: 'compromised', identityId: 'v2', pattern },
    });
    expect(standing(trust)).toBe(COUNTS);
    const claims = { sourceRepositoryUri: 'https://github.com/acme/app', sourceRepositoryRef: 'refs/tags/v2' };
    expect(standing(trust, { signer: certificateWith({ identity: certified({ claims }) }) })).toBe(
      'signer_revoked: objects',
    );
  });

  it('binds whatever the trust root where an issuer says who it is', () => {
    const own = rootWith(...ROOT_AUTHORITIES);
    const trust = trustOf(
      { at: day(1), root: own, name: 'own' },
      { at: day(1), attestor: keylessWith({ trustRoot: 'own' }) },
      revoked,
    );
    expect(standing(trust)).toBe('signer_revoked: objects');
  });

  it('binds a subject without an issuer only where the certificate is of its root, or was', () => {
    const plain = { issuer: null, subject: 'build.example', subjectGlob: null, trustRoot: 'own' };
    const [CORP, PARTNER] = ['ca:corp' as AuthorityId, 'ca:partner' as AuthorityId];
    const rootOf = (id: AuthorityId): ReturnType<typeof rootWith> =>
      rootWith(authorityWith({ id, type: 'ca' }), authorityWith({ id: TSA, type: 'tsa' }));
    const signer = (chain: AuthorityId): Signer =>
      certificateWith({
        identity: { issuer: null, subjects: ['build.example'], claims: {} },
        chain,
        ctlogs: [],
        tlogs: [],
        times: [{ authority: TSA, at: day(9) }],
      });
    const recorded = [
      { at: day(1), root: rootOf(CORP), name: 'own' },
      { at: day(1), root: rootOf(PARTNER), name: 'partner' },
      { at: day(1), attestor: keylessWith(plain) },
      { at: day(1), attestor: keylessWith({ ...plain, trustRoot: 'partner' }, { name: 'qa' }) },
      { at: day(12), revokedIdentity: { reason: 'compromised', pattern: patternOf(identityWith(plain)) } },
    ] as const;
    const trust = trustOf(...recorded);
    expect(standing(trust, { signer: signer(CORP) })).toBe('signer_revoked: objects');
    expect(standing(trust, { attestor: 'qa', signer: signer(PARTNER) })).toBe(COUNTS);
    // Taking the authority from the root it was revoked under frees nothing under another that lists it.
    const both = rootWith(...rootOf(PARTNER).authorities, ...rootOf(CORP).authorities);
    const moved = trustOf(
      ...recorded,
      { at: day(13), root: both, name: 'partner' },
      { at: day(14), root: rootOf(PARTNER), name: 'own' },
    );
    expect(standing(moved, { attestor: 'qa', signer: signer(CORP) })).toBe('signer_revoked: nothing');
  });

  it('from a moment on leaves what is proved to be signed before', () => {
    const since = trustOf(keyless, { at: day(12), revokedIdentity: { reason: 'compromised', effectiveFrom: day(9) } });
    expect(standing(since, { signer: signedAt(day(9, -1), day(20)) })).toBe(COUNTS);
    expect(standing(since, { signer: signedAt(day(9), day(10)) })).toBe('signer_revoked: objects');
  });
});

describe('the key of a certificate', () => {
  it('that is compromised takes its support, and as superseded does not', () => {
    const signer = certificateWith({ thumbprint: KEY_A });
    expect(standing(trustOf(keyless, { at: day(12), revoked: { reason: 'compromised' } }), { signer })).toBe(
      'signer_revoked: objects',
    );
    expect(standing(trustOf(keyless, { at: day(12), revoked: { reason: 'superseded' } }), { signer })).toBe(COUNTS);
  });
});

describe('a trust root that changes', () => {
  const without = (...ids: readonly AuthorityId[]): ReturnType<typeof rootWith> =>
    rootWith(...ROOT_AUTHORITIES.filter(({ id }) => !ids.includes(id)));

  it.each([
    ['its certificate authority', without(CA)],
    ['whoever says when', without(TSA, TLOG)],
    ['everybody', rootWith()],
    [
      'the authority at that time',
      rootWith(...without(CA).authorities, authorityWith({ id: CA, type: 'ca', validUntil: day(8) })),
    ],
    [
      'another one in its place',
      rootWith(...without(CA).authorities, authorityWith({ id: 'ca:next' as AuthorityId, type: 'ca' })),
    ],
  ])('takes support at once where it loses %s, and leaves objections', (_what, root) => {
    const trust = trustOf(keyless, { at: day(12), root });
    expect(standing(trust)).toBe('root_not_trusted: objects');
    expect(ask(trust).message).toMatch(/^it fits identity release of trivy, but/);
    expect(standing(trust, { signer: signedAt(day(9), day(12)) })).toBe('root_not_trusted: nothing');
    expect(standing(trust, { signer: signedAt(day(9), day(12, -1)) })).toBe('root_not_trusted: objects');
  });

  it('gives support where it comes to list whoever was missing, and objections with it', () => {
    const recorded = [keyless, { at: day(2), root: without(CA) }] as const;
    expect(standing(trustOf(...recorded))).toBe('root_not_trusted: nothing');
    const added = [...recorded, { at: day(12), root: rootWith(...ROOT_AUTHORITIES) }] as const;
    expect(standing(trustOf(...added))).toBe(COUNTS);
    expect(standing(trustOf(...added, { at: day(14), root: without(CA) }))).toBe('root_not_trusted: objects');
  });

  it('is judged with the attestor as both were at one moment', () => {
    // The root listed the authority only while the attestor did not have the identity.
    const never = trustOf(
      { at: day(1), root: without(CA) },
      keyless,
      { at: day(11), attestor: attestorWith() },
      { at: day(12), root: rootWith(...ROOT_AUTHORITIES) },
      { at: day(13), root: without(CA) },
      { at: day(14), attestor: keylessWith() },
    );
    expect(standing(never)).toBe('root_not_trusted: nothing');
    const once = trustOf(
      { at: day(1), root: without(CA) },
      keyless,
      { at: day(12), root: rootWith(...ROOT_AUTHORITIES) },
      { at: day(13), attestor: attestorWith() },
    );
    expect(standing(once)).toBe('wrong_attestor: objects');
    expect(ask(once).credential).toMatchObject({ identity: { id: 'release' } });
  });

  it('under another name concerns nobody', () => {
    const trust = trustOf(keyless, { at: day(12), root: rootWith(), name: 'own' });
    expect(standing(trust)).toBe(COUNTS);
  });

  it('that is deleted gives the place back to the one that is built in', () => {
    const replaced = trustOf(keyless, { at: day(11), root: rootWith() });
    expect(standing(replaced)).toBe('root_not_trusted: objects');
    expect(standing(trustOf(keyless, { at: day(11), root: rootWith() }, { at: day(12), root: null }))).toBe(COUNTS);
  });

  it('that there is not supports nothing', () => {
    const own = { at: day(1), attestor: keylessWith({ trustRoot: 'own' }) };
    expect(standing(trustOf(own))).toBe('root_not_trusted: nothing');
    expect(ask(trustOf(own)).message).toContain('there is no trust root own');
    const root = rootWith(...ROOT_AUTHORITIES);
    expect(standing(trustOf(own, { at: day(2), root, name: 'own' }))).toBe(COUNTS);
    expect(standing(trustOf(own, { at: day(2), root, name: 'own' }, { at: day(12), root: null, name: 'own' }))).toBe(
      'root_not_trusted: objects',
    );
  });
});

describe('the time at which a key signed', () => {
  const windowed = { at: day(1), attestor: attestorWith({ keys: [keyWith({ validUntil: day(9) })] }) };
  const signer = signerWith({ provenAt: day(8), receivedAt: day(10) });

  it('is what its trust root proves, and else receipt', () => {
    expect(standing(trustOf(windowed), { signer })).toBe(COUNTS);
    expect(ask(trustOf(windowed), { signer }).provenAt).toBe(day(8));
    const untrusted = trustOf({ at: day(1), root: rootWith() }, windowed);
    expect(standing(untrusted, { signer })).toBe('key_not_valid_then: nothing');
    expect(ask(untrusted, { signer }).provenAt).toBeNull();
  });

  it('goes by the root that the key names', () => {
    const own = { at: day(1), attestor: attestorWith({ keys: [keyWith({ validUntil: day(9), trustRoot: 'own' })] }) };
    expect(standing(trustOf(own), { signer })).toBe('key_not_valid_then: nothing');
    const root = rootWith(authorityWith({ id: TSA, type: 'tsa' }));
    expect(standing(trustOf({ at: day(1), root, name: 'own' }, own), { signer })).toBe(COUNTS);
  });

  it('that is no longer proved takes support and leaves the objection', () => {
    const trust = trustOf(windowed, { at: day(12), root: rootWith() });
    expect(standing(trust, { signer })).toBe('key_not_valid_then: objects');
    expect(standing(trust, { signer: signerWith({ provenAt: day(8), receivedAt: day(12) }) })).toBe(
      'key_not_valid_then: nothing',
    );
  });
});
