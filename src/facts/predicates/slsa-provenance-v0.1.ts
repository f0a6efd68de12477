import { buildSource, declaredSource, readMaterials } from '../build-source.js';
import type { BuildFact } from '../fact.js';
import type { PredicateReader } from '../predicate-field.js';

/** SLSA provenance v0.1 (spec/v0.1/provenance.md), also under its older in-toto type. */
export const readSlsaProvenanceV01: PredicateReader = (predicate) => {
  const recipe = predicate.object('recipe');
  const metadata = predicate.object('metadata');
  const materials = readMaterials(predicate.objects('materials'));
  // The recipe names its source as an index into the materials.
  const index = recipe.json('definedInMaterial');
  const source = typeof index === 'number' ? materials[index] : undefined;
  const content: BuildFact = {
    kind: 'build',
    builder: predicate.requiredObject('builder').requiredText('id'),
    buildType: recipe.text('type'),
    source: buildSource(source === undefined ? [] : declaredSource(source.uri, null, source.digest), materials),
    invocation: metadata.hint('buildInvocationId'),
    startedAt: metadata.time('buildStartedOn'),
    finishedAt: metadata.time('buildFinishedOn'),
    materials,
    parameters: recipe.json('arguments'),
  };
  return [{ content, ownTime: content.finishedAt ?? content.startedAt }];
};
