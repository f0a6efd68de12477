import fc from 'fast-check';
import { CASES_AT } from '../../src/policy-test/case-shape.js';
import type { CaseAttestor, CaseChange, CaseEvidence, PolicyCase } from '../../src/policy-test/policy-cases.js';
import { predicateFrom, shorthandShape } from '../../src/policy-test/policy-predicates.js';

/*
 * Policy cases made at random, out of few attestors, people, moments and results, so that they get in each other's way.
 */

const HOUR = 3_600_000;
const ISSUER = 'https://issuer.example';

/** Whoever may sign anything here; trust changes take from this, and never add. */
export const ATTESTORS: readonly CaseAttestor[] = [
  attestor('ci', {
    kinds: ['build', 'scan', 'test', 'other'],
    identities: { release: { issuer: ISSUER, subjectGlob: '*@ci.example' } },
    builders: [{ id: 'https://ci.example/**', slsaLevel: 3 }],
  }),
  attestor('qa', { kinds: ['scan', 'test', 'other'], repositories: ['registry.example/**'] }),
  attestor('vendor', { kinds: ['vex'] }),
  attestor('critic', { kinds: ['vex'] }),
  {
    name: 'managers',
    document: {
      kinds: ['approval'],
      keys: { alice: { person: 'alice' }, alice2: { person: 'alice' }, bob: { person: 'bob' } },
      identities: { alice3: { issuer: ISSUER, subject: 'alice@example.com', person: 'alice' } },
    },
  },
  { name: 'tickets', document: { kinds: ['approval'], keys: { bot: {} }, mayNameApprovers: true } },
  { name: 'makers', document: { kinds: ['build'], keys: { alice4: { person: 'alice' }, bob2: { person: 'bob' } } } },
  { name: 'crew', document: { kinds: ['approval'], keys: { carol: {}, dave: {}, carol2: {} } } },
];

function attestor(name: string, rest: Partial<CaseAttestor['document']>): CaseAttestor {
  return { name, document: { keys: { k1: {}, k2: {} }, ...rest } };
}

const OTHER_TYPE = 'https://example.com/review/v1';
const technicalKeys = [
  'ci/k1',
  'ci/k2',
  'qa/k1',
  'qa/k2',
  'stranger/k1',
  `${ISSUER} build@ci.example`,
  `${ISSUER} build@evil.example`,
];
const technicalAttestors = fc.constantFrom(['ci'], ['ci', 'qa'], ['qa', 'ci', 'nobody']);
const people = fc.subarray(['managers', 'tickets', 'crew'], { minLength: 1 });

/** A moment of the last hours; few enough of them that ties are common. */
const moment = fc.integer({ min: 0, max: 5 }).map((hours) => ago(hours * HOUR));

function rarely<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: fc.constant(usual), weight: 7 }, { arbitrary: fc.constantFrom(...others), weight: 1 });
}

function ago(milliseconds: number): string {
  return new Date(Date.parse(CASES_AT) - milliseconds).toISOString();
}

function written(shorthand: unknown): CaseEvidence['content'] {
  const predicate = predicateFrom(shorthandShape.parse(shorthand));
  if (predicate === null) throw new Error('not a shorthand');
  return predicate;
}

const scan = fc
  .record({
    at: moment,
    severity: fc.constantFrom('high', 'low'),
    scanner: fc.constantFrom('trivy', 'grype'),
    found: fc.constantFrom(true, false, false),
  })
  .map(({ at, severity, scanner, found }) =>
    written({ scan: { at, scanner: `pkg:github/x/${scanner}`, findings: found ? [{ id: 'CVE-1', severity }] : [] } }),
  );
const test = fc
  .record({
    result: fc.constantFrom('PASSED', 'PASSED', 'WARNED', 'FAILED'),
    suite: fc.constantFrom('unit', 'gpu'),
    hardware: fc.constantFrom('cpu', 'h200'),
  })
  .map(({ result, suite, hardware }) => written({ test: { result, suite, environment: { hardware } } }));
const build = fc
  .record({ ref: fc.constantFrom('refs/tags/v1', 'refs/heads/main'), finishedOn: fc.option(moment) })
  .map((fields) => written({ build: fields }));
const other = fc
  .constantFrom({ result: 'clear' }, { result: 'unclear' }, {})
  .map((predicate) => ({ predicateType: OTHER_TYPE, predicate }));

