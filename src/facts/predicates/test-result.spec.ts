import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { TestFact } from '../fact.js';

const TYPE = 'https://in-toto.io/attestation/test-result/v0.1';

function testResult(changes: object = {}): object {
  return {
    result: 'PASSED',
    configuration: [
      {
        name: '.github/workflows/gpu.yml',
        digest: { gitBlob: 'ebe4add40f63c3c98bc9b32ff1e736f04120b023' },
        annotations: { suite: 'gpu-smoke', hardware: 'h200', region: 'eu-west1' },
      },
    ],
    url: 'https://ci.example.com/runs/41',
    passedTests: ['kernel', 'memory'],
    warnedTests: [],
    failedTests: [],
    ...changes,
  };
}

function derive(changes: object = {}): TestFact {
  return deriveFacts(TYPE, testResult(changes))[0]!.content as TestFact;
}

function annotated(...annotations: readonly object[]): object {
  return { configuration: annotations.map((each) => ({ annotations: each })) };
}

describe('test result v0.1', () => {
  it('reads result, suite and where it ran; it has no time of its own', () => {
    expect(deriveFacts(TYPE, testResult())).toEqual([
      {
        predicateType: TYPE,
        ownTime: null,
        content: {
          kind: 'test',
          result: 'passed',
          suite: 'gpu-smoke',
          url: 'https://ci.example.com/runs/41',
          environment: { hardware: 'h200', region: 'eu-west1' },
          configuration: [
            {
              name: '.github/workflows/gpu.yml',
              digest: { gitBlob: 'ebe4add40f63c3c98bc9b32ff1e736f04120b023' },
              annotations: { suite: 'gpu-smoke', hardware: 'h200', region: 'eu-west1' },
            },
          ],
          passed: ['kernel', 'memory'],
          warned: [],
          failed: [],
        },
      },
    ]);
  });

  it.each([
    ['PASSED', 'passed'],
    ['WARNED', 'warned'],
    ['FAILED', 'failed'],
    ['passed', 'unknown'],
    ['pass', 'unknown'],
    ['PASSED ', 'unknown'],
    ['constructor', 'unknown'],
  ])('reads the result %j as %s', (result, expected) => {
    expect(derive({ result }).result).toBe(expected);
  });

  it('reads a failure with the tests that failed', () => {
    expect(derive({ result: 'FAILED', failedTests: ['memory'] })).toMatchObject({
      result: 'failed',
      failed: ['memory'],
    });
  });

  it('merges the annotations of several configurations, and an object named environment', () => {
    const changes = annotated({ suite: 'e2e', hardware: 'cpu' }, { hardware: 'cpu', environment: { cluster: 'eu-1' } });
    expect(derive(changes)).toMatchObject({ suite: 'e2e', environment: { hardware: 'cpu', cluster: 'eu-1' } });
  });

  it('takes an environment that is a word as a name like any other', () => {
    expect(derive(annotated({ environment: 'staging' })).environment).toEqual({ environment: 'staging' });
  });

  it('ignores annotations that are not strings', () => {
    const changes = annotated({ suite: 'e2e', retries: 3, tags: ['slow'], environment: { cores: 8, arch: 'arm64' } });
    expect(derive(changes)).toMatchObject({ suite: 'e2e', environment: { arch: 'arm64' } });
  });

  it('takes the name of a configuration for the suite where it is the only one and no annotation names it', () => {
    expect(derive({ configuration: [{ name: 'integration' }, { uri: 'https://example.com' }] }).suite).toBe(
      'integration',
    );
    expect(derive({ configuration: [{ name: 'integration' }, { name: 'unit' }] }).suite).toBeNull();
  });

  it('knows no suite and no environment where there is no configuration', () => {
    expect(derive({ configuration: undefined })).toMatchObject({ suite: null, environment: {}, configuration: [] });
  });

  it.each([
    ['no result', { result: undefined }, 'result'],
    ['an empty result', { result: '' }, 'result'],
    ['a result that is no string', { result: true }, 'result'],
    ['a pass with tests that failed', { failedTests: ['memory'] }, 'result'],
    ['a warning with tests that failed', { result: 'WARNED', failedTests: ['memory'] }, 'result'],
    ['failed tests that are no list', { failedTests: 'memory' }, 'failedTests'],
    ['a failed test that is no string', { failedTests: [{ name: 'memory' }] }, 'failedTests[0]'],
    ['a configuration that is no list', { configuration: { name: 'e2e' } }, 'configuration'],
    ['a configuration that is no object', { configuration: ['e2e'] }, 'configuration[0]'],
    ['annotations that are no object', { configuration: [{ annotations: [] }] }, 'configuration[0].annotations'],
    ['a suite that is no string', annotated({ suite: ['unit', 'e2e'] }), 'configuration[0].annotations.suite'],
    ['two suites', annotated({ suite: 'unit' }, { suite: 'e2e' }), 'configuration[1].annotations.suite'],
    [
      'two kinds of hardware',
      annotated({ hardware: 'cpu' }, { hardware: 'h200' }),
      'configuration[1].annotations.hardware',
    ],
    [
      'an environment that contradicts the annotation beside it',
      annotated({ region: 'eu-west1', environment: { region: 'us-east1' } }),
      'configuration[0].annotations.environment.region',
    ],
    [
      'a suite within the environment',
      annotated({ environment: { suite: 'e2e' } }),
      'configuration[0].annotations.environment.suite',
    ],
  ])('refuses %s', (_what, changes, path) => {
    expect(() => derive(changes)).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: [expect.objectContaining({ path })],
      }),
    );
  });
});
