import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countDistinct, type Claim } from './count-distinct.js';

describe('counting apart', () => {
  it('counts nothing twice and for nobody twice', () => {
    expect(countDistinct([]).size).toBe(0);
    expect(
      countDistinct([
        ['a', 'x'],
        ['a', 'y'],
      ]).size,
    ).toBe(1);
    expect(
      countDistinct([
        ['a', 'x'],
        ['b', 'x'],
      ]).size,
    ).toBe(1);
  });

  it('moves what is counted already where that makes room', () => {
    const claims: Claim[] = [
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'x'],
      ['c', 'y'],
      ['c', 'z'],
    ];
    expect([...countDistinct(claims)].sort()).toEqual([
      ['a', 'y'],
      ['b', 'x'],
      ['c', 'z'],
    ]);
  });

  it('counts as many as can be, which no claim taken away makes more', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, name), { maxLength: 9 }), fc.nat(), (claims, index) => {
        const size = countDistinct(claims).size;
        expect(size).toBe(mostByTrying(claims));
        const fewer = claims.filter((_claim, at) => at !== index % claims.length);
        expect(countDistinct(fewer).size).toBeLessThanOrEqual(size);
      }),
    );
  });
});

function mostByTrying([first, ...rest]: readonly Claim[]): number {
  if (first === undefined) return 0;
  const [counted, countedFor] = first;
  const apart = rest.filter((claim) => claim[0] !== counted && claim[1] !== countedFor);
  return Math.max(mostByTrying(rest), 1 + mostByTrying(apart));
}
