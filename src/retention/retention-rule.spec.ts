import { describe, expect, it } from 'vitest';
import { parseRetentionRules, ruleFor, type RetentionRule } from './retention-rule.js';

const DAY = 86_400_000;
const NOW = new Date('2026-03-01T00:00:00Z');
const BOM = 'https://cyclonedx.org/bom/v1.6';

function rulesOf(...texts: readonly string[]): readonly RetentionRule[] {
  const parsed = parseRetentionRules(texts);
  if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
  return parsed.rules;
}

function received(daysAgo: number, of: { kind?: string; predicateType?: string | null } = {}) {
  const { kind = 'sbom', predicateType = BOM } = of;
  return { kind, predicateType, receivedAt: new Date(NOW.getTime() - daysAgo * DAY) };
}

describe('parseRetentionRules', () => {
  it('reads kinds and predicate types with ages', () => {
    const rules = rulesOf('scan:400d', 'https://cyclonedx.org/**:P90D', 'other:2w');
    expect(rules.map(({ of, age }) => [of, age / DAY])).toEqual([
      ['scan', 400],
      ['https://cyclonedx.org/**', 90],
      ['other', 14],
    ]);
  });

  it.each([
    [[], 'nothing is ever dropped'],
    [['scan'], 'expected a kind or a predicate type'],
    [[':400d'], 'expected a kind or a predicate type'],
    [['scans:400d'], 'scans is no kind'],
    [['scan:400'], '400 is no age'],
    [['scan:0d'], '0d is no age'],
    [['scan:-1d'], '-1d is no age'],
    [['scan:1y'], '1y is no age'],
    [['https://cyclonedx.org/bom'], 'is no age'],
    [['scan:400d', 'scan:90d'], 'scan is given more than once'],
    [[`${'x'.repeat(1000)}:400d`], 'expected a kind'],
  ])('refuses %j', (texts, fault) => {
    const parsed = parseRetentionRules(texts);
    expect('faults' in parsed ? parsed.faults.join('; ') : '').toContain(fault);
  });

  it('names every fault', () => {
    expect(parseRetentionRules(['scans:400d', 'scan:400'])).toEqual({ faults: [expect.anything(), expect.anything()] });
  });
});

describe('ruleFor', () => {
  it('is the first rule whose class and age fit', () => {
    const rules = rulesOf('sbom:400d', 'https://cyclonedx.org/**:90d');
    expect(ruleFor(rules, received(401), NOW)?.text).toBe('sbom:400d');
    expect(ruleFor(rules, received(91), NOW)?.text).toBe('https://cyclonedx.org/**:90d');
    expect(ruleFor(rules, received(89), NOW)).toBeNull();
    expect(ruleFor(rules, received(91, { predicateType: 'https://spdx.dev/Document' }), NOW)).toBeNull();
  });

  it('takes what is exactly as old as the rule says', () => {
    expect(ruleFor(rulesOf('sbom:90d'), received(90), NOW)).not.toBeNull();
    const later = { ...received(90), receivedAt: new Date(NOW.getTime() - 90 * DAY + 1) };
    expect(ruleFor(rulesOf('sbom:90d'), later, NOW)).toBeNull();
  });

  it('never takes what was received ahead of the clock', () => {
    expect(ruleFor(rulesOf('sbom:1s'), received(-1), NOW)).toBeNull();
  });

  it('covers by predicate type only what has one', () => {
    const rules = rulesOf('**:1d');
    expect(ruleFor(rules, received(2), NOW)).not.toBeNull();
    expect(ruleFor(rules, received(2, { kind: 'other', predicateType: null }), NOW)).toBeNull();
    expect(ruleFor(rulesOf('other:1d'), received(2, { kind: 'other', predicateType: null }), NOW)).not.toBeNull();
  });
});
