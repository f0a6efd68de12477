import { buildSource, declaredSource, readMaterials, type DeclaredSource } from '../build-source.js';
import { readStarters } from '../build-starter.js';
import type { BuildFact } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

/**
 * Where build types put their source: `workflow` (GitHub Actions), `source` (container-based builds, GitLab),
 * `configSource` (BuildKit), `buildConfigSource` (Google Cloud Build).
 */
const SOURCE_PARAMETERS = ['workflow', 'source', 'configSource', 'buildConfigSource'];
/** Builders on slsa-github-generator's delegator have no such parameter; the workflow that called them is the source. */
const DELEGATOR = 'https://github.com/slsa-framework/slsa-github-generator/delegator-';

/** SLSA provenance v1, which is one type for v1.0 to v1.2 (spec/build-provenance.md). */
export const readSlsaProvenanceV1: PredicateReader = (predicate) => {
  const definition = predicate.requiredObject('buildDefinition');
  const run = predicate.requiredObject('runDetails');
  const metadata = run.object('metadata');
  const materials = readMaterials(definition.objects('resolvedDependencies'));
  const buildType = definition.requiredText('buildType');
  const parameters = definition.object('externalParameters');
  const declared = SOURCE_PARAMETERS.flatMap((name) => readDeclaredSource(parameters, name));
  if (buildType.startsWith(DELEGATOR)) declared.push(...readCallingWorkflow(definition.member('internalParameters')));
  const content: BuildFact = {
    kind: 'build',
    builder: run.requiredObject('builder').requiredText('id'),
    buildType,
    source: buildSource(declared, materials),
    invocation: readInvocation(metadata),
    startedAt: metadata.time('startedOn'),
    finishedAt: metadata.time('finishedOn'),
    materials,
    parameters: definition.json('externalParameters'),
    ...readStarters(definition.member('internalParameters')),
  };
  return [{ content, ownTime: content.finishedAt ?? content.startedAt }];
};

/** BuildKit writes the last letter as a capital, and GitLab a number. */
function readInvocation(metadata: PredicateField): string | null {
  const number = metadata.json('invocationId');
  if (typeof number === 'number') return String(number);
  return metadata.hint('invocationId') ?? metadata.hint('invocationID');
}

/**
 * A parameter that is a URI, a resource descriptor, or an object of repository and ref. Parameters are of any shape, so
 * one that is something else is no fault: it names no source.
 */
function readDeclaredSource(parameters: PredicateField, name: string): readonly DeclaredSource[] {
  const source = parameters.member(name);
  if (!source.isObject) return declaredSource(parameters.hint(name), null, {});
  const digest = source.member('digest');
  const digests = digest.names.map((algorithm): [string, string] => [algorithm, digest.hint(algorithm) ?? '']);
  return declaredSource(
    source.hint('uri') ?? source.hint('repository'),
    source.hint('ref'),
    Object.fromEntries(digests),
  );
}

/** `owner/name/.github/workflows/file.yml@ref`, as GitHub Actions names the calling workflow. */
function readCallingWorkflow(internalParameters: PredicateField): readonly DeclaredSource[] {
  const workflow = internalParameters.hint('GITHUB_WORKFLOW_REF') ?? '';
  const [, repository] = /^([\w.-]+\/[\w.-]+)\//.exec(workflow) ?? [];
  return repository === undefined ? [] : declaredSource(`https://github.com/${repository}`, null, {});
}
