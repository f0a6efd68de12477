import { describe, expect, it } from 'vitest';
import { impactReport, type ImpactFlip } from './impact-lines.js';

const flip: ImpactFlip = {
  image: 'sha256:ab',
  repository: null,
  parameters: {},
  from: 'allow',
  to: 'deny',
  requirements: ['scanned'],
};
const summary = { looked: 5, asked: 6, notAsked: 0, flips: 0, errors: 0 };

describe('impactReport', () => {
  it('groups flips by what turns and why, the largest group first', () => {
    const flips: ImpactFlip[] = [
      { ...flip, from: 'deny', to: 'allow', requirements: ['approved'] },
      flip,
      { ...flip, repository: 'registry.example/app', parameters: { region: 'eu', replicas: 2 } },
    ];
    expect(impactReport(flips, { ...summary, flips: 3 })).toEqual([
      'allow -> deny by scanned (2)',
      '  sha256:ab',
      '  registry.example/app@sha256:ab  region=eu  replicas=2',
      'deny -> allow by approved (1)',
      '  sha256:ab',
      '3 of 6 questions about 5 images would be answered otherwise',
    ]);
  });

  it('says why a question would be refused, and what was not found out', () => {
    const refused: ImpactFlip = { ...flip, to: null, requirements: [], code: 'parameter_invalid' };
    expect(impactReport([refused], { ...summary, flips: 1, notAsked: 2, errors: 3 })).toEqual([
      'allow -> refused by parameter_invalid (1)',
      '  sha256:ab',
      '1 of 6 questions about 5 images would be answered otherwise',
      '2 images were not asked about: name their parameters by --param',
      '3 questions met an evaluation error',
    ]);
  });

  it('lets no parameter reach the terminal as it is', () => {
    expect(impactReport([{ ...flip, parameters: { x: '\u001b[2J' } }], summary).join()).not.toContain('\u001b');
  });
});