function signedByMachines(content: fc.Arbitrary<CaseEvidence['content']>): fc.Arbitrary<Said> {
  return fc.record({ content, signedBy: fc.subarray(technicalKeys, { minLength: 1, maxLength: 2 }) });
}

type Said = Pick<CaseEvidence, 'content' | 'signedBy' | 'commit'>;

/** Keys without a person always name one approver: what one key says in two names is for a case of its own. */
const approval = fc
  .record({
    key: fc.constantFrom(
      'managers/alice',
      'managers/alice2',
      'managers/bob',
      `${ISSUER} alice@example.com`,
      'tickets/bot',
      'crew/carol',
      'crew/carol2',
      'crew/dave',
    ),
    named: fc.constantFrom('alice', 'bob', 'carol'),
    decision: fc.constantFrom('approved', 'approved', 'approved', 'rejected'),
    /** Before every end. */
    approvedAt: fc.integer({ min: 1, max: 5 }).map((hours) => ago(hours * HOUR)),
    environments: fc.constantFrom(undefined, ['production'], ['staging'], ['production', 'staging']),
    expiresAt: rarely(undefined, ago(-HOUR), ago(HOUR / 2)),
  })
  .map(({ key, named, ...rest }) => ({
    content: written({ approval: { approver: approverBy(key, named), ...rest } }),
    signedBy: [key],
  }));

function approverBy(key: string, named: string): string {
  if (key.startsWith('crew/')) return key === 'crew/dave' ? 'dave' : 'carol';
  return named;
}

/** Statements that remove the one finding of scans above, that keep it, or that may do either for what they name. */
const vexOf = (
  statuses: readonly string[],
  keys: readonly string[] = ['vendor/k1', 'vendor/k2', 'stranger/k1'],
  aliases: fc.Arbitrary<readonly string[] | undefined> = fc.constantFrom(undefined, ['CVE-1'], ['GHSA-1']),
): fc.Arbitrary<Said> =>
  fc.record({
    content: fc
      .record({
        at: moment,
        statements: fc.array(
          fc.record({
            vulnerability: fc.constantFrom('CVE-1', 'CVE-1', 'CVE-1', 'GHSA-1'),
            aliases,
            status: fc.constantFrom(...statuses),
            at: fc.option(moment, { nil: undefined }),
            products: fc.constantFrom(
              undefined,
              undefined,
              [{ hashes: { 'sha-256': '{image}' } }],
              [{ hashes: { 'sha-256': '{image amd64}' } }],
              [{ '@id': 'https://acme.example/app' }],
              [{ '@id': 'pkg:oci/app?repository_url=registry.example/app' }],
              [{ '@id': 'pkg:deb/debian/openssl' }],
            ),
          }),
          { minLength: 1, maxLength: 2 },
        ),
      })
      .map((vex) => written({ vex })),
    signedBy: fc.subarray([...keys], { minLength: 1, maxLength: 2 }),
  });

const REMOVING = ['not_affected', 'fixed'];
const KEEPING = ['affected', 'under_investigation'];

/** A VEX document that removes findings and does nothing else, such as telling of two names that they are one. */
export const removingVex: fc.Arbitrary<CaseEvidence> = evidenceThat(
  vexOf(REMOVING, undefined, fc.constant(undefined)),
).map(called('removing'));

/** A VEX document that removes nothing. */
export const keepingVex: fc.Arbitrary<CaseEvidence> = evidenceThat(vexOf(KEEPING)).map(called('keeping'));

/** A VEX document by somebody who may sign them, and whom no policy names. */
export const strangeVex: fc.Arbitrary<CaseEvidence> = evidenceThat(
  vexOf([...REMOVING, ...KEEPING], ['critic/k1', 'critic/k2', 'ci/k1']),
).map(called('strange'));

/** An approval that names somebody who only looks like one of the people above, or a build that may tie people together. */
export const lookalike: fc.Arbitrary<CaseEvidence> = evidenceThat(
  fc.oneof(
    fc.constantFrom('ALICE', 'ⓑob', 'carol\uFE0F', 'Dave').map((approver) => ({
      content: written({ approval: { approver, approvedAt: CASES_AT } }),
      signedBy: ['tickets/bot'],
    })),
    moment.map((finishedOn) => ({
      content: written({ build: { finishedOn } }),
      signedBy: [`${ISSUER} alice@example.com`, `${ISSUER} bob@ci.example`],
    })),
  ),
).map(called('lookalike'));

