import { buildSource, declaredSource, readDigest, readMaterials, type DeclaredSource } from '../build-source.js';
import { readStarters } from '../build-starter.js';
import type { BuildFact } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

/** SLSA provenance v0.2 (spec/v0.2/provenance.md). */
export const readSlsaProvenanceV02: PredicateReader = (predicate) => {
  const invocation = predicate.object('invocation');
  const metadata = predicate.object('metadata');
  const materials = readMaterials(predicate.objects('materials'));
  const buildType = predicate.requiredText('buildType');
  const content: BuildFact = {
    kind: 'build',
    builder: predicate.requiredObject('builder').requiredText('id'),
    buildType,
    source: buildSource(readConfigSource(invocation, buildType), materials),
    // slsa-github-generator writes the last letter as a capital.
    invocation: metadata.hint('buildInvocationId') ?? metadata.hint('buildInvocationID'),
    startedAt: metadata.time('buildStartedOn'),
    finishedAt: metadata.time('buildFinishedOn'),
    materials,
    parameters: invocation.json('parameters'),
    ...readStarters(invocation.member('environment')),
  };
  return [{ content, ownTime: content.finishedAt ?? content.startedAt }];
};

/**
 * The configuration's source is what was built, since the builders in use run what lies beside it. Tekton is the
 * exception: its configuration is a pipeline, often of a repository of its own, and says nothing about what it ran over.
 */
function readConfigSource(invocation: PredicateField, buildType: string): readonly DeclaredSource[] {
  if (buildType.startsWith('tekton.dev/')) return [];
  const source = invocation.object('configSource');
  return declaredSource(source.hint('uri'), null, readDigest(source));
}
