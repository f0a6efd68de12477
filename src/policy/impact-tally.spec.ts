import { describe, expect, it } from 'vitest';
import type { Sha256Digest } from '../intoto/digest.js';
import { ImpactTally, type ImpactAnswer } from './impact-tally.js';

const QUESTION = { image: `sha256:${'ab'.repeat(32)}` as Sha256Digest, repository: null, parameters: { region: 'eu' } };
const ALLOW: ImpactAnswer = { type: 'decided', decision: 'allow', blocking: [], hasErrors: false };
const REFUSED: ImpactAnswer = { type: 'refused', code: 'parameter_invalid' };
const FAILED: ImpactAnswer = { type: 'failed' };

function deny(...blocking: readonly string[]): ImpactAnswer {
  return { type: 'decided', decision: 'deny', blocking, hasErrors: false };
}

describe('ImpactTally', () => {
  it('names the requirements of the revision that denies', () => {
    const tally = new ImpactTally();
    expect(tally.compare(QUESTION, ALLOW, deny('a', 'b'))).toEqual({
      ...QUESTION,
      from: 'allow',
      to: 'deny',
      requirements: ['a', 'b'],
    });
    expect(tally.compare(QUESTION, deny('b'), ALLOW)).toMatchObject({ from: 'deny', to: 'allow', requirements: ['b'] });
    expect(tally.counts()).toMatchObject({
      asked: 2,
      flips: 2,
      toDeny: 1,
      toAllow: 1,
      byRequirement: { a: { toDeny: 1, toAllow: 0 }, b: { toDeny: 1, toAllow: 1 } },
    });
  });

  it.each([
    ['two allows', ALLOW, ALLOW],
    ['two denials, whatever their reasons', deny('a'), deny('b')],
    ['two refusals', REFUSED, REFUSED],
  ])('takes %s for the same', (_what, from, to) => {
    const tally = new ImpactTally();
    expect(tally.compare(QUESTION, from, to)).toBeNull();
    expect(tally.counts()).toMatchObject({ asked: 1, flips: 0, errors: 0 });
  });

  it('tells a question that would be refused from a denial', () => {
    const tally = new ImpactTally();
    expect(tally.compare(QUESTION, deny('a'), REFUSED)).toMatchObject({
      from: 'deny',
      to: null,
      code: 'parameter_invalid',
    });
    expect(tally.compare(QUESTION, REFUSED, deny('a'))).toMatchObject({ from: null, to: 'deny', requirements: ['a'] });
    expect(tally.counts()).toMatchObject({ toRefused: 1, toDeny: 1, flips: 2 });
  });

  it('counts errors, and never takes what was not found out for a flip', () => {
    const tally = new ImpactTally();
    expect(tally.compare(QUESTION, ALLOW, FAILED)).toBeNull();
    expect(tally.compare(QUESTION, FAILED, ALLOW)).toBeNull();
    expect(
      tally.compare(QUESTION, ALLOW, { ...ALLOW, decision: 'deny', blocking: ['a'], hasErrors: true }),
    ).not.toBeNull();
    expect(tally.counts()).toMatchObject({ asked: 3, flips: 1, errors: 3 });
  });

  it('counts images apart from questions', () => {
    const tally = new ImpactTally();
    tally.countImages(3);
    tally.countNotAsked();
    expect(tally.counts()).toMatchObject({ looked: 3, asked: 0, notAsked: 1 });
  });
});
