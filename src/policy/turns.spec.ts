import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

describe('turns', () => {
  it('are given up to a number, in the order of coming, and to one name up to its share', async () => {
    const turns = new Turns({ atOnce: 3, atOnceOfName: 2, waitMilliseconds: 30_000 });
    const begun: string[] = [];
    const take = async (name: string): Promise<() => void> => {
      const end = await turns.take(name);
      begun.push(name);
      return end;
    };
    const [first, , third, other, late] = ['a', 'a', 'a', 'b', 'b'].map(take);
    await other;
    expect(begun).toEqual(['a', 'a', 'b']);
    (await first)?.();
    (await third)?.();
    await late;
    expect(begun).toEqual(['a', 'a', 'b', 'a', 'b']);
  });

  it('are refused as overload to who would wait too long, and are not lost by that', async () => {
    const turns = new Turns({ atOnce: 1, atOnceOfName: 1, waitMilliseconds: 20 });
    const end = await turns.take('a');
    await expect(turns.take('b')).rejects.toMatchObject({ kind: 'overloaded', retryAfterSeconds: 2 });
    end();
    (await turns.take('b'))();
    (await turns.take('c'))();
  });
});
