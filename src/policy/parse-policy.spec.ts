import { describe, expect, it } from 'vitest';
import { parsePolicy } from './parse-policy.js';
import { policyDigest } from './policy-digest.js';
import { PolicyFault, type PolicyFaultPlace } from './policy-fault.js';

function faultsOf(source: string | Uint8Array, format: 'yaml' | 'json' = 'yaml'): readonly PolicyFaultPlace[] {
  try {
    parsePolicy(source, format);
  } catch (error) {
    if (error instanceof PolicyFault) return error.errors;
    throw error;
  }
  return [];
}

/** Faults of a document with these requirements, as `path: message`. */
function faultsIn(requirements: string, parameters = '{}'): readonly string[] {
  const source = `policy: p\nparameters: ${parameters}\nrequirements: ${requirements}\n`;
  return faultsOf(source).map(({ path, message }) => `${path}: ${message}`);
}

const SOUND = 'policy: p\nrequirements: [{id: r, check: "true"}]\n';

describe('faults of a document', () => {
  it('come all together, each with its line, its column, its path and what was expected', () => {
    const source = [
      'policy: production',
      'mod: audit',
      'requirements:',
      '  - id: scanned',
      '    kind: scan',
      '    from: [trivy]',
      '    where:',
      '      maxSeverity: {critical: -1, high: 0}',
      '  - id: scanned',
      '    kind: scn',
      '    from: [trivy]',
    ].join('\n');
    expect(faultsOf(source)).toEqual([
      { path: 'mod', message: 'is no field here; did you mean mode?', line: 2, column: 1 },
      {
        path: 'requirements[0].where.maxSeverity.critical',
        message: 'expected a whole number, 0 or more',
        line: 8,
        column: 31,
      },
      { path: 'requirements[1].id', message: 'another requirement has the id scanned', line: 9, column: 9 },
      {
        path: 'requirements[1].kind',
        message: 'expected one of build, scan, test, approval, sbom, vex, summary; did you mean scan?',
        line: 10,
        column: 11,
      },
    ]);
  });

  it('read as one line each in the message', () => {
    expect(() => parsePolicy('policy: P\nrequirements: []', 'yaml')).toThrow(
      'policy: expected a name of lower-case letters, digits, dots, underscores and hyphens (line 1, column 9)\n' +
        'requirements: expected at least one requirement (line 2, column 15)',
    );
  });

  it('have places in JSON as well', () => {
    expect(faultsOf('{"policy": "p",\n "requirements": [\n  {"id": "r", "check": 5}]}', 'json')).toEqual([
      { path: 'requirements[0].check', message: 'expected a CEL expression as text', line: 3, column: 24 },
    ]);
  });

  it('name what is missing at the place where it is missing', () => {
    expect(faultsOf('policy: p\nrequirements:\n  - {id: r, kind: scan}\n')).toEqual([
      { path: 'requirements[0].from', message: 'is missing: expected a list of attestors', line: 3, column: 5 },
    ]);
  });

  it('are told up to a hundred', () => {
    const many = Array.from({ length: 150 }, (_, index) => `unknown${index}: 1`).join('\n');
    expect(faultsOf(`${SOUND}${many}`)).toHaveLength(100);
  });
});

describe('YAML that means two things, or much by little, is refused', () => {
  it.each([
    ['a repeated field', 'policy: p\npolicy: q\nrequirements: [{id: r, check: "true"}]', 'is given twice', 2],
    ['a repeated field deep inside', `${SOUND}parameters: {a: {type: string, type: integer}}`, 'is given twice', 3],
    ['an anchor', 'policy: &p p\nrequirements: [{id: r, check: "true"}]', 'anchors are not accepted', 1],
    [
      'an alias',
      'policy: &p p\ndescription: *p\nrequirements: [{id: r, check: "true"}]',
      'aliases are not accepted',
      2,
    ],
    ['a merge key', `${SOUND}<<: {mode: audit}`, 'merge keys are not accepted', 3],
    ['a tag', 'policy: !!str p\nrequirements: [{id: r, check: "true"}]', 'tags are not accepted', 1],
    ['a tag of its own', 'policy: !x p\nrequirements: [{id: r, check: "true"}]', 'tags are not accepted', 1],
    ['a directive', `%YAML 1.1\n---\n${SOUND}`, 'directives are not accepted', 1],
    ['a directive for tags', `%TAG ! tag:x,2000:\n---\n${SOUND}`, 'directives are not accepted', 1],
    ['two documents', `${SOUND}---\n${SOUND}`, 'only one document is accepted', 3],
    ['no document', '# nothing\n', 'the document is empty', 1],
    ['a field that is a list', `${SOUND}? [a]\n: b`, 'expected a plain field name', 3],
    ['__proto__ for a field', `${SOUND}parameters: {__proto__: {type: string}}`, 'is no name of a field', 3],
    ['U+0000', `${SOUND}description: "\\0"`, 'holds U+0000', 3],
    ['half of a surrogate pair', `${SOUND}description: "\\ud800"`, 'holds U+0000 or half of a surrogate pair', 3],
    ['a tab for indentation', 'policy: p\nrequirements:\n\t- id: r', 'Tabs are not allowed', 3],
  ])('%s', (_name, source, message, line) => {
    const faults = faultsOf(source);
    expect(faults.map((fault) => fault.message).join('\n')).toContain(message);
    expect(faults.map((fault) => fault.line)).toContain(line);
  });

  it('is refused where it is nested too deeply for anybody to read', () => {
    expect(faultsOf(`${SOUND}description: ${'['.repeat(100)}${']'.repeat(100)}`)[0]?.message).toBe('nested too deeply');
    expect(faultsOf('['.repeat(100_000))[0]?.message).toBe('nested too deeply');
  });

  it('is refused where it is larger than 256 KiB', () => {
    expect(faultsOf(`${SOUND}# ${'x'.repeat(256 * 1024)}`)[0]?.message).toContain('the limit is 262144');
    expect(faultsOf(`${SOUND}# ${'x'.repeat(200 * 1024)}`)).toEqual([]);
  });

  it('is refused where it is not UTF-8', () => {
    expect(faultsOf(Buffer.from([0x70, 0xff]))[0]?.message).toBe('the document is not UTF-8 text');
  });

  it('takes words for what YAML 1.2 takes them for', () => {
    const { description } = parsePolicy(`${SOUND}description: yes\n`, 'yaml');
    expect(description).toBe('yes');
  });
});

