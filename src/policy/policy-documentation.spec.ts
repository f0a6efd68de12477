import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from './parse-policy.js';
import { documentShape } from './policy-shape.js';
import { requirementId, requirementShapes } from './requirement-shapes.js';
import { CONSIDERED_CODES, REQUIREMENT_STATUSES } from './verdict.js';
import * as z from 'zod';

const page = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map((match) => match[1] ?? '');

describe('the page about policies', () => {
  it('has examples', () => {
    expect(examples.length).toBeGreaterThanOrEqual(4);
  });

  it.each(examples.map((example) => [example.split('\n')[0] ?? '', example]))(
    'shows what is accepted: %s …',
    (_first, example) => {
      const whole = example.startsWith('policy:')
        ? example
        : `policy: p\nparameters: {environment: {type: string, required: true}}\nrequirements:\n${example}`;
      expect(parsePolicy(whole, 'yaml').requirements.length).toBeGreaterThan(0);
    },
  );

  it('tells of every code and status', () => {
    for (const word of [...CONSIDERED_CODES, ...REQUIREMENT_STATUSES]) expect(page).toContain(`\`${word}\``);
  });

  it('tells of every field', () => {
    const shapes = requirementShapes(requirementId, z.unknown());
    const { where: build } = shapes.kind.build.shape;
    const wheres = [
      build,
      shapes.kind.scan.shape.where,
      shapes.kind.test.shape.where,
      shapes.kind.approval.shape.where,
      shapes.kind.sbom.shape.where,
      shapes.kind.summary.shape.where,
    ];
    const fields = [
      documentShape(z.unknown(), z.unknown()).shape,
      shapes.predicateType.shape,
      ...wheres.map((where) => where.unwrap().shape),
    ].flatMap((shape) => Object.keys(shape));
    for (const field of fields) expect(page).toContain(`\`${field}\``);
  });
});
