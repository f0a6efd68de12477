import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { BuildFact } from '../fact.js';

const COMMIT = '3b1f0c9de5a74c20b1d6f7a8c9e0d1f2a3b4c5d6';

function provenance(changes: object = {}): object {
  return {
    builder: { id: 'https://ci.example.com/builders/large@v4' },
    recipe: {
      type: 'https://ci.example.com/recipes/make@v1',
      definedInMaterial: 1,
      entryPoint: 'release',
      arguments: { target: 'all' },
    },
    metadata: { buildInvocationId: 'run-81', buildStartedOn: '2026-11-23T10:00:00Z' },
    materials: [
      { uri: 'pkg:deb/debian/gcc@12.2.0', digest: { sha256: 'c'.repeat(64) } },
      { uri: 'git+https://git.example.com/acme/app.git@main', digest: { sha1: COMMIT } },
    ],
    ...changes,
  };
}

describe.each(['https://slsa.dev/provenance/v0.1', 'https://in-toto.io/Provenance/v0.1'])('%s', (type) => {
  it('reads the source from the material that holds the recipe', () => {
    expect(deriveFacts(type, provenance())[0]).toMatchObject({
      predicateType: type,
      ownTime: '2026-11-23T10:00:00.000Z',
      content: {
        kind: 'build',
        builder: 'https://ci.example.com/builders/large@v4',
        buildType: 'https://ci.example.com/recipes/make@v1',
        source: { repository: 'https://git.example.com/acme/app', ref: 'main', commit: COMMIT },
        invocation: 'run-81',
        parameters: { target: 'all' },
      },
    });
  });

  it.each([[-1], [2], [0.5], ['1'], [undefined]])('knows no source where the recipe is in material %s', (index) => {
    const recipe = { type: 'https://ci.example.com/recipes/make@v1', definedInMaterial: index };
    const content = deriveFacts(type, provenance({ recipe }))[0]!.content as BuildFact;
    expect(content.source).toEqual({ repository: null, ref: null, commit: null });
  });

  it('refuses provenance without a builder', () => {
    expect(() => deriveFacts(type, provenance({ builder: {} }))).toThrow('builder.id');
  });

  it.each([
    [
      'the first material, though a 0 is not written',
      'https://cloudbuild.googleapis.com/CloudBuildYaml@v0.1',
      { uri: 'https://github.com/acme/app', digest: { sha1: COMMIT } },
    ],
    [
      'the page of a commit',
      'https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.2',
      { uri: `https://github.com/acme/app/commit/${COMMIT}` },
    ],
  ])('takes %s for the source of Google Cloud Build', (_what, recipeType, material) => {
    const recipe = { type: recipeType, entryPoint: 'cloudbuild.yaml', arguments: {} };
    const content = deriveFacts(type, provenance({ recipe, materials: [material] }))[0]!.content as BuildFact;
    expect(content.source).toEqual({ repository: 'https://github.com/acme/app', ref: null, commit: COMMIT });
  });

  it('knows no source of a Cloud Build that built what was uploaded', () => {
    const recipe = { type: 'https://cloudbuild.googleapis.com/CloudBuildSteps@v0.1' };
    const materials = [{ uri: 'gs://acme_cloudbuild/source/1663616632.tgz#1663616635134845', digest: { md5: '7d44' } }];
    const content = deriveFacts(type, provenance({ recipe, materials }))[0]!.content as BuildFact;
    expect(content.source).toEqual({ repository: null, ref: null, commit: null });
  });
});