/** A case about approvals that asks for little, so that what is denied is denied for what somebody rejected. */
export function approvalCase(): fc.Arbitrary<PolicyCase> {
  return casesOf([PLAIN_APPROVAL_THEME], false).map(({ each }) => each);
}

function called(name: string): (evidence: Omit<CaseEvidence, 'name'>) => CaseEvidence {
  return (evidence) => ({ name, ...evidence });
}

function evidenceThat(said: fc.Arbitrary<Said>): fc.Arbitrary<Omit<CaseEvidence, 'name'>> {
  return fc
    .record({
      said,
      // Before anything changes: what is received at the moment of a change is received after it.
      receivedAt: fc.integer({ min: 0, max: 5 }).map((hours) => ago(hours * HOUR + 60_000)),
      receivedAgainAt: rarely(undefined, ago(30_000)),
      provenAt: fc.oneof({ arbitrary: fc.constant(null), weight: 3 }, { arbitrary: moment, weight: 1 }),
      standing: rarely('standing' as const, 'revoked' as const),
    })
    .map(({ said: what, ...rest }) => ({ ...what, ...rest }));
}

const common = {
  select: fc.constantFrom(undefined, undefined, 'latest', 'any', 'all'),
  count: fc.constantFrom(undefined, undefined, undefined, 2),
  maxAge: fc.constantFrom(undefined, undefined, '2h', '4h'),
  order: fc.constantFrom(undefined, undefined, undefined, 'proven'),
};

/** One kind of evidence with requirements for it, each of which tells what fails from what passes. */
interface Theme {
  readonly said: fc.Arbitrary<Said>;
  readonly requirement: fc.Arbitrary<object>;
  /** Evidence that satisfies none of these requirements. */
  readonly failing: fc.Arbitrary<Said>;
  /** Asked for in every policy beside these. */
  readonly always?: fc.Arbitrary<object>;
}

const VEX_THEME: Theme = {
  said: fc.oneof(signedByMachines(scan), vexOf([...REMOVING, ...REMOVING, ...KEEPING])),
  requirement: fc.record({
    kind: fc.constant('scan'),
    from: technicalAttestors,
    where: fc.constantFrom(
      { maxSeverity: { high: 0, low: 0 }, vex: { from: ['vendor'] } },
      { maxFindings: 0, vex: { from: ['vendor', 'nobody'] } },
    ),
    ...common,
  }),
  failing: signedByMachines(
    moment.map((at) => written({ scan: { at, findings: [{ id: 'CVE-9', severity: 'high' }] } })),
  ),
};

const commit = fc.constantFrom('c1'.padEnd(40, '0'), 'c2'.padEnd(40, '0'));
const sourceBuild = fc
  .record({
    commit: fc.oneof({ arbitrary: commit, weight: 5 }, { arbitrary: fc.constant('main'), weight: 1 }),
    ref: rarely('refs/heads/main', 'x'),
    finishedOn: fc.option(moment),
  })
  .map((fields) => written({ build: fields }));
const sourceTest = (result: fc.Arbitrary<string>): fc.Arbitrary<Said> =>
  fc
    .tuple(signedByMachines(result.map((each) => written({ test: { result: each } }))), commit)
    .map(([said, about]) => ({ ...said, commit: about }));

/** By whom it was built can be said in two ways, and the check of one of them cannot be evaluated of every build. */
const ONE_OR_OTHER_BUILD = {
  anyOf: [
    { kind: 'build', from: ['ci'] },
    { kind: 'build', from: ['makers'], check: 'fact.source.ref == "refs/heads/main" || int(fact.source.ref) > 0' },
  ],
};

const SOURCE_THEME: Theme = {
  said: fc.oneof(signedByMachines(sourceBuild), sourceTest(fc.constantFrom('PASSED', 'PASSED', 'FAILED'))),
  requirement: fc.record({
    kind: fc.constant('test'),
    from: technicalAttestors,
    of: fc.constant('source'),
    ...common,
  }),
  failing: sourceTest(fc.constant('FAILED')),
  always: fc.record({
    kind: fc.constant('build'),
    from: fc.constant(['ci']),
    select: fc.constantFrom(undefined, 'latest', 'all'),
    maxAge: fc.constantFrom(undefined, '4h'),
    where: fc.constantFrom({}, { ref: 'refs/heads/*' }, { slsaLevel: 3 }),
  }),
};