describe('a document declared as JSON', () => {
  it('must be JSON and not merely YAML', () => {
    expect(faultsOf(SOUND, 'json')).toHaveLength(1);
    expect(faultsOf('{"policy": "p", }', 'json')).toHaveLength(1);
  });

  it('may not repeat a field', () => {
    const source = '{"policy": "p", "policy": "q", "requirements": [{"id": "r", "check": "true"}]}';
    expect(faultsOf(source, 'json')).toEqual([{ path: 'policy', message: 'is given twice', line: 1, column: 17 }]);
  });
});

describe('what no shape can say', () => {
  it('whoever speaks VEX named twice', () => {
    expect(faultsIn('[{id: r, kind: scan, from: [a], where: {vex: {from: [b, b]}}}]')).toEqual([
      'requirements[0].where.vex.from[1]: b is named twice',
    ]);
  });

  it('a component that is no package URL', () => {
    expect(faultsIn('[{id: r, kind: sbom, from: [a], where: {components: {deny: ["pkg:npm"]}}}]')).toEqual([
      'requirements[0].where.components.deny[0]: pkg:npm is no package URL',
    ]);
  });

  it('an attestor named twice', () => {
    expect(faultsIn('[{id: r, kind: scan, from: [a, b, a]}]')).toEqual(['requirements[0].from[2]: a is named twice']);
  });

  it('an id given twice, however deep', () => {
    expect(faultsIn('[{id: r, anyOf: [{id: s, check: "true"}, {not: {id: r, check: "true"}}]}]')).toEqual([
      'requirements[0].anyOf[1].not.id: another requirement has the id r',
    ]);
  });

  it('approvers where there are none', () => {
    expect(faultsIn('[{id: r, kind: scan, from: [a], distinct: approver}]')).toEqual([
      'requirements[0].distinct: expected attestor or signer: only approvals have approvers',
    ]);
    expect(
      faultsIn('[{id: r, predicateType: "https://assay.dev/approval/v1", from: [a], distinct: approver}]'),
    ).toEqual([]);
  });

  it('a day that no calendar has', () => {
    expect(
      faultsIn('[{id: r, kind: scan, from: [a], where: {ignore: [{id: x, until: 2026-02-31, reason: y}]}}]'),
    ).toEqual(['requirements[0].where.ignore[0].until: 2026-02-31 is no day of the calendar']);
  });

  it('a parameter that is not declared', () => {
    expect(faultsIn('[{id: r, kind: build, from: [a], where: {ref: "${params.ref}"}}]')).toEqual([
      'requirements[0].where.ref: there is no parameter ref; declare it under parameters',
    ]);
    expect(faultsIn('[{id: r, when: params.a == 1, check: \'params["b"] == params.a\'}]')).toEqual([
      'requirements[0].when: there is no parameter a; declare it under parameters',
      'requirements[0].check: there is no parameter b; declare it under parameters',
      'requirements[0].check: there is no parameter a; declare it under parameters',
    ]);
  });

  it('a parameter named like a property of every object', () => {
    expect(faultsIn('[{id: r, kind: build, from: [a], where: {ref: "${params.constructor}"}}]')).toEqual([
      'requirements[0].where.ref: there is no parameter constructor; declare it under parameters',
    ]);
    expect(
      faultsIn(
        '[{id: r, kind: build, from: [a], where: {ref: "${params.constructor}"}}]',
        '{constructor: {type: string, required: true}}',
      ),
    ).toEqual([]);
  });

  it('a parameter of another type than is needed', () => {
    const parameters =
      '{t: {type: string, required: true}, n: {type: number, default: 1}, i: {type: integer, default: 1}}';
    expect(
      faultsIn('[{id: r, kind: build, from: [a], where: {slsaLevel: "${params.n}", ref: "${params.i}"}}]', parameters),
    ).toEqual([
      'requirements[0].where.slsaLevel: expected whole number, but parameter n is of type number',
      'requirements[0].where.ref: expected text, but parameter i is of type integer',
    ]);
    expect(faultsIn('[{id: r, kind: scan, from: [a], where: {maxCvss: "${params.i}"}}]', parameters)).toEqual([]);
  });

  it('a parameter that may be absent where a value is needed', () => {
    expect(faultsIn('[{id: r, kind: build, from: [a], where: {ref: "${params.x}"}}]', '{x: {type: string}}')).toEqual([
      'requirements[0].where.ref: parameter x may be absent: make it required or give it a default',
    ]);
  });

  it('expressions that are not CEL, or speak of what is not there', () => {
    expect(
      faultsIn(
        '[{id: a, check: "1 +"}, {id: b, check: fact.x == 1}, {id: c, when: now == now, check: "true"}, {id: d, check: nope(1)}]',
      ),
    ).toEqual([
      'requirements[0].check: not a CEL expression: 1:3: found + but expecting end of input',
      'requirements[1].check: fact is not known here; known are params, image, now',
      'requirements[2].when: now is not known here; known are params, image',
      'requirements[3].check: there is no function nope',
    ]);
  });

  it('requirements within requirements within requirements', () => {
    const deep = `${'{not: '.repeat(9)}{check: "true"}${'}'.repeat(9)}`;
    expect(faultsIn(`[{id: r, anyOf: [${deep}]}]`).join()).toContain('at most 8 levels');
  });

  it('too many requirements in all', () => {
    const many = Array.from(
      { length: 100 },
      (_, index) => `{id: r${index}, anyOf: [{check: "true"}, {check: "true"}]}`,
    );
    expect(faultsIn(`[${many.join()}]`)).toEqual([expect.stringContaining('at most 200 requirements in all')]);
  });

  it('a default that is not among the values', () => {
    expect(
      faultsIn(
        '[{id: r, check: "true"}]',
        '{a: {type: string, default: z, oneOf: [x, y]}, b: {type: boolean, default: true, required: true}}',
      ),
    ).toEqual([
      'parameters.a.default: expected one of the values of oneOf',
      'parameters.b.default: a required parameter has no default',
    ]);
  });
});

