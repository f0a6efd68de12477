import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { BuildFact } from '../fact.js';

const TYPE = 'https://slsa.dev/provenance/v1';
const COMMIT = '3b1f0c9de5a74c20b1d6f7a8c9e0d1f2a3b4c5d6';
const OTHER_COMMIT = 'ffeeddccbbaa99887766554433221100ffeeddcc';
const APP = 'git+https://github.com/acme/app@refs/heads/main';

function dependency(uri: string, digest: object = { gitCommit: COMMIT }): object {
  return { uri, digest };
}

/** Provenance as GitHub's attest-build-provenance action writes it. */
function provenance(changes: { definition?: object; run?: object; metadata?: object } = {}): object {
  return {
    buildDefinition: {
      buildType: 'https://actions.github.io/buildtypes/workflow/v1',
      externalParameters: {
        workflow: {
          ref: 'refs/heads/main',
          repository: 'https://github.com/acme/app',
          path: '.github/workflows/release.yml',
        },
      },
      internalParameters: { github: { event_name: 'push', runner_environment: 'github-hosted' } },
      resolvedDependencies: [dependency(APP)],
      ...changes.definition,
    },
    runDetails: {
      builder: { id: 'https://github.com/acme/.github/.github/workflows/release.yml@refs/tags/v3' },
      metadata: { invocationId: 'https://github.com/acme/app/actions/runs/7/attempts/1', ...changes.metadata },
      ...changes.run,
    },
  };
}

function derive(predicate: object): BuildFact {
  return deriveFacts(TYPE, predicate)[0]!.content as BuildFact;
}

function sourceOf(definition: object): BuildFact['source'] {
  return derive(provenance({ definition })).source;
}

const NOTHING = { repository: null, ref: null, commit: null };

