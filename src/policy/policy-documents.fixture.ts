/*
 * Documents that are accepted and documents that are not, each for a reason of its shape. Reading and the published schema
 * are held to the same lists.
 */

type Fields = Readonly<Record<string, unknown>>;

function policy(change: Fields = {}): Fields {
  return { policy: 'p', requirements: [{ id: 'r', check: 'true' }], ...change };
}

function scan(change: Fields = {}): Fields {
  return policy({ requirements: [{ id: 'r', kind: 'scan', from: ['trivy'], ...change }] });
}

function inWhere(kind: string, where: unknown): Fields {
  return policy({
    parameters: {
      text: { type: 'string', required: true },
      whole: { type: 'integer', default: 1 },
      number: { type: 'number', default: 1.5 },
    },
    requirements: [{ id: 'r', kind, from: ['a'], where }],
  });
}

/** By what they show. */
export const ACCEPTED: Readonly<Record<string, Fields>> = {
  'the least there is': policy(),
  'every field of the document': policy({ description: 'd', mode: 'audit', onPending: 'deny', parameters: {} }),
  'parameters of every type': policy({
    parameters: {
      a: { type: 'string', required: true, oneOf: ['x', 'y'], description: 'd' },
      b: { type: 'integer', default: -3 },
      c: { type: 'number', default: 2.5, oneOf: [2.5, 3] },
      d: { type: 'boolean', required: false, default: true },
      constructor: { type: 'string' },
    },
  }),
  'every field of a requirement': policy({
    parameters: { x: { type: 'string' } },
    requirements: [
      {
        id: 'r-1',
        description: 'd',
        when: 'has(params.x)',
        kind: 'approval',
        from: ['a', 'b'],
        select: 'all',
        count: 2,
        distinct: 'signer',
        maxAge: 'P1DT12H30M',
        order: 'proven',
        of: 'image',
        check: 'fact.role == "lead"',
        where: { environment: 'production', region: 'eu', role: 'lead' },
      },
    ],
  }),
  'a predicate type': policy({ requirements: [{ id: 'r', predicateType: 'https://example.com/x/v1', from: ['a'] }] }),
  'kinds without where': policy({
    requirements: [
      { id: 'vex', kind: 'vex', from: ['a'], check: 'true' },
      { id: 'sbom', kind: 'sbom', from: ['a'] },
      { id: 'summary', kind: 'summary', from: ['a'] },
    ],
  }),
  'logic with and without ids': policy({
    requirements: [
      { id: 'r', anyOf: [{ allOf: [{ id: 's', not: { check: 'false' } }] }, { kind: 'scan', from: ['a'] }] },
    ],
  }),
  'approval by others than the builder': policy({
    requirements: [
      { id: 'b', kind: 'build', from: ['a'] },
      { id: 'r', kind: 'approval', from: ['a'], notBy: 'builder' },
    ],
  }),
  'evidence of the source, where builds name it': policy({
    requirements: [
      { id: 'b', anyOf: [{ kind: 'build', from: ['a'] }] },
      ...['scan', 'test', 'approval'].map((kind) => ({ id: kind, kind, from: ['a'], of: 'source' })),
      { id: 's', kind: 'summary', from: ['a'], of: 'source', check: 'true' },
      { id: 'o', predicateType: 'https://example.com/x/v1', from: ['a'], of: 'source' },
    ],
  }),
  'seven days': scan({ maxAge: '7d' }),
  'a week': scan({ maxAge: 'P1W' }),
  'where of builds': inWhere('build', {
    builder: 'https://x/**',
    source: '${params.text}',
    ref: 'refs/$${x}',
    commit: 'abc',
    buildType: '*',
    slsaLevel: 3,
  }),
  'a level from a parameter': inWhere('build', { slsaLevel: '${params.whole}' }),
  'where of scans': inWhere('scan', {
    scanner: 'trivy',
    maxSeverity: { critical: 0, high: '${params.whole}', unknown: 3, none: 9, negligible: 1, low: 2, medium: 4 },
    maxCvss: 8.9,
    maxFindings: 0,
    ignore: [
      { id: 'CVE-1', until: '2026-12-31', reason: 'r' },
      { id: 'CVE-2', until: '2026-12-31T12:00:00.5+01:00', reason: 'r' },
    ],
    vex: { from: ['s'] },
  }),
  'a score from a parameter': inWhere('scan', { maxCvss: '${params.number}' }),
  'where of tests': inWhere('test', {
    suites: ['a', '${params.text}'],
    environment: { hardware: 'h200', constructor: 'x' },
    hardware: 'h200',
    region: 'eu',
    result: 'warned',
  }),
  'where of bills of materials': inWhere('sbom', {
    licences: { deny: ['GPL-*', 'Some licence'], allow: ['*'] },
    components: { deny: ['pkg:npm/left-pad', 'pkg:deb/debian/openssl@3.0.15?arch=amd64'] },
  }),
  'where of summaries': inWhere('summary', {
    verifier: 'https://verifier.example/**',
    resourceUri: '${params.text}',
    levels: ['SLSA_BUILD_LEVEL_3', '${params.text}'],
    policy: { uri: 'https://policies.example/*', digest: 'sha256:c0ffee' },
    properties: ['reviewed'],
  }),
  'a policy digest from a parameter': inWhere('summary', { policy: { digest: '${params.text}' } }),
  'an empty where': inWhere('approval', {}),
};

