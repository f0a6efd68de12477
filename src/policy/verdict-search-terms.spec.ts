import { describe, expect, it } from 'vitest';
import type { AttestationId } from '../intoto/digest.js';
import { environmentOf, restsOn } from './verdict-search-terms.js';
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

  it('is what satisfied its requirements, and the build through which the source counts', () => {
    const through = { build: id('build'), commit: 'c' };
    const requirements = [satisfied, { ...requirement('satisfied', 'two'), through }, requirement('waived', 'three')];
    expect([...restsOn({ decision: 'allow', requirements })]).toEqual(['one', 'two', 'build']);
  });

  it('is nothing where it denies, or allowed whatever the policy says', () => {
    expect(restsOn({ decision: 'deny', requirements: [satisfied] }).size).toBe(0);
    const breakGlass = { justification: 'the site is down', by: 'token:x#1' };
    expect(restsOn({ decision: 'allow', breakGlass, requirements: [satisfied] }).size).toBe(0);
  });
});