const APPROVAL_THEME: Theme = {
  said: approval,
  requirement: fc.record({
    kind: fc.constant('approval'),
    from: people,
    where: fc.constantFrom({}, { environment: 'production' }),
    distinct: fc.constantFrom(undefined, 'approver', 'attestor', 'signer'),
    ...common,
  }),
  failing: approval.map(({ content, signedBy }) => ({ signedBy, content: rejecting(content) })),
};

const PLAIN_APPROVAL_THEME: Theme = {
  ...APPROVAL_THEME,
  said: fc
    .record({
      key: fc.constantFrom('managers/alice', 'managers/bob', 'crew/carol', 'crew/dave'),
      decision: fc.constantFrom('approved', 'rejected'),
      approvedAt: fc.constant(ago(5 * HOUR)),
    })
    .map(({ key, ...rest }) => ({
      content: written({ approval: { approver: key.slice(key.indexOf('/') + 1), ...rest } }),
      signedBy: [key],
    })),
  requirement: fc.constant({ kind: 'approval', from: ['managers', 'tickets', 'crew'] }),
};

const BUILDER_THEME: Theme = {
  said: fc.oneof(
    approval,
    fc.record({
      content: sourceBuild,
      signedBy: fc.subarray(['ci/k1', 'makers/alice4', 'makers/bob2'], { minLength: 1 }),
    }),
  ),
  requirement: fc.record({
    kind: fc.constant('approval'),
    from: people,
    notBy: fc.constant('builder'),
    distinct: fc.constantFrom(undefined, 'attestor', 'signer'),
    ...common,
  }),
  failing: approval.map(({ content, signedBy }) => ({ signedBy, content: rejecting(content) })),
  always: fc.constantFrom({ kind: 'build', from: ['ci'] }, ONE_OR_OTHER_BUILD),
};

const builtBy = fc.record({
  content: sourceBuild,
  signedBy: fc.constantFrom(['ci/k1'], ['makers/alice4'], ['makers/bob2']),
});

/** A build of which the check in `ONE_OR_OTHER_BUILD` cannot be evaluated. */
const erringBuild = fc
  .record({ finishedOn: moment, key: fc.constantFrom('makers/alice4', 'makers/bob2') })
  .map(({ finishedOn, key }) => ({ content: written({ build: { ref: 'x', finishedOn } }), signedBy: [key] }));

const builtOneWayOrOther = fc
  .constantFrom(undefined, '2h', '4h')
  .map((maxAge) => ({ anyOf: ONE_OR_OTHER_BUILD.anyOf.map((branch) => ({ ...branch, maxAge })) }));

const BUILT_THEMES: readonly Theme[] = [
  {
    ...SOURCE_THEME,
    said: fc.oneof(builtBy, sourceTest(fc.constant('PASSED'))),
    requirement: fc.constant({ kind: 'test', from: ['ci', 'qa'], of: 'source' }),
    failing: erringBuild,
    always: builtOneWayOrOther,
  },
  {
    ...BUILDER_THEME,
    said: fc.oneof(
      builtBy,
      fc.constantFrom('alice', 'bob').map((approver) => ({
        content: written({ approval: { approver, approvedAt: ago(HOUR) } }),
        signedBy: [`managers/${approver}`],
      })),
    ),
    requirement: fc.constant({ kind: 'approval', from: ['managers'], notBy: 'builder' }),
    failing: erringBuild,
    always: builtOneWayOrOther,
  },
];

