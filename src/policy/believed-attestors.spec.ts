import { describe, expect, it } from 'vitest';
import { believedBy } from './believed-attestors.js';
import { compilePolicy } from './compile-policy.js';
import { parsePolicy } from './parse-policy.js';

const believed = (requirements: string) => {
  const { attestors, tellsApart } = believedBy(
    compilePolicy(parsePolicy(`policy: p\nrequirements:\n${requirements}`, 'yaml')),
  );
  return [[...attestors].sort().join(' '), tellsApart];
};

describe('believedBy', () => {
  it('is whom a policy names, through all its branches, and of VEX as well', () => {
    const requirements = `
  - {id: a, check: "true"}
  - {id: b, kind: scan, from: [trivy], where: {vex: {from: [security]}}}
  - id: c
    anyOf:
      - {kind: build, from: [ci]}
      - {id: d, allOf: [{kind: test, from: [qa]}, {not: {kind: sbom, from: [syft]}}]}
`;
    expect(believed(requirements)).toEqual(['ci qa security syft trivy', false]);
    expect(believed('  - {id: a, check: "true"}')).toEqual(['', false]);
  });

  it('tells people apart for approvals, and signers where they must differ', () => {
    expect(believed('  - {id: a, kind: approval, from: [leads]}')).toEqual(['leads', true]);
    expect(believed('  - {id: a, not: {predicateType: https://assay.dev/approval/v1, from: [leads]}}')).toEqual([
      'leads',
      true,
    ]);
    expect(believed('  - {id: a, kind: test, from: [qa, lab], count: 2, distinct: attestor}')).toEqual([
      'lab qa',
      true,
    ]);
    expect(believed('  - {id: a, kind: test, from: [qa, lab], count: 2}')).toEqual(['lab qa', false]);
  });
});
