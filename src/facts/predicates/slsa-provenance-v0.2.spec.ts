import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { BuildFact } from '../fact.js';

const TYPE = 'https://slsa.dev/provenance/v0.2';
const COMMIT = '3b1f0c9de5a74c20b1d6f7a8c9e0d1f2a3b4c5d6';
const OTHER_COMMIT = 'ffeeddccbbaa99887766554433221100ffeeddcc';
const APP = 'git+https://github.com/acme/app@refs/tags/v1.4.0';

/** Provenance as the generic container generator of slsa-github-generator writes it. */
function provenance(changes: object = {}): object {
  return {
    builder: {
      id: 'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0',
    },
    buildType: 'https://github.com/slsa-framework/slsa-github-generator/container@v1',
    invocation: {
      configSource: { uri: APP, digest: { sha1: COMMIT }, entryPoint: '.github/workflows/release.yml' },
      parameters: { channel: 'stable' },
      environment: { github_actor: 'octo' },
    },
    metadata: {
      buildInvocationID: '1234-1',
      buildStartedOn: '2026-11-23T10:00:00Z',
      buildFinishedOn: '2026-11-23T10:04:09Z',
      completeness: { parameters: true, environment: false, materials: false },
      reproducible: false,
    },
    materials: [{ uri: APP, digest: { sha1: COMMIT } }],
    ...changes,
  };
}

function derive(changes: object): BuildFact {
  return deriveFacts(TYPE, provenance(changes))[0]!.content as BuildFact;
}

describe('SLSA provenance v0.2', () => {
  it('reads a build of slsa-github-generator', () => {
    expect(deriveFacts(TYPE, provenance())).toEqual([
      {
        predicateType: TYPE,
        ownTime: '2026-11-23T10:04:09.000Z',
        content: {
          kind: 'build',
          builder:
            'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0',
          buildType: 'https://github.com/slsa-framework/slsa-github-generator/container@v1',
          source: { repository: 'https://github.com/acme/app', ref: 'refs/tags/v1.4.0', commit: COMMIT },
          invocation: '1234-1',
          startedAt: '2026-11-23T10:00:00.000Z',
          finishedAt: '2026-11-23T10:04:09.000Z',
          materials: [{ uri: APP, digest: { sha1: COMMIT } }],
          parameters: { channel: 'stable' },
          startedBy: ['octo'],
        },
      },
    ]);
  });

  it('knows no commit where configuration and material of one repository disagree', () => {
    expect(derive({ materials: [{ uri: APP, digest: { sha1: OTHER_COMMIT } }] }).source).toEqual({
      repository: 'https://github.com/acme/app',
      ref: 'refs/tags/v1.4.0',
      commit: null,
    });
  });

  it('takes the commit from the materials where the configuration states none', () => {
    expect(derive({ invocation: { configSource: { uri: APP } } }).source.commit).toBe(COMMIT);
  });

  it('takes no material for the source where there is no configuration', () => {
    expect(derive({ invocation: {} }).source).toEqual({ repository: null, ref: null, commit: null });
  });

  it('does not take the pipeline of a Tekton run for its source', () => {
    expect(derive({ buildType: 'tekton.dev/v1/PipelineRun' }).source.repository).toBeNull();
  });

  it('reads what a local BuildKit build leaves open as unknown', () => {
    const local = {
      buildType: 'https://mobyproject.org/buildkit@v1',
      builder: { id: 'https://ci.example.com/buildkit' },
      invocation: { configSource: { entryPoint: 'Dockerfile' }, parameters: { frontend: 'dockerfile.v0' } },
      metadata: { buildInvocationId: 'rpv7a389uzil5lqmrgwhijwjz' },
      materials: [{ uri: 'pkg:docker/alpine@3.22', digest: { sha256: 'b'.repeat(64) } }],
    };
    expect(derive(local)).toMatchObject({
      source: { repository: null, ref: null, commit: null },
      invocation: 'rpv7a389uzil5lqmrgwhijwjz',
      startedAt: null,
      finishedAt: null,
    });
  });

  it.each([
    ['no builder', { builder: undefined }, 'builder'],
    ['an empty builder', { builder: { id: '' } }, 'builder.id'],
    ['no build type', { buildType: '' }, 'buildType'],
    ['an invocation that is no object', { invocation: 'make' }, 'invocation'],
    ['a time that is none', { metadata: { buildFinishedOn: '23 Nov 2026' } }, 'metadata.buildFinishedOn'],
    ['materials in an object', { materials: {} }, 'materials'],
    ['a material whose URI is no string', { materials: [{ uri: {} }] }, 'materials[0].uri'],
  ])('refuses %s', (_what, changes, path) => {
    expect(() => derive(changes)).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: [expect.objectContaining({ path })],
      }),
    );
  });
});
