import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors, scoreOfVector } from './cvss-vector.js';
import { FaultList } from '../intoto/fault-list.js';
import { PredicateField } from './predicate-field.js';

describe('scoreOfVector', () => {
  // Vectors and scores as NVD and FIRST publish them.
  it.each([
    ['AV:N/AC:L/Au:N/C:N/I:N/A:C', 7.8],
    ['(AV:N/AC:L/Au:N/C:P/I:P/A:P)', 7.5],
    ['CVSS:2.0/AV:L/AC:H/Au:N/C:C/I:C/A:C', 6.2],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10],
    ['CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H', 7.8],
    ['CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N', 3.1],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 9.3],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', 10],
    ['CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 7.3],
    ['CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 7.7],
  ])('scores %s', (vector, score) => {
    expect(scoreOfVector(vector)).toBe(score);
  });

  it('gives the base score, which threat, time and environment do not soften', () => {
    expect(scoreOfVector('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U')).toBe(9.8);
    expect(scoreOfVector('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MAV:P/CR:L')).toBe(9.8);
    expect(scoreOfVector('CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U')).toBe(9.3);
  });

  it.each([
    [''],
    ['CVSS:3.1/'],
    ['CVSS:3.1'],
    ['CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H'],
    ['CVSS:3.1/AV:N/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/ZZ:N'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/'],
    ['CVSS:3.1/Attack Vector:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['CVSS:4.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['cvss:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['9.8'],
    [`CVSS:3.1/${'AV:N/'.repeat(200_000)}`],
  ])('finds no score in %.60s', (vector) => {
    expect(scoreOfVector(vector)).toBeNull();
  });

  it('gives a score from 0 to 10 or none, whatever the text, and the same one again', () => {
    const part = fc.stringMatching(/^[A-Z]{1,3}:[A-Z]$/);
    const vector = fc
      .tuple(fc.constantFrom('', 'CVSS:3.1/', 'CVSS:4.0/'), fc.array(part))
      .map(([v, p]) => v + p.join('/'));
    fc.assert(
      fc.property(fc.oneof(fc.string(), vector), (text) => {
        const score = scoreOfVector(text);
        expect(score === null || (score >= 0 && score <= 10)).toBe(true);
        expect(scoreOfVector(text)).toBe(score);
      }),
    );
  });
});

describe('readVectors', () => {
  function read(vectors: unknown, ratedOtherwise: boolean): number | null {
    const faults = new FaultList();
    const highest = readVectors(PredicateField.root({ vectors }, faults).list('vectors'), ratedOtherwise);
    faults.throwIfAny('predicate');
    return highest;
  }
  const MILD = 'CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N';
  const GRAVE = 'CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';

  it('keeps the highest score, in whatever order', () => {
    expect(read([MILD, GRAVE], false)).toBe(9.8);
    expect(read([GRAVE, MILD], false)).toBe(9.8);
    expect(read([], false)).toBeNull();
  });

  it('refuses a malformed vector only where it would decide', () => {
    expect(read(['CVSS:3.1/AV:N', MILD], false)).toBe(3.1);
    expect(read(['CVSS:3.1/AV:N', 7], true)).toBeNull();
    expect(() => read(['CVSS:3.1/AV:N', 7], false)).toThrow(
      expect.objectContaining({ faults: [expect.objectContaining({ path: 'vectors[0]' }), expect.anything()] }),
    );
  });
});
