import { describe, expect, it } from 'vitest';
import { AppError } from '../platform/app-error.js';
import { parseParameters } from './parse-parameters.js';
import type { ParameterDeclaration, PolicyDocument } from './policy-document.js';

function documentWith(parameters: Readonly<Record<string, ParameterDeclaration>> | undefined): PolicyDocument {
  return { policy: 'p', parameters, requirements: [{ id: 'r', check: 'true' }] };
}

const DECLARED = documentWith({
  region: { type: 'string', required: true, oneOf: ['eu', 'us'] },
  level: { type: 'integer', default: 2 },
  score: { type: 'number' },
  strict: { type: 'boolean', default: false },
});

function errorsOf(document: PolicyDocument, given: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    parseParameters(document, given);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.kind).toBe('malformed');
    expect(error.code).toBe('parameter_invalid');
    return (error.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

function valueOf(type: ParameterDeclaration['type'], value: unknown): unknown {
  const document = documentWith({ x: { type } });
  return errorsOf(document, { x: value }).length > 0 ? 'refused' : parseParameters(document, { x: value })['x'];
}

describe('parameters', () => {
  it('are taken by their declared type, with defaults for what was not given', () => {
    expect(parseParameters(DECLARED, { region: 'eu', score: '7.5', strict: 'true' })).toEqual({
      region: 'eu',
      level: 2,
      score: 7.5,
      strict: true,
    });
    expect(parseParameters(DECLARED, { region: 'eu' })).toEqual({ region: 'eu', level: 2, strict: false });
  });

  it('come in the order of their names, however they were given', () => {
    const keys = Object.keys(parseParameters(DECLARED, { score: 1, region: 'us', level: 1 }));
    expect(keys).toEqual(['level', 'region', 'score', 'strict']);
  });

  it('at fault are listed all together by name', () => {
    expect(errorsOf(DECLARED, { regoin: 'eu', level: 'high', score: 'NaN', strict: 1 })).toEqual([
      'regoin: the policy has no such parameter; did you mean region?',
      'level: expected a whole number',
      'region: is missing: expected text, one of eu, us',
      'score: expected a number',
      'strict: expected true or false',
    ]);
    expect(errorsOf(DECLARED, { region: 'asia' })).toEqual(['region: expected text, one of eu, us']);
    expect(errorsOf(documentWith(undefined), { a: '1' })).toEqual(['a: the policy has no parameters']);
  });

  it('of a query string are read strictly', () => {
    const values = ['5', '-5', '0', '-0', '05', '+5', ' 5', '5 ', '5.0', '1e3', '', '0x5', '9007199254740993', 'NaN'];
    expect(values.map((value) => valueOf('integer', value))).toEqual([5, -5, 0, ...Array<string>(11).fill('refused')]);
    const numbers = ['5', '5.25', '-0.5', '1e3', '-0', '.5', '5.', 'Infinity', '1e999', ' 1', ''];
    expect(numbers.map((value) => valueOf('number', value))).toEqual([
      5,
      5.25,
      -0.5,
      1000,
      0,
      ...Array<string>(6).fill('refused'),
    ]);
    expect(['true', 'false', 'TRUE', '1', 'yes', ''].map((value) => valueOf('boolean', value))).toEqual([
      true,
      false,
      ...Array<string>(4).fill('refused'),
    ]);
  });

  it('that have a type already must have the right one', () => {
    expect(valueOf('string', 5)).toBe('refused');
    expect(valueOf('string', '')).toBe('');
    expect(valueOf('integer', 5)).toBe(5);
    expect(valueOf('integer', 5.5)).toBe('refused');
    expect(valueOf('integer', true)).toBe('refused');
    expect(valueOf('number', Infinity)).toBe('refused');
    expect(valueOf('boolean', true)).toBe(true);
    expect(valueOf('boolean', null)).toBe('refused');
    expect(valueOf('string', ['a', 'b'])).toBe('refused');
  });

  it('that no record could hold are refused', () => {
    expect(valueOf('string', 'a\0b')).toBe('refused');
    expect(valueOf('string', '\ud800')).toBe('refused');
    expect(valueOf('string', 'x'.repeat(1025))).toBe('refused');
  });

  it('named like properties of every object are parameters like any other', () => {
    const document = documentWith({
      constructor: { type: 'string' as const },
      toString: { type: 'integer' as const, default: 1 },
    });
    expect(parseParameters(document, { constructor: 'x' })).toEqual({ constructor: 'x', toString: 1 });
    expect(errorsOf(DECLARED, { region: 'eu', constructor: 'x' })).toHaveLength(1);
    expect(
      errorsOf(DECLARED, JSON.parse('{"region": "eu", "__proto__": "x"}') as Record<string, unknown>),
    ).toHaveLength(1);
    expect(errorsOf(documentWith({ hasOwnProperty: { type: 'string' as const, required: true } }), {})).toHaveLength(1);
  });
});
