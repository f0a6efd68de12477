import { describe, expect, it } from 'vitest';
import { higherScore, severityOf, worseSeverity } from './severity.js';

describe('severityOf', () => {
  it.each([
    ['CRITICAL', 'critical'],
    ['Negligible', 'negligible'],
    [' medium ', 'medium'],
    ['moderate', 'medium'],
    ['Important', 'high'],
    ['UNKNOWN', 'unknown'],
    ['spicy', 'unknown'],
    ['constructor', 'unknown'],
  ] as const)('reads the word %s as %s', (word, severity) => {
    expect(severityOf([word], null)).toBe(severity);
  });

  it.each([
    [0, 'none'],
    [0.1, 'low'],
    [3.9, 'low'],
    [4, 'medium'],
    [6.9, 'medium'],
    [7, 'high'],
    [8.9, 'high'],
    [9, 'critical'],
    [10, 'critical'],
  ] as const)('reads the score %d, where there is no word, as %s', (score, severity) => {
    expect(severityOf([], score)).toBe(severity);
  });

  it('knows nothing from neither word nor score, which is not "none"', () => {
    expect(severityOf([], null)).toBe('unknown');
  });

  it('takes the worst of several words, in whatever order they stand', () => {
    expect(severityOf(['low', 'critical', 'medium'], null)).toBe('critical');
    expect(severityOf(['critical', 'low'], null)).toBe('critical');
  });

  it('leaves a word that is understood as it is, whatever the score', () => {
    expect(severityOf(['low'], 9.8)).toBe('low');
    expect(severityOf(['critical'], 1)).toBe('critical');
  });

  it('lets a score make an unknown severity worse, and never milder', () => {
    expect(severityOf(['unknown'], 9.8)).toBe('critical');
    expect(severityOf(['unknown'], 5)).toBe('unknown');
  });

  it('lets no mild word hide one that is not understood', () => {
    expect(severityOf(['low', 'P1'], null)).toBe('unknown');
    expect(severityOf(['high', 'P1'], null)).toBe('high');
  });
});

it('finds the worse severity whichever comes first', () => {
  expect(worseSeverity('low', 'high')).toBe('high');
  expect(worseSeverity('high', 'low')).toBe('high');
  expect(worseSeverity('none', 'negligible')).toBe('negligible');
});

it('finds the higher score, where an unknown one is below any', () => {
  expect(higherScore(null, null)).toBeNull();
  expect(higherScore(null, 0)).toBe(0);
  expect(higherScore(0, null)).toBe(0);
  expect(higherScore(3.1, 9.8)).toBe(9.8);
});
