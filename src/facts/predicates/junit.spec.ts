import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Malformed } from '../../intoto/malformed.js';
import { deriveFacts } from '../derive-facts.js';
import type { TestFact } from '../fact.js';

const TYPE = 'https://assay.dev/junit/v1';

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="gpu-smoke" tests="3" failures="0" errors="0" time="1.5">
  <testsuite name="kernels" tests="2" failures="0" errors="0" skipped="1" timestamp="2026-01-31T12:00:00.5+01:00">
    <properties><property name="seed" value="7"/></properties>
    <testcase classname="kernels.Fft" name="forward" time="0.5"><system-out>fine &amp; well</system-out></testcase>
    <testcase classname="kernels.Fft" name="backward"><skipped message="later"/></testcase>
  </testsuite>
  <testsuite name="memory" timestamp="2026-01-31T10:00:00Z"><testcase name="ecc"/></testsuite>
</testsuites>`;

function derive(report: unknown, more: object = {}): TestFact {
  return deriveFacts(TYPE, { report, ...more })[0]!.content as TestFact;
}

function faultsOf(report: unknown): readonly string[] {
  try {
    derive(report);
  } catch (error) {
    if (error instanceof Malformed) return error.faults.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

const suite = (inner: string, attributes = ''): string => `<testsuite name="s" ${attributes}>${inner}</testsuite>`;

describe('a JUnit report', () => {
  it('is read with its tests, the time of its earliest suite and what is said beside it', () => {
    const configuration = [{ annotations: { suite: 'nightly', hardware: 'h200', region: 'eu-west1' } }];
    expect(deriveFacts(TYPE, { report: REPORT, configuration, url: 'https://ci.example.com/runs/41' })).toEqual([
      {
        predicateType: TYPE,
        ownTime: '2026-01-31T10:00:00.000Z',
        content: {
          kind: 'test',
          result: 'passed',
          suite: 'nightly',
          url: 'https://ci.example.com/runs/41',
          environment: { hardware: 'h200', region: 'eu-west1' },
          configuration,
          passed: ['kernels.Fft.forward', 'ecc'],
          warned: [],
          failed: [],
        },
      },
    ]);
  });

  it.each([
    ['a failure', '<testcase name="a"><failure/></testcase><testcase name="b"/>', ['a']],
    ['an error', '<testcase name="a"><error message="no device"/></testcase>', ['a']],
    ['a failure that a rerun repeats', '<testcase name="a"><rerunFailure/></testcase>', ['a']],
    ['a failure beside a skip', '<testcase name="a"><skipped/><failure/></testcase>', ['a']],
    ['a test that is told of twice', '<testcase name="a"><failure/></testcase><testcase name="a"/>', ['a']],
    ['a word for it', '<testcase name="a" status="Failed"/>', ['a']],
    ['another word for it', '<testcase name="a" result="error"/>', ['a']],
    ['a suite within a suite', suite('<testcase name="a"><failure/></testcase>'), ['a']],
    ['an element with a prefix', '<j:testcase xmlns:j="urn:j" name="a"><j:failure/></j:testcase>', ['a']],
    ['a failure in capitals', '<testcase name="a"><FAILURE/></testcase>', ['a']],
    ['a failure outside of any test', '<testcase name="b"/><error message="set-up"/>', []],
    [
      'a test with a class alone',
      '<testcase name="" classname="com.acme.FooTest"><error/></testcase>',
      ['com.acme.FooTest'],
    ],
    ['a test without any name', '<testcase><failure/></testcase>', ['(without a name)']],
    ['a word that nobody knows', '<testcase name="a" status=" exploded "/>', ['a']],
    ['a test that did not succeed', '<testcase name="a" success="false"/>', ['a']],
    ['a suite that says so', '<testsuite status="failed"><testcase name="a"/></testsuite>', []],
    ['colours of a terminal', '<testcase name="a"><failure>\u001b[31mno&#27;&#x1B;</failure></testcase>', ['a']],
  ])('fails by %s', (_what, inner, failed) => {
    expect(derive(suite(inner))).toMatchObject({ result: 'failed', failed });
  });

  it.each(['failures="1"', 'errors="2"', 'errors="some"'])('fails where only the count says so: %s', (counter) => {
    expect(derive(suite('<testcase name="a"/>', counter)).result).toBe('failed');
    expect(derive(`<testsuites ${counter}>${suite('<testcase name="a"/>')}</testsuites>`).result).toBe('failed');
  });

  it.each(['<flakyFailure/>', '<flakyError/>', '<rerun/>', '<warning/>'])('is warned of by %s in a test', (element) => {
    const report = suite(`<testcase name="a">${element}</testcase><testcase name="b"/>`);
    expect(derive(report)).toMatchObject({ result: 'warned', warned: ['a'], passed: ['b'], failed: [] });
  });

  it('is warned of where only the count says so', () => {
    expect(derive(suite('<testcase name="a"/>', 'warnings="1"')).result).toBe('warned');
  });

  it.each(['', ' failures="" errors="0.0"', ' status="run" result="completed"'])(
    'passes with attributes such as%s',
    (some) => {
      expect(
        derive(`<!DOCTYPE testsuite>${suite('<testcase name="a" status="Passed" result="ok"/>', some)}`).result,
      ).toBe('passed');
    },
  );

  it.each([
    ['no tests', ''],
    ['tests that were all skipped', '<testcase name="a"><skipped/></testcase><testcase name="b" status="notrun"/>'],
    ['tests that were ignored', '<testcase name="a"><ignored/></testcase>'],
  ])('is no pass with %s', (_what, inner) => {
    expect(derive(suite(inner, 'tests="2"'))).toMatchObject({ result: 'unknown', passed: [] });
  });

  it('is one result over several files, and fails by any of them', () => {
    const [passes, fails] = [suite('<testcase name="a"/>'), suite('<testcase name="b"><failure/></testcase>')];
    expect(derive([passes, REPORT])).toMatchObject({ result: 'passed' });
    expect(derive([passes, fails])).toMatchObject({ result: 'failed', passed: ['a'], failed: ['b'] });
    expect(derive([fails, suite('<testcase name="b"/>')])).toMatchObject({ result: 'failed', passed: [] });
  });

  it('is of the suite that is said beside it, and of none that the tools name', () => {
    expect(derive(REPORT, { configuration: [{ annotations: { suite: 'nightly' } }] }).suite).toBe('nightly');
    expect(derive(REPORT, { configuration: [{ name: 'nightly' }] }).suite).toBe('nightly');
    expect(derive(REPORT).suite).toBeNull();
  });

  it('has no time of its own where none has an offset from UTC', () => {
    const [fact] = deriveFacts(TYPE, { report: suite('<testcase name="a"/>', 'timestamp="2026-01-31T12:00:00"') });
    expect(fact?.ownTime).toBeNull();
  });

  it.each([
    ['nothing', undefined],
    ['no text', 7],
    ['an empty list', []],
  ])('is refused where it is %s', (_what, report) => {
    expect(faultsOf(report)).toEqual(['report: must be the text of a JUnit file, or a list of such texts']);
  });

  it.each([
    ['no XML', 'PASSED', 'well-formed'],
    ['XML that is cut off', REPORT.slice(0, -20), 'well-formed'],
    ['two roots', `${suite('')}${suite('')}`, 'well-formed'],
    ['another report', '<assemblies><assembly/></assemblies>', 'not assemblies'],
    ['entities of its own', `<!DOCTYPE a [<!ENTITY e "x">]>${suite('')}`, 'declare entities'],
    ['an entity that XML does not define', suite('<testcase name="&nbsp;"/>'), 'well-formed'],
    ['a test in a test', suite('<testcase name="a"><testcase name="b"/></testcase>'), 'testcase in a testcase'],
    ['nested too deep', '<testsuite>'.repeat(65) + '</testsuite>'.repeat(65), 'nested deeper than 64'],
  ])('is refused where it is %s', (_what, report, message) => {
    expect(faultsOf([suite(''), report])).toEqual([expect.stringMatching(new RegExp(`^report\\[1\\]: .*${message}`))]);
  });

  it('never passes with a test that failed, whatever else is in it and in whichever order', () => {
    const test = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      ending: fc.constantFrom('', '<skipped/>', '<flakyError/>', '<failure/>', '<error/>'),
    });
    const tests = fc.array(test, { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(tests, { minLength: 1, maxLength: 3 }), (files) => {
        const reports = files.map((each) =>
          suite(each.map(({ name, ending }) => `<testcase name="${name}">${ending}</testcase>`).join('')),
        );
        const { result, passed, warned, failed } = derive(reports);
        const failing = files.flat().filter(({ ending }) => ['<failure/>', '<error/>'].includes(ending));
        expect(new Set(failed)).toEqual(new Set(failing.map(({ name }) => name)));
        expect(result === 'failed').toBe(failing.length > 0);
        expect(new Set([...passed, ...warned, ...failed]).size).toBe(passed.length + warned.length + failed.length);
      }),
    );
  });
});