/** By what they show; the path is that of the first fault. */
export const REFUSED: Readonly<Record<string, readonly [document: unknown, path: string]>> = {
  'nothing but a list': [[], ''],
  'no name': [{ requirements: [{ id: 'r', check: 'true' }] }, 'policy'],
  'a name in capitals': [policy({ policy: 'Production' }), 'policy'],
  'an unknown field': [policy({ modes: 'audit' }), 'modes'],
  'an unknown mode': [policy({ mode: 'dry-run' }), 'mode'],
  'null for a field': [policy({ description: null }), 'description'],
  'no requirements': [{ policy: 'p' }, 'requirements'],
  'empty requirements': [policy({ requirements: [] }), 'requirements'],
  'too many requirements': [
    policy({ requirements: Array.from({ length: 201 }, (_, index) => ({ id: `r${index}`, check: 'true' })) }),
    'requirements',
  ],
  'a requirement without an id': [policy({ requirements: [{ check: 'true' }] }), 'requirements[0].id'],
  'an id in capitals': [policy({ requirements: [{ id: 'R', check: 'true' }] }), 'requirements[0].id'],
  'a requirement of nothing': [policy({ requirements: [{ id: 'r' }] }), 'requirements[0]'],
  'a requirement of two things': [
    policy({ requirements: [{ id: 'r', anyOf: [{ check: 'true' }], not: { check: 'true' } }] }),
    'requirements[0].not',
  ],
  'kind and predicate type': [
    policy({ requirements: [{ id: 'r', kind: 'scan', predicateType: 'x', from: ['a'] }] }),
    'requirements[0].predicateType',
  ],
  'an unknown kind': [scan({ kind: 'scans' }), 'requirements[0].kind'],
  'the kind other': [scan({ kind: 'other' }), 'requirements[0].kind'],
  'no from': [policy({ requirements: [{ id: 'r', kind: 'scan' }] }), 'requirements[0].from'],
  'an empty from': [scan({ from: [] }), 'requirements[0].from'],
  'an empty name in from': [scan({ from: [''] }), 'requirements[0].from[0]'],
  'an empty anyOf': [policy({ requirements: [{ id: 'r', anyOf: [] }] }), 'requirements[0].anyOf'],
  'an empty allOf': [policy({ requirements: [{ id: 'r', allOf: [] }] }), 'requirements[0].allOf'],
  'a not of nothing': [policy({ requirements: [{ id: 'r', not: {} }] }), 'requirements[0].not'],
  'a fault deep inside': [
    policy({ requirements: [{ id: 'r', anyOf: [{ allOf: [{ kind: 'scan', from: ['a'], count: 0 }] }] }] }),
    'requirements[0].anyOf[0].allOf[0].count',
  ],
  'a count of zero': [scan({ count: 0 }), 'requirements[0].count'],
  'half a count': [scan({ count: 1.5 }), 'requirements[0].count'],
  'a count from a parameter': [scan({ count: '${params.n}' }), 'requirements[0].count'],
  'an unknown select': [scan({ select: 'first' }), 'requirements[0].select'],
  'an unknown distinction': [scan({ distinct: 'person' }), 'requirements[0].distinct'],
  'another order': [scan({ order: 'received' }), 'requirements[0].order'],
  'a bill of materials of the source': [scan({ kind: 'sbom', of: 'source' }), 'requirements[0].of'],
  'a build of the source': [scan({ kind: 'build', of: 'source' }), 'requirements[0].of'],
  'evidence of something else': [scan({ of: 'index' }), 'requirements[0].of'],
  'an unknown relation': [scan({ via: 'x' }), 'requirements[0].via'],
  'a scan not by the builder': [scan({ notBy: 'builder' }), 'requirements[0].notBy'],
  'an approval not by somebody else': [scan({ kind: 'approval', notBy: 'x' }), 'requirements[0].notBy'],
  'an age of nothing': [scan({ maxAge: '0h' }), 'requirements[0].maxAge'],
  'an age without a unit': [scan({ maxAge: 24 }), 'requirements[0].maxAge'],
  'an age in months': [scan({ maxAge: 'P1M' }), 'requirements[0].maxAge'],
  'an age in years': [scan({ maxAge: 'P1Y' }), 'requirements[0].maxAge'],
  'an age of no length': [scan({ maxAge: 'PT' }), 'requirements[0].maxAge'],
  'an empty check': [scan({ check: '' }), 'requirements[0].check'],
  'where of another kind': [scan({ where: { suites: ['a'] } }), 'requirements[0].where.suites'],
  'where for VEX': [scan({ kind: 'vex', check: 'true', where: {} }), 'requirements[0].where'],
  'VEX of which nothing is asked': [scan({ kind: 'vex' }), 'requirements[0].check'],
  'licences without a list': [inWhere('sbom', { licences: {} }), 'requirements[0].where.licences'],
  'no licences': [inWhere('sbom', { licences: { allow: [] } }), 'requirements[0].where.licences.allow'],
  'a licence from a parameter': [
    inWhere('sbom', { licences: { deny: ['${params.text}'] } }),
    'requirements[0].where.licences.deny[0]',
  ],
  'components that are allowed': [
    inWhere('sbom', { components: { deny: ['pkg:npm/a'], allow: ['pkg:npm/b'] } }),
    'requirements[0].where.components.allow',
  ],
  'a component by its name': [
    inWhere('sbom', { components: { deny: ['left-pad'] } }),
    'requirements[0].where.components.deny[0]',
  ],
  'no levels': [inWhere('summary', { levels: [] }), 'requirements[0].where.levels'],
  'a policy of nothing': [inWhere('summary', { policy: {} }), 'requirements[0].where.policy'],
  'a digest without an algorithm': [
    inWhere('summary', { policy: { digest: 'c0ffee' } }),
    'requirements[0].where.policy.digest',
  ],
  'a result that is asked for': [inWhere('summary', { result: 'failed' }), 'requirements[0].where.result'],
  'where for a predicate type': [
    policy({ requirements: [{ id: 'r', predicateType: 'x', from: ['a'], where: {} }] }),
    'requirements[0].where',
  ],
  'less than no findings': [
    inWhere('scan', { maxSeverity: { critical: -1 } }),
    'requirements[0].where.maxSeverity.critical',
  ],
  'an unknown severity': [inWhere('scan', { maxSeverity: { severe: 0 } }), 'requirements[0].where.maxSeverity.severe'],
  'limits without a limit': [inWhere('scan', { maxSeverity: {} }), 'requirements[0].where.maxSeverity'],
  'a score above ten': [inWhere('scan', { maxCvss: 10.1 }), 'requirements[0].where.maxCvss'],
  'a number that is text': [inWhere('scan', { maxCvss: '8.9' }), 'requirements[0].where.maxCvss'],
  'ignored without a reason': [
    inWhere('scan', { ignore: [{ id: 'CVE-1', until: '2026-12-31' }] }),
    'requirements[0].where.ignore[0].reason',
  ],
  'ignored without an end': [
    inWhere('scan', { ignore: [{ id: 'CVE-1', reason: 'r' }] }),
    'requirements[0].where.ignore[0].until',
  ],
  'ignored until some day': [
    inWhere('scan', { ignore: [{ id: 'CVE-1', until: 'soon', reason: 'r' }] }),
    'requirements[0].where.ignore[0].until',
  ],
  'vex from nobody': [inWhere('scan', { vex: { from: [] } }), 'requirements[0].where.vex.from'],
  'a level of zero': [inWhere('build', { slsaLevel: 0 }), 'requirements[0].where.slsaLevel'],
  'a parameter within text': [inWhere('build', { ref: 'refs/${params.text}' }), 'requirements[0].where.ref'],
  'an unknown reference': [inWhere('build', { ref: '${text}' }), 'requirements[0].where.ref'],
  'empty text': [inWhere('build', { ref: '' }), 'requirements[0].where.ref'],
  'no suites': [inWhere('test', { suites: [] }), 'requirements[0].where.suites'],
  'an environment of nothing': [inWhere('test', { environment: {} }), 'requirements[0].where.environment'],
  'an environment of numbers': [inWhere('test', { environment: { a: 1 } }), 'requirements[0].where.environment.a'],
  'a parameter without a type': [policy({ parameters: { a: {} } }), 'parameters.a'],
  'a parameter of an unknown type': [policy({ parameters: { a: { type: 'text' } } }), 'parameters.a.type'],
  'a parameter with a wrong default': [
    policy({ parameters: { a: { type: 'integer', default: 1.5 } } }),
    'parameters.a.default',
  ],
  'a parameter of no value': [policy({ parameters: { a: { type: 'string', oneOf: [] } } }), 'parameters.a.oneOf'],
  'a parameter called with a hyphen': [policy({ parameters: { 'a-b': { type: 'string' } } }), 'parameters.a-b'],
};