const THEMES: readonly Theme[] = [
  VEX_THEME,
  {
    said: signedByMachines(scan),
    requirement: fc.record({
      kind: fc.constant('scan'),
      from: technicalAttestors,
      where: fc.constantFrom({ maxSeverity: { high: 0 } }, { scanner: 'trivy', maxSeverity: { high: 0 } }),
      distinct: fc.constantFrom(undefined, 'attestor', 'signer'),
      ...common,
    }),
    failing: signedByMachines(
      moment.map((at) => written({ scan: { at, findings: [{ id: 'CVE-9', severity: 'high' }] } })),
    ),
  },
  {
    said: signedByMachines(test),
    requirement: fc.record({
      kind: fc.constant('test'),
      from: technicalAttestors,
      where: fc.constantFrom({}, { suites: ['unit'] }, { suites: ['unit', 'gpu'], hardware: 'h200' }),
      ...common,
    }),
    failing: signedByMachines(
      fc
        .record({ suite: fc.constantFrom('unit', 'gpu'), hardware: fc.constantFrom('cpu', 'h200') })
        .map(({ suite, hardware }) => written({ test: { result: 'FAILED', suite, environment: { hardware } } })),
    ),
  },
  {
    said: signedByMachines(build),
    requirement: fc.record({
      kind: fc.constant('build'),
      from: technicalAttestors,
      where: fc.constantFrom({ ref: 'refs/tags/*' }, { ref: 'refs/tags/*', slsaLevel: 3 }),
      ...common,
    }),
    failing: signedByMachines(moment.map((finishedOn) => written({ build: { ref: 'refs/heads/x', finishedOn } }))),
  },
  {
    said: signedByMachines(other),
    requirement: fc.record({
      predicateType: fc.constant(OTHER_TYPE),
      from: technicalAttestors,
      check: fc.constant('predicate.result == "clear"'),
      ...common,
    }),
    failing: signedByMachines(fc.constant({ predicateType: OTHER_TYPE, predicate: { result: 'unclear' } })),
  },
  SOURCE_THEME,
  APPROVAL_THEME,
  BUILDER_THEME,
];

function rejecting(content: CaseEvidence['content']): CaseEvidence['content'] {
  if (!('predicate' in content)) return content;
  return { ...content, predicate: { ...(content.predicate as object), decision: 'rejected' } };
}

/**
 * A case whose requirements rest on what builds say of the image, what it was built of and by whom, and ask for little else,
 * so that most of what is denied is denied for this; and a build that could come on top, which cannot be judged.
 */
export function builtCase(): ReturnType<typeof policyCase> {
  return casesOf(BUILT_THEMES, false);
}

function requirementOf(evidenceRequirement: fc.Arbitrary<object>, withNot: boolean): fc.Arbitrary<object> {
  const { requirement } = fc.letrec<{ requirement: object; leaf: object }>((tie) => ({
    requirement: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      { arbitrary: tie('leaf'), weight: 5 },
      { arbitrary: fc.record({ anyOf: fc.array(tie('requirement'), { minLength: 1, maxLength: 2 }) }), weight: 1 },
      { arbitrary: fc.record({ allOf: fc.array(tie('requirement'), { minLength: 1, maxLength: 2 }) }), weight: 1 },
      { arbitrary: withNot ? fc.record({ not: tie('requirement') }) : tie('leaf'), weight: 2 },
    ),
    leaf: evidenceRequirement,
  }));
  return requirement;
}

/** A case at random, and evidence that could come on top; `withNot` lets its policy ask for the absence of evidence. */
export function policyCase(
  withNot: boolean,
): fc.Arbitrary<{ readonly each: PolicyCase; readonly failing: CaseEvidence }> {
  return casesOf(THEMES, withNot);
}

/** A case as above about scans, under a policy that asks for VEX. */
export function vexCase(withNot: boolean): fc.Arbitrary<PolicyCase> {
  return casesOf([VEX_THEME], withNot).map(({ each }) => each);
}

/** How the image may be related to others. */
const RELATIONS: readonly Pick<PolicyCase, 'indexes' | 'manifests'>[] = [
  { indexes: [], manifests: [] },
  { indexes: ['release'], manifests: [] },
  { indexes: [], manifests: ['amd64', 'arm64'] },
  { indexes: ['bundle'], manifests: ['amd64'] },
];

/** What is asked of an image may be asked of the images to which an index relates it. */
function perhapsVia(requirement: fc.Arbitrary<object>, always: boolean): fc.Arbitrary<object> {
  return fc
    .tuple(requirement, fc.constantFrom(['index'], ['index', undefined], [undefined, 'index'], [undefined]))
    .map(([asked, vias]) => (always ? viaIndex(asked, ['index']) : viaIndex(asked, vias)));
}

/** The first branch of an `anyOf` as the first says, and the rest as the last. */
function viaIndex(asked: object, [via, last = via]: readonly (string | undefined)[]): object {
  if ('of' in asked && asked.of === 'source') return asked;
  if (!('anyOf' in asked) || !Array.isArray(asked.anyOf)) return { ...asked, via };
  return { anyOf: asked.anyOf.map((branch: object, index) => ({ ...branch, via: index === 0 ? via : last })) };
}