describe('SLSA provenance v1', () => {
  it('reads a build on GitHub Actions, which states no times', () => {
    expect(deriveFacts(TYPE, provenance())).toEqual([
      {
        predicateType: TYPE,
        ownTime: null,
        content: {
          kind: 'build',
          builder: 'https://github.com/acme/.github/.github/workflows/release.yml@refs/tags/v3',
          buildType: 'https://actions.github.io/buildtypes/workflow/v1',
          source: { repository: 'https://github.com/acme/app', ref: 'refs/heads/main', commit: COMMIT },
          invocation: 'https://github.com/acme/app/actions/runs/7/attempts/1',
          startedAt: null,
          finishedAt: null,
          materials: [{ uri: APP, digest: { gitCommit: COMMIT } }],
          parameters: {
            workflow: {
              ref: 'refs/heads/main',
              repository: 'https://github.com/acme/app',
              path: '.github/workflows/release.yml',
            },
          },
        },
      },
    ]);
  });

  it('takes the end of the build as its time, or else its start', () => {
    const times = { startedOn: '2026-11-23T10:00:00Z', finishedOn: '2026-11-23T12:05:00+02:00' };
    expect(deriveFacts(TYPE, provenance({ metadata: times }))[0]).toMatchObject({
      ownTime: '2026-11-23T10:05:00.000Z',
      content: { startedAt: '2026-11-23T10:00:00.000Z', finishedAt: '2026-11-23T10:05:00.000Z' },
    });
    const started = provenance({ metadata: { ...times, finishedOn: '' } });
    expect(deriveFacts(TYPE, started)[0]!.ownTime).toBe('2026-11-23T10:00:00.000Z');
  });

  it.each([
    [
      'a container-based build of slsa-github-generator, whose only dependency is the builder',
      {
        buildType: 'https://slsa.dev/container-based-build/v0.1?draft',
        externalParameters: { source: dependency(APP, { sha1: COMMIT }), configPath: 'release.toml' },
        resolvedDependencies: [
          dependency('git+https://github.com/slsa-framework/slsa-github-generator@refs/tags/v2.1.0', {
            sha256: 'a'.repeat(64),
          }),
        ],
      },
    ],
    [
      'a builder on the delegator of slsa-github-generator, which names its source by the calling workflow',
      {
        buildType: 'https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0',
        externalParameters: { inputs: { rekor: false }, vars: {} },
        internalParameters: { GITHUB_WORKFLOW_REF: 'acme/app/.github/workflows/release.yml@refs/heads/main' },
        resolvedDependencies: [dependency(APP, { sha1: COMMIT })],
      },
    ],
    [
      'BuildKit with a remote context',
      {
        buildType: 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
        externalParameters: {
          configSource: { uri: 'https://github.com/acme/app.git#refs/heads/main', digest: { sha1: COMMIT } },
        },
        resolvedDependencies: [
          dependency('pkg:docker/alpine@3.22', { sha256: 'b'.repeat(64) }),
          dependency('https://github.com/acme/app.git#refs/heads/main', { sha1: COMMIT }),
        ],
      },
    ],
    [
      'Google Cloud Build, which resolves to a commit without a ref',
      {
        buildType: 'https://cloud.google.com/build/gcb-buildtypes/google-worker/v1',
        externalParameters: {
          buildConfigSource: {
            repository: 'git+https://github.com/acme/app',
            ref: 'refs/heads/main',
            path: 'build.yaml',
          },
        },
        resolvedDependencies: [dependency(`git+https://github.com/acme/app@${COMMIT}`)],
      },
    ],
  ])('finds repository, ref and commit of %s', (_what, definition) => {
    expect(sourceOf(definition)).toEqual({
      repository: 'https://github.com/acme/app',
      ref: 'refs/heads/main',
      commit: COMMIT,
    });
  });

  it.each([
    ['min', { configSource: { path: 'Dockerfile' } }],
    [
      'max',
      {
        configSource: { path: 'Dockerfile' },
        request: {
          frontend: 'dockerfile.v0',
          args: { 'vcs:source': 'https://github.com/acme/app', 'vcs:revision': COMMIT },
          locals: [{ name: 'context' }, { name: 'dockerfile' }],
        },
      },
    ],
  ])('knows no source of what BuildKit built of a local directory, with mode=%s', (_mode, externalParameters) => {
    const definition = {
      buildType: 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
      externalParameters,
      resolvedDependencies: [dependency('pkg:docker/alpine@3.22?platform=linux%2Famd64', { sha256: 'b'.repeat(64) })],
    };
    expect(sourceOf(definition)).toEqual(NOTHING);
  });

  it("reads GitLab's provenance, whose invocation is a number", () => {
    const project = 'https://gitlab.example.com/acme/app';
    const gitlab = provenance({
      definition: {
        buildType: 'https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v18.3.0/PROVENANCE.md',
        externalParameters: { source: project, entryPoint: 'build-job', variables: { CI_JOB_ID: '412' } },
        internalParameters: { architecture: 'arm64', executor: 'docker', job: 412, name: '9-mfdkBG' },
        resolvedDependencies: [dependency(project)],
      },
      metadata: { invocationId: 412, finishedOn: '2026-06-05T01:33:23Z' },
    });
    expect(derive(gitlab)).toMatchObject({
      source: { repository: project, ref: null, commit: COMMIT },
      invocation: '412',
    });
  });

  it("finds GitLab's commit under the algorithm it is not", () => {
    const project = 'https://gitlab.example.com/acme/app';
    expect(
      sourceOf({
        externalParameters: { source: project, entryPoint: 'build' },
        resolvedDependencies: [dependency(project, { sha256: COMMIT })],
      }),
    ).toEqual({ repository: project, ref: null, commit: COMMIT });
  });

  it('takes the commit from the dependency that is the source, wherever it stands', () => {
    const resolvedDependencies = [
      dependency('git+https://github.com/acme/library@refs/heads/main', { gitCommit: OTHER_COMMIT }),
      dependency('git+https://github.com/acme/app@refs/heads/next', { gitCommit: OTHER_COMMIT }),
      dependency(APP),
    ];
    expect(sourceOf({ resolvedDependencies })).toMatchObject({ ref: 'refs/heads/main', commit: COMMIT });
  });

  it('knows no commit where none was resolved', () => {
    const source = { repository: 'https://github.com/acme/app', ref: 'refs/heads/main', commit: null };
    expect(sourceOf({ resolvedDependencies: [] })).toEqual(source);
    expect(sourceOf({ resolvedDependencies: [dependency(APP, {})] })).toEqual(source);
    expect(sourceOf({ resolvedDependencies: [dependency(APP, { gitCommit: 'main' })] })).toEqual(source);
  });

  it('knows no commit where two were resolved for the source', () => {
    const twice = [dependency(APP), dependency(APP, { gitCommit: OTHER_COMMIT })];
    expect(sourceOf({ resolvedDependencies: twice }).commit).toBeNull();
    const both = [dependency(APP, { gitCommit: COMMIT, sha1: OTHER_COMMIT })];
    expect(sourceOf({ resolvedDependencies: both }).commit).toBeNull();
  });

  it('knows neither ref nor commit where the repository was resolved at another ref only', () => {
    const resolvedDependencies = [dependency('git+https://github.com/acme/app@refs/heads/evil')];
    expect(sourceOf({ resolvedDependencies })).toEqual({
      repository: 'https://github.com/acme/app',
      ref: null,
      commit: null,
    });
  });

  it('knows no source where another repository was resolved than the one declared', () => {
    const resolvedDependencies = [dependency('git+https://github.com/evil/app@refs/heads/main')];
    expect(sourceOf({ resolvedDependencies })).toEqual(NOTHING);
  });

  it('knows no source where the parameters name two', () => {
    const externalParameters = {
      workflow: { repository: 'https://github.com/acme/app', ref: 'refs/heads/main' },
      source: 'git+https://github.com/evil/app@refs/heads/main',
    };
    expect(sourceOf({ externalParameters })).toEqual(NOTHING);
  });

  it('knows neither ref nor commit where the parameters name two refs', () => {
    const externalParameters = { workflow: { repository: APP, ref: 'refs/tags/v1' } };
    expect(sourceOf({ externalParameters })).toEqual({
      repository: 'https://github.com/acme/app',
      ref: null,
      commit: null,
    });
  });

  it('takes no dependency for the source where the build type names none', () => {
    expect(sourceOf({ buildType: 'https://example.com/build/v1', externalParameters: { target: 'app' } })).toEqual(
      NOTHING,
    );
  });

  it('knows no declared commit that contradicts the resolved one', () => {
    const externalParameters = { source: dependency(APP, { gitCommit: OTHER_COMMIT }) };
    expect(sourceOf({ externalParameters })).toMatchObject({ repository: 'https://github.com/acme/app', commit: null });
  });

  it('takes parameters of any shape and unset optional fields', () => {
    const odd = { workflow: [1], source: { digest: 'sha256:00' }, configSource: 7, toString: 'x' };
    expect(derive(provenance({ definition: { externalParameters: odd } })).parameters).toEqual(odd);
    const bare = {
      buildDefinition: { buildType: 'https://example.com/build/v1' },
      runDetails: { builder: { id: 'b' } },
    };
    expect(derive(bare)).toMatchObject({
      builder: 'b',
      source: NOTHING,
      invocation: null,
      materials: [],
      parameters: null,
    });
  });

  it.each([
    ['no builder', { run: { builder: {} } }, 'runDetails.builder.id'],
    ['an empty builder, as BuildKit writes by default', { run: { builder: { id: '' } } }, 'runDetails.builder.id'],
    ['a builder that is no string', { run: { builder: { id: 7 } } }, 'runDetails.builder.id'],
    ['no build type', { definition: { buildType: null } }, 'buildDefinition.buildType'],
    ['parameters in a list', { definition: { externalParameters: [] } }, 'buildDefinition.externalParameters'],
    ['a time that is none', { metadata: { finishedOn: 'yesterday' } }, 'runDetails.metadata.finishedOn'],
    ['a time in numbers', { metadata: { startedOn: 1795429230 } }, 'runDetails.metadata.startedOn'],
    ['dependencies in an object', { definition: { resolvedDependencies: {} } }, 'buildDefinition.resolvedDependencies'],
    [
      'a dependency that is a string',
      { definition: { resolvedDependencies: [APP] } },
      'buildDefinition.resolvedDependencies[0]',
    ],
    [
      'a digest that is no string',
      { definition: { resolvedDependencies: [dependency(APP, { gitCommit: [COMMIT] })] } },
      'buildDefinition.resolvedDependencies[0].digest.gitCommit',
    ],
  ])('refuses %s', (_what, changes, path) => {
    expect(() => derive(provenance(changes))).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: [expect.objectContaining({ path })],
      }),
    );
  });

  it('reports every fault at once, and what is missing with its parent only once', () => {
    expect(() => derive({ buildDefinition: { buildType: '' } })).toThrow(
      expect.objectContaining({
        faults: [
          { path: 'runDetails', message: 'must be an object' },
          { path: 'buildDefinition.buildType', message: 'must be a string that is not empty' },
        ],
      }),
    );
  });
});
