import { describe, expect, it } from 'vitest';
import type { AttestationId } from '../intoto/digest.js';
import { environmentOf, namesAllItRestsOn, restsOn } from './verdict-search-terms.js';
import type { RequirementResult } from './verdict.js';

describe('the environment of a verdict', () => {
  it('is that of its parameters, or else of its context, and only ever a text', () => {
    expect(environmentOf({ parameters: { environment: 'a' } }, { environment: 'b' })).toBe('a');
    expect(environmentOf({ parameters: {} }, { environment: 'b' })).toBe('b');
    expect(environmentOf({ parameters: { environment: 1 } }, { environment: 'b' })).toBe('b');
    expect(environmentOf({ parameters: {} }, { environment: { name: 'b' } })).toBeNull();
    expect(environmentOf({ parameters: {} }, null)).toBeNull();
  });
});

describe('what a verdict rests on', () => {
  const id = (name: string): AttestationId => name as AttestationId;
  const requirement = (status: RequirementResult['status'], ...evidence: readonly string[]): RequirementResult => ({
    id: 'it',
    status,
    code: 'satisfied',
    message: '',
    evidence: evidence.map(id),
    considered: [],
    missing: null,
  });
  const satisfied = requirement('satisfied', 'one', 'two');

  const removed = ['vex', 'vex'].map((name) => ({
    vulnerability: 'CVE-1',
    package: null,
    status: 'fixed' as const,
    justification: null,
    attestation: id(name),
    attestor: 'security',
  }));
  const considered = [
    { attestation: id('second vex'), code: 'satisfied', message: '' },
    { attestation: id('third vex'), code: 'condition_false', message: '' },
  ] as const;

  it('is what satisfied its requirements, and the build through which the source counts', () => {
    const through = { build: id('build'), commit: 'c' };
    const requirements = [satisfied, { ...requirement('satisfied', 'two'), through }, requirement('waived')];
    expect([...restsOn({ decision: 'allow', requirements })]).toEqual(['one', 'two', 'build']);
  });

  it('is also the part of a requirement that no waiver is for, and nothing of one that is waived as a whole', () => {
    const through = { build: id('build'), commit: 'c' };
    const part = { ...requirement('waived', 'one'), through };
    expect([...restsOn({ decision: 'allow', requirements: [part] })]).toEqual(['one', 'build']);
    const whole = { ...requirement('waived'), through, removed };
    expect([...restsOn({ decision: 'allow', requirements: [whole] })]).toEqual([]);
  });

  it('is also what a requirement says it rests on besides, and where it does not yet say so, what it says of VEX', () => {
    const told = { ...satisfied, removed, considered, alsoRestsOn: [id('vex'), id('other')] };
    expect([...restsOn({ decision: 'allow', requirements: [told] })]).toEqual(['one', 'two', 'vex', 'other']);
    const before = { ...satisfied, removed, considered };
    expect([...restsOn({ decision: 'allow', requirements: [before] })]).toEqual(['one', 'two', 'vex', 'second vex']);
    expect(restsOn({ decision: 'allow', requirements: [{ ...before, status: 'unsatisfied' }] }).size).toBe(0);
  });

  it('is not all named where VEX removed more than is listed and more was considered than is told', () => {
    const told = (change: Partial<RequirementResult>): boolean =>
      namesAllItRestsOn({ decision: 'allow', requirements: [{ ...satisfied, removed, removedCount: 3, ...change }] });
    const many = Array.from({ length: 100 }, () => considered[1]);
    expect(told({ considered: many })).toBe(false);
    expect(told({ considered: many, removedCount: 2 })).toBe(true);
    expect(told({ considered })).toBe(true);
    expect(told({ considered: many, alsoRestsOn: [] })).toBe(true);
  });

  it('is nothing where it denies, or allowed whatever the policy says', () => {
    expect(restsOn({ decision: 'deny', requirements: [satisfied] }).size).toBe(0);
    const breakGlass = { justification: 'the site is down', by: 'token:x#1' };
    expect(restsOn({ decision: 'allow', breakGlass, requirements: [satisfied] }).size).toBe(0);
  });
});