/** Evidence that may be about a related image. */
function perhapsAbout(
  said: fc.Arbitrary<Omit<CaseEvidence, 'name'>>,
  { indexes, manifests }: Pick<PolicyCase, 'indexes' | 'manifests'>,
): fc.Arbitrary<Omit<CaseEvidence, 'name'>> {
  return fc
    .tuple(said, fc.constantFrom(undefined, ...indexes, ...manifests))
    .map(([evidence, about]) => (evidence.commit === undefined ? { ...evidence, about } : evidence));
}

function casesOf(
  themes: readonly Theme[],
  withNot: boolean,
  relationsAmong: typeof RELATIONS = RELATIONS,
  alwaysVia = false,
): ReturnType<typeof policyCase> {
  return fc.tuple(fc.constantFrom(...themes), fc.constantFrom(...relationsAmong)).chain(([theme, relations]) =>
    fc
      .record({
        requirements: fc.array(requirementOf(perhapsVia(theme.requirement, alwaysVia), withNot), {
          minLength: 1,
          maxLength: 2,
          size: 'xsmall',
        }),
        evidence: fc.array(perhapsAbout(evidenceThat(theme.said), relations), {
          minLength: 1,
          maxLength: 6,
          size: 'max',
        }),
        failing: perhapsAbout(evidenceThat(theme.failing), relations),
        always: theme.always === undefined ? fc.constant([]) : fc.tuple(perhapsVia(theme.always, alwaysVia)),
      })
      .map(({ requirements, evidence, failing, always }) => ({
        each: { ...caseOf([...always, ...requirements], evidence), ...relations },
        failing: { name: 'failing', ...failing },
      })),
  );
}

/** A case about an index whose every requirement about images counts what is said of its manifests. */
export function indexCase(withNot: boolean): fc.Arbitrary<PolicyCase> {
  const relations = RELATIONS.filter(({ indexes, manifests }) => indexes.length === 0 && manifests.length > 0);
  return casesOf([...THEMES, ...BUILT_THEMES], withNot, relations, true).map(({ each }) => each);
}

function caseOf(requirements: readonly object[], evidence: readonly Omit<CaseEvidence, 'name'>[]): PolicyCase {
  return {
    name: 'random',
    rule: 'random',
    description: 'random',
    policy: {
      policy: 'random',
      requirements: requirements.map((requirement, index) => ({ id: `r${index}`, ...requirement })),
    },
    attestors: ATTESTORS,
    changes: [],
    evidence: evidence.map((said, index) => ({ name: `e${index}`, ...said })),
    waivers: [],
    indexes: [],
    manifests: [],
    parameters: {},
    repository: 'registry.example/app',
    pending: false,
    now: CASES_AT,
    want: { decision: 'deny', wouldDeny: false, waivers: [], requirements: {} },
    overHttp: false,
  };
}

/** A change that takes trust away and gives none. */
export const lessTrust: fc.Arbitrary<CaseChange> = fc.oneof(
  fc
    .constantFrom(
      ...ATTESTORS.flatMap(({ name, document }) => Object.keys(document.keys).map((key) => ({ name, key }))),
    )
    .map(({ name, key }): CaseChange => ({ at: CASES_AT, revoke: name, key, reason: 'compromised' })),
  fc.constantFrom(...ATTESTORS).map(({ name }): CaseChange => ({ at: CASES_AT, delete: name })),
  fc.constantFrom<CaseChange>(
    { at: CASES_AT, revoke: 'ci', identity: 'release', reason: 'compromised' },
    { at: CASES_AT, revoke: 'managers', identity: 'alice3', reason: 'compromised' },
  ),
  fc
    .subarray(['tsa', 'tlog', 'ctlog'] as const)
    // Without a log a root asks for none: so whoever issues certificates goes first.
    .map((distrust): CaseChange => ({ at: CASES_AT, distrust: ['ca', ...distrust] })),
  fc
    .record({
      narrowed: fc.constantFrom(...ATTESTORS),
      how: fc.constantFrom('kinds', 'repositories', 'builders', 'naming'),
    })
    .map(({ narrowed: { name, document }, how }): CaseChange => ({
      at: CASES_AT,
      put: { name, document: { ...document, ...narrower(how) } },
    })),
);

function narrower(how: string): Partial<CaseAttestor['document']> {
  switch (how) {
    case 'kinds':
      return { kinds: ['summary'] };
    case 'repositories':
      return { repositories: ['elsewhere.example/**'] };
    case 'builders':
      return { builders: [] };
    default:
      return { mayNameApprovers: false };
  }
}
