import { describe, expect, it } from 'vitest';
import type { AttestationId } from '../intoto/digest.js';
import type { Fact } from '../facts/fact.js';
import type { OpenQuestion } from './cel-answers.js';
import { splitPredicates, whyDropped, withoutDropped } from './dropped-predicates.js';

const [KEPT, GONE] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}` as AttestationId) as [
  AttestationId,
  AttestationId,
];
const DROP = { at: new Date('2026-03-01T00:00:00Z'), rule: 'scan:400d' };

function question(variable: string, attestation: AttestationId | null): OpenQuestion {
  return {
    expression: {
      source: `${variable} == null`,
      variables: new Set([variable]),
    } as unknown as OpenQuestion['expression'],
    fact: attestation === null ? null : ({ attestation } as Fact),
    guard: null,
  };
}

describe('predicates that were dropped', () => {
  const { predicates, dropped } = splitPredicates(
    new Map([
      [KEPT, { state: 'stored', predicate: { a: 1 } }],
      [GONE, { state: 'dropped', ...DROP }],
    ]),
  );

  it('are told from those that can be read', () => {
    expect([...predicates]).toEqual([[KEPT, { a: 1 }]]);
    expect([...dropped]).toEqual([[GONE, DROP]]);
  });

  it('answer no question, whatever was answered, and nothing else is touched', () => {
    const open = [
      question('predicate', GONE),
      question('predicate', KEPT),
      question('fact', GONE),
      question('params', null),
    ];
    const answers = open.map(() => ({ holds: true }));
    expect(withoutDropped(open, answers, dropped)).toEqual([
      { error: whyDropped(GONE, DROP) },
      { holds: true },
      { holds: true },
      { holds: true },
    ]);
  });

  it('are named with when and why', () => {
    expect(whyDropped(GONE, DROP)).toBe(
      `the predicate of ${GONE} was dropped by retention at 2026-03-01T00:00:00.000Z, by the rule scan:400d`,
    );
  });
});
