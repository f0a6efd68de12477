import { buildSource, declaredSource, readMaterials, type DeclaredSource, type Material } from '../build-source.js';
import { readStarters } from '../build-starter.js';
import type { BuildFact } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

/** Recipes of Google Cloud Build, whose provenance is written by proto3: a member that would be 0 is left out. */
const GOOGLE_CLOUD_BUILD = 'https://cloudbuild.googleapis.com/';
/** How Cloud Build's first provenance names a commit: by the page that shows it. */
const COMMIT_PAGE = /^(https:\/\/[^/]+\/.+)\/commit\/([0-9a-f]{40})$/;

/** SLSA provenance v0.1 (spec/v0.1/provenance.md), also under its older in-toto type. */
export const readSlsaProvenanceV01: PredicateReader = (predicate) => {
  const recipe = predicate.object('recipe');
  const metadata = predicate.object('metadata');
  const materials = readMaterials(predicate.objects('materials'));
  const content: BuildFact = {
    kind: 'build',
    builder: predicate.requiredObject('builder').requiredText('id'),
    buildType: recipe.text('type'),
    source: buildSource(readRecipeSource(recipe, materials), materials),
    invocation: metadata.hint('buildInvocationId'),
    startedAt: metadata.time('buildStartedOn'),
    finishedAt: metadata.time('buildFinishedOn'),
    materials,
    parameters: recipe.json('arguments'),
    ...readStarters(recipe.member('environment')),
  };
  return [{ content, ownTime: content.finishedAt ?? content.startedAt }];
};

/** The recipe names its source as an index into the materials. */
function readRecipeSource(recipe: PredicateField, materials: readonly Material[]): readonly DeclaredSource[] {
  const isGoogle = recipe.hint('type')?.startsWith(GOOGLE_CLOUD_BUILD) === true;
  const index = recipe.has('definedInMaterial') || !isGoogle ? recipe.json('definedInMaterial') : 0;
  const source = typeof index === 'number' ? materials[index] : undefined;
  if (source === undefined) return [];
  const [, repository, commit] = (isGoogle && COMMIT_PAGE.exec(source.uri ?? '')) || [];
  return repository === undefined || commit === undefined
    ? declaredSource(source.uri, null, source.digest)
    : declaredSource(repository, null, { ...source.digest, sha1: commit });
}
