import { describe, expect, it } from 'vitest';
import { sha256, type AttestationId } from '../intoto/digest.js';
import { causesSought, expiryBetween } from './flip-causes.js';
import type { RequirementResult, Verdict } from './verdict.js';

const id = (name: string): AttestationId => sha256(Buffer.from(name)) as string as AttestationId;
const TOUCHED = { trustRevisions: [1, 4, 5, 9], waivers: ['w1'] };

function requirementWith(change: Partial<RequirementResult>): RequirementResult {
  const base = { id: 'tested', status: 'satisfied', code: 'satisfied', message: '', missing: null } as const;
  return { ...base, evidence: [], considered: [], ...change };
}

function verdictWith(requirement: Partial<RequirementResult>, change: Partial<Verdict> = {}): Verdict {
  return {
    decision: 'allow',
    pending: false,
    mode: 'enforce',
    wouldDeny: false,
    image: { digest: sha256(Buffer.from('image')), repository: null },
    policy: { name: 'p', revision: 1, digest: sha256(Buffer.from('policy')) },
    parameters: {},
    evaluatedAt: '2026-01-01T00:00:00.000Z',
    validUntil: null,
    requirements: [requirementWith(requirement)],
    missing: [],
    waivers: [],
    revisions: { evidence: 1, trust: 3, waivers: 2 },
    ...change,
  };
}

describe('causesSought', () => {
  it('looks for evidence that has another part in the answer', () => {
    const considered = { attestation: id('older'), code: 'superseded', message: '' } as const;
    const before = verdictWith({ evidence: [id('older'), id('same')] });
    const after = verdictWith({ evidence: [id('newer'), id('same')], considered: [considered] });
    const sought = causesSought('7', before, after, TOUCHED);
    expect(sought).toMatchObject({ entry: '7', appeared: [id('newer')], known: [id('older')], policy: null });
    expect(causesSought('7', before, before, TOUCHED)).toMatchObject({ appeared: [], known: [], trustRevisions: [] });
  });

  it('tells evidence of one requirement from that of another', () => {
    const before = verdictWith({ id: 'a', evidence: [id('one')] });
    const after = verdictWith({ id: 'b', evidence: [id('one')] });
    expect(causesSought('7', before, after, TOUCHED).known).toEqual([id('one')]);
  });

  it('looks for what touches the image between the revisions at which the two were read', () => {
    const policy = { name: 'p', revision: 4, digest: sha256(Buffer.from('other')) };
    const after = verdictWith({}, { policy, revisions: { evidence: 1, trust: 5, waivers: 6 } });
    expect(causesSought('7', verdictWith({}), after, TOUCHED)).toMatchObject({
      trustRevisions: [4, 5],
      policy: { name: 'p', after: 1, upTo: 4 },
      waivers: { ids: ['w1'], after: 2, upTo: 6 },
    });
  });

  it('looks for the indexes that were posted meanwhile, where the later answer looks at them', () => {
    const revisions = { evidence: 1, trust: 3, waivers: 2 };
    const [one, three] = [1, 3].map((relations) => verdictWith({}, { revisions: { ...revisions, relations } }));
    const image = sha256(Buffer.from('image'));
    expect(causesSought('7', one!, three!, TOUCHED).relations).toEqual({ image, after: 1, upTo: 3 });
    expect(causesSought('7', verdictWith({}), one!, TOUCHED).relations).toEqual({ image, after: 0, upTo: 1 });
    expect(causesSought('7', one!, verdictWith({}), TOUCHED).relations).toBeNull();
  });

  it('counts documents that remove findings, and builds that name the source', () => {
    const through = { build: id('build'), commit: '1'.repeat(40) };
    expect(causesSought('7', verdictWith({}), verdictWith({ through }), TOUCHED).appeared).toEqual([id('build')]);
  });
});

describe('expiryBetween', () => {
  it('is where the former answer held only until then', () => {
    const validUntil = '2026-01-01T12:00:00.000Z';
    const before = verdictWith({}, { validUntil });
    expect(expiryBetween(before, verdictWith({}, { evaluatedAt: validUntil }))).toBe(validUntil);
    expect(expiryBetween(before, verdictWith({}, { evaluatedAt: '2026-01-01T11:59:59.999Z' }))).toBeNull();
    expect(expiryBetween(verdictWith({}), verdictWith({}, { evaluatedAt: '2027-01-01T00:00:00.000Z' }))).toBeNull();
  });
});