describe('the digest of a policy', () => {
  const yaml = parsePolicy('# comment\npolicy: p\nrequirements:\n  - id: r\n    check: "true"   # so\n', 'yaml');

  it('is one for YAML and JSON, whatever the layout and the order of fields', () => {
    const json = parsePolicy('{"requirements": [{"check": "true", "id": "r"}], "policy": "p"}', 'json');
    expect(policyDigest(json)).toBe(policyDigest(yaml));
  });

  it('is another for another document', () => {
    const digests = [
      'policy: q\nrequirements: [{id: r, check: "true"}]',
      'policy: p\nrequirements: [{id: r, check: "false"}]',
      `${SOUND}mode: enforce`,
    ].map((source) => policyDigest(parsePolicy(source, 'yaml')));
    expect(new Set([...digests, policyDigest(yaml)]).size).toBe(4);
  });

  it('does not change from release to release', () => {
    expect(policyDigest(yaml)).toBe('sha256:e3679a0508d3e7e3ca28c1837ef2e2d79bbe9bac1355923a3dc2791e1e7c4c7a');
  });
});

describe('evidence of the source', () => {
  const tested = '{id: tested, kind: test, from: [qa], of: source}';
  const fault =
    'requirements[0].of: needs a requirement about builds to say what was built: ' +
    'one of kind build among the requirements, or in an anyOf there';

  it.each([
    ['no build is asked for', tested],
    ['a build only counts together with something else', `${tested}, {id: b, allOf: [{kind: build, from: [ci]}]}`],
    ['a build is what must not be', `${tested}, {id: b, not: {kind: build, from: [ci]}}`],
    [
      'a build is asked for in an allOf in an anyOf',
      `${tested}, {id: b, anyOf: [{allOf: [{kind: build, from: [ci]}]}]}`,
    ],
  ])('is refused where %s', (_name, requirements) => {
    expect(faultsIn(`[${requirements}]`)).toEqual([fault]);
  });

  it.each([
    ['a build is asked for', `${tested}, {id: b, kind: build, from: [ci]}`],
    ['one is in an anyOf', `${tested}, {id: b, anyOf: [{check: 'true'}, {anyOf: [{kind: build, from: [ci]}]}]}`],
    ['one is by its type', `${tested}, {id: b, predicateType: https://slsa.dev/provenance/v1, from: [ci]}`],
  ])('is read where %s', (_name, requirements) => {
    expect(faultsIn(`[${requirements}]`)).toEqual([]);
  });

  it('is never a build', () => {
    expect(faultsIn('[{id: b, predicateType: https://slsa.dev/provenance/v1, from: [ci], of: source}]')).toEqual([
      'requirements[0].of: expected image: builds are about images',
    ]);
  });
});
