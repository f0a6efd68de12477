import fc from 'fast-check';
import {
  CASES_AT,
  type CaseAttestor,
  type CaseChange,
  type CaseEvidence,
  type PolicyCase,
} from '../../src/policy-test/policy-cases.js';
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
  {
    name: 'managers',
    document: {
      kinds: ['approval'],
      keys: { alice: { person: 'alice' }, alice2: { person: 'alice' }, bob: { person: 'bob' } },
      identities: { alice3: { issuer: ISSUER, subject: 'alice@example.com', person: 'alice' } },
    },
  },
  { name: 'tickets', document: { kinds: ['approval'], keys: { bot: {} }, mayNameApprovers: true } },
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

type Said = Pick<CaseEvidence, 'content' | 'signedBy'>;

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
}

const THEMES: readonly Theme[] = [
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
  {
    said: approval,
    requirement: fc.record({
      kind: fc.constant('approval'),
      from: people,
      where: fc.constantFrom({}, { environment: 'production' }),
      distinct: fc.constantFrom(undefined, 'approver', 'attestor', 'signer'),
      ...common,
    }),
    failing: approval.map(({ content, signedBy }) => ({ signedBy, content: rejecting(content) })),
  },
];

function rejecting(content: CaseEvidence['content']): CaseEvidence['content'] {
  if (!('predicate' in content)) return content;
  return { ...content, predicate: { ...(content.predicate as object), decision: 'rejected' } };
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
  return fc.constantFrom(...THEMES).chain((theme) =>
    fc
      .record({
        requirements: fc.array(requirementOf(theme.requirement, withNot), {
          minLength: 1,
          maxLength: 2,
          size: 'xsmall',
        }),
        evidence: fc.array(evidenceThat(theme.said), { minLength: 1, maxLength: 6, size: 'max' }),
        failing: evidenceThat(theme.failing),
      })
      .map(({ requirements, evidence, failing }) => ({
        each: caseOf(requirements, evidence),
        failing: { name: 'failing', ...failing },
      })),
  );
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
    parameters: {},
    repository: 'registry.example/app',
    pending: false,
    now: CASES_AT,
    want: { decision: 'deny', wouldDeny: false, requirements: {} },
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
      return { kinds: ['vex'] };
    case 'repositories':
      return { repositories: ['elsewhere.example/**'] };
    case 'builders':
      return { builders: [] };
    default:
      return { mayNameApprovers: false };
  }
}
