import { describe, expect, it } from 'vitest';
import { celTypeFaults, expressionWarnings } from './cel-type-faults.js';
import { parsePolicy } from './parse-policy.js';

const PARAMETERS = {
  region: { type: 'string' },
  replicas: { type: 'integer' },
  score: { type: 'number' },
  canary: { type: 'boolean' },
} as const;

describe('what is certainly wrong with an expression', () => {
  it.each([
    ['"yes"', 'expected an expression that is true or false; it is a text'],
    ['1 + 2', 'expected an expression that is true or false; it is neither'],
    ['fact.score + 1', 'expected an expression that is true or false; it is neither'],
    ['[params.canary]', 'expected an expression that is true or false; it is a list'],
    ['params.region', 'expected an expression that is true or false; parameter region: it is a text'],
    ['params["region"]', 'expected an expression that is true or false; parameter region: it is a text'],
    [
      'params.canary && params.replicas',
      'expected an expression that is true or false; parameter replicas: it is a number',
    ],
    ['!"a"', 'expected an expression that is true or false; it is a text'],
    ['params.region == 3', 'parameter region is of type string, and is compared with a number'],
    ['"5" != params.replicas', 'parameter replicas is of type integer, and is compared with a text'],
    ['params.score < "5"', 'parameter score is of type number, and is compared with a text'],
    ['params.canary == "true"', 'parameter canary is of type boolean, and is compared with a text'],
    ['params.replicas in ["1", "2"]', 'parameter replicas is of type integer, and is compared with a text'],
    ['fact.x || !(params.region == 1)', 'parameter region is of type string, and is compared with a number'],
  ])('%s: %s', (source, fault) => {
    expect(celTypeFaults(source, PARAMETERS)).toEqual([fault]);
  });

  it.each([
    'true',
    'params.canary',
    '!params.canary && has(params.region)',
    'params.region == "eu" || params.region in ["us", "ap"]',
    'params.replicas > 1 && params.replicas < 2.5 && params.score == 3',
    'params.region == null',
    'params.region.startsWith("eu")',
    'size(params.region) > 3',
    'fact.score > "a"',
    'predicate',
    'predicate.flag',
    'fact.findings.all(params, params.region == 3)',
    'params.canary ? fact.a : fact.b',
    'params.unknown == 3',
    'now',
  ])('is nothing that can be told of %s', (source) => {
    expect(celTypeFaults(source, PARAMETERS)).toEqual([]);
  });

  it('is told of every expression of a document, with where it stands', () => {
    const document = parsePolicy(
      `policy: p
parameters: { replicas: { type: integer, required: true } }
requirements:
  - id: first
    when: params.replicas == "1"
    anyOf: [{ check: '1' }, { not: { id: inner, predicateType: https://example.com/a, from: [a], check: '"a"' } }]
`,
      'yaml',
    );
    expect(expressionWarnings(document)).toEqual([
      'first.when: parameter replicas is of type integer, and is compared with a text',
      'first.anyOf[0].check: expected an expression that is true or false; it is a number',
      'inner.check: expected an expression that is true or false; it is a text',
    ]);
  });
});
