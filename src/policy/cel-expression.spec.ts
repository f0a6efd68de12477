import { describe, expect, it } from 'vitest';
import { CelFault, EVIDENCE_CHECK_VARIABLES, parseCel, WHEN_VARIABLES } from './cel-expression.js';

function reasonsOf(source: string, known = EVIDENCE_CHECK_VARIABLES): readonly string[] {
  try {
    parseCel(source, known);
  } catch (error) {
    if (error instanceof CelFault) return error.reasons;
    throw error;
  }
  return [];
}

describe('an expression', () => {
  it('tells which variables it speaks of, and not which it merely names', () => {
    const { variables } = parseCel(
      'fact.items.all(now, now > 1) && image.digest == "predicate"',
      EVIDENCE_CHECK_VARIABLES,
    );
    expect([...variables].sort()).toEqual(['fact', 'image']);
  });

  it('tells of a variable within has, an index, a condition and a list', () => {
    const spokenOf = (source: string): readonly string[] => [...parseCel(source, EVIDENCE_CHECK_VARIABLES).variables];
    expect(spokenOf('has(predicate.a)')).toEqual(['predicate']);
    expect(spokenOf('[1, 2][predicate.a] == 1')).toEqual(['predicate']);
    expect(spokenOf('true ? false : predicate.a')).toEqual(['predicate']);
    expect(spokenOf('{"a": [predicate.a]}.a[0]')).toEqual(['predicate']);
    expect(spokenOf('.predicate.a')).toEqual(['predicate']);
  });

  it('tells which parameters it names', () => {
    const source = 'params.a == params["b"] && has(params.c) && [1].all(params, params.d == 1) && fact.params.e';
    expect([...parseCel(source, EVIDENCE_CHECK_VARIABLES).parameters].sort()).toEqual(['a', 'b', 'c']);
  });

  it('tells which fields of the fact it names, or that it may speak of any', () => {
    const fieldsOf = (source: string): readonly string[] | null => {
      const { factFields } = parseCel(source, EVIDENCE_CHECK_VARIABLES);
      return factFields === null ? null : [...factFields].sort();
    };
    expect(fieldsOf('fact.counts.low == 0 && has(fact.scannedAt)')).toEqual(['counts', 'scannedAt']);
    expect(fieldsOf('[1].all(a, fact.findings[0].id == "x") && [{"b": 1}].all(fact, fact.b == 1)')).toEqual([
      'findings',
    ]);
    expect(fieldsOf('.fact.a == 1')).toEqual(['a']);
    expect(fieldsOf('image.digest != ""')).toEqual([]);
    expect(parseCel('fact.a', EVIDENCE_CHECK_VARIABLES).variables).toEqual(new Set(['fact']));
    for (const whole of ['fact["counts"].low == 0', 'fact.a == fact', 'size(fact) == 1', '"a" in fact']) {
      expect(fieldsOf(whole)).toBe(null);
    }
    expect(fieldsOf('fact.filter(a, true).size() > 0')).toBe(null);
  });

  it('may use the standard functions and types and no others', () => {
    expect(reasonsOf('size(fact.a) == int("1") && type(1) == int && "a".startsWith("b") && "a".matches("b")')).toEqual(
      [],
    );
    expect(reasonsOf('math.greatest(1, 2) == 2')).toEqual([
      'there is no function greatest',
      expect.stringContaining('math is not known here'),
    ]);
    expect(reasonsOf('google.protobuf.Timestamp{seconds: 1} == now')).toEqual([
      'there is no type google.protobuf.Timestamp',
    ]);
  });

  it('speaks only of what there is where it stands', () => {
    expect(reasonsOf('fact.a == 1', WHEN_VARIABLES)).toEqual(['fact is not known here; known are params, image']);
    expect(reasonsOf('constructor == 1')).toHaveLength(1);
    expect(reasonsOf('__proto__ == 1')).toHaveLength(1);
  });

  it.each([
    ['nothing', '', 'not a CEL expression'],
    ['half of one', 'fact.a ==', 'not a CEL expression'],
    ['more than 4096 characters', `fact.a == "${'x'.repeat(4090)}"`, 'at most 4096 characters'],
    ['more than 50 nested brackets', `${'('.repeat(51)}true${')'.repeat(51)}`, 'at most 50 nested brackets'],
    ['brackets that are never closed', '('.repeat(4000), 'at most 50 nested brackets'],
    ['a tree of more than 100 levels', `1${' + 1'.repeat(101)} == 1`, 'nested too deeply'],
    ['a chain that overflows the parser', `${'true ? '.repeat(40)}true${' : true'.repeat(40)}`, 'not a CEL expression'],
    ['many comprehensions', Array(11).fill('[1].all(x, true)').join(' && '), 'at most 10 of all'],
    ['deep comprehensions', '[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))', 'at most 3 nested of all'],
  ])('is refused where it is %s', (_name, source, reason) => {
    expect(reasonsOf(source).join()).toContain(reason);
  });

  it('may go as far as its limits', () => {
    expect(reasonsOf(`${'('.repeat(50)}true${')'.repeat(50)}`)).toEqual([]);
    expect(reasonsOf(`1${' + 1'.repeat(98)} == 1`)).toEqual([]);
    expect(reasonsOf(Array(10).fill('[1].all(x, true)').join(' && '))).toEqual([]);
    expect(reasonsOf('[1].all(a, [1].all(b, [1].all(c, true)))')).toEqual([]);
  });
});
