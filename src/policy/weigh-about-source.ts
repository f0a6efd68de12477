import type { CompiledEvidence } from './compile-policy.js';
import type { Gathered } from './evidence.js';
import type { Scene } from './scene.js';
import { sourceOfImage } from './source-of-image.js';
import type { RequirementResult } from './verdict.js';
import { weighEvidence } from './weigh-evidence.js';

/**
 * Weighs evidence about the commit that the image was built of. Where the commit cannot be told nothing counts; under a
 * `not`, where nothing would be enough, that is an error.
 */
export function weighAboutSource(
  requirement: CompiledEvidence,
  scene: Scene,
  amend?: (gathered: Gathered) => Gathered,
): RequirementResult {
  const { id } = requirement;
  const source = sourceOfImage(scene);
  if (!source.known) {
    const { code, message, missing } = source;
    const nothing = { id, message, missing, evidence: [], considered: [] };
    return scene.inverted
      ? { ...nothing, status: 'error', code: 'evaluation_error' }
      : { ...nothing, status: 'unsatisfied', code };
  }
  const { build, commit } = source.through;
  const related = scene.related.get(source.digest);
  if (related === undefined) {
    return {
      id,
      status: 'error',
      code: 'evaluation_error',
      message: `the evidence about commit ${commit} was not read: the image's builds name too many`,
      evidence: [],
      considered: [],
      missing: 'a retraction of builds that name other commits',
    };
  }
  const result = weighEvidence(requirement, { ...scene, facts: related.facts, gathered: related.gathered }, amend);
  return {
    ...result,
    message: `${result.message}; this is about commit ${commit}, which build ${build} names`,
    missing: result.missing === null ? null : `${result.missing}; about commit ${commit}`,
    through: source.through,
  };
}
