import type { CompiledEvidence } from './compile-policy.js';
import type { RelatedEvidence, Scene } from './scene.js';
import { sourceOfImage } from './source-of-image.js';
import type { RequirementResult } from './verdict.js';
import { weighEvidence, type Amend } from './weigh-evidence.js';

/**
 * Weighs evidence about the commit that the image was built of. Where the commit cannot be told nothing counts; under a
 * `not`, where nothing would be enough, that is an error, and so it is where not all is read that may tell.
 */
export function weighAboutSource(requirement: CompiledEvidence, scene: Scene, amend?: Amend): RequirementResult {
  const { id } = requirement;
  const source = sourceOfImage(scene);
  if (!source.known) {
    const { code, message, missing } = source;
    const nothing = { id, message, missing, evidence: [], considered: [] };
    return scene.inverted || code === 'evaluation_error'
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
  const result = weighEvidence(requirement, about(related, scene), amend);
  return {
    ...result,
    message: `${result.message}; this is about commit ${commit}, which build ${build} names`,
    missing: result.missing === null ? null : `${result.missing}; about commit ${commit}`,
    through: source.through,
  };
}

/** The commit that the image was built of and the scene of what is known about it, where both can be told. */
export function sceneOfSource(scene: Scene): { readonly commit: string; readonly scene: Scene } | null {
  const source = sourceOfImage(scene);
  const related = source.known ? scene.related.get(source.digest) : undefined;
  return source.known && related !== undefined ? { commit: source.through.commit, scene: about(related, scene) } : null;
}

function about({ facts, gathered }: RelatedEvidence, scene: Scene): Scene {
  return { ...scene, facts, gathered };
}
