import { withAlsoRestsOnOf } from './also-rests-on.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { attestationsOf } from './carrying-attestations.js';
import type { CompiledEvidence } from './compile-policy.js';
import { concluded, sortedIds, viaOf } from './considered.js';
import { withIgnoredOf } from './ignored-findings.js';
import { withRemovedOf } from './removed-findings.js';
import type { Scene, ServingImage } from './scene.js';
import type { RequirementResult, Via } from './verdict.js';
import { weighEvidence, type Amend } from './weigh-evidence.js';
import { aboutAnyOf, AND, listed } from './wording.js';

/** One look at the evidence: the image's own with that of the images that serve it here. */
export interface ServedScene extends Scene {
  /** The manifest of the index asked about for which it is looked at; null where there is only the image itself. */
  readonly manifest: Sha256Digest | null;
}

/**
 * The looks that a requirement takes. What is said of an index serves its manifests. An index is looked at once for each of
 * its runnable manifests, with what is said of that one and of the index. null where it cannot be told.
 */
export function servedScenes(requirement: CompiledEvidence, scene: Scene): readonly ServedScene[] | null {
  if (!requirement.viaIndex) return [{ ...scene, manifest: null }];
  const { indexes, manifests, areTooMany } = scene.relations;
  const around = servingImages(scene, 'index', indexes);
  const within = servingImages(scene, 'manifest', manifests);
  if (areTooMany || around === null || within === null) return null;
  if (within.length === 0) return [served(scene, around, null)];
  return within.map((manifest) => served(scene, [...around, manifest], manifest.about));
}

/**
 * Weighs evidence about the image together with that about the indexes it is in and, for an index, about its manifests: it is
 * satisfied where it is for every one of them, and what stands against one stands against it. Evidence about each digest
 * is a group of its own, so that nothing said of one replaces what was said of another.
 */
export function weighViaIndex(requirement: CompiledEvidence, scene: Scene, amend?: Amend): RequirementResult {
  const scenes = servedScenes(requirement, scene);
  if (scenes === null) return tooMany(requirement.id);
  const results = scenes.map((each) => ({
    scene: each,
    result: withVia(weighEvidence(requirement, each, amend), each),
  }));
  const [only] = results;
  if (only !== undefined && results.length === 1) return only.result;
  return together(requirement.id, results, scene.inverted);
}

function servingImages(
  scene: Scene,
  relation: Via['relation'],
  digests: readonly Sha256Digest[],
): readonly ServingImage[] | null {
  const images = digests.flatMap((about): ServingImage[] => {
    const related = scene.related.get(about);
    return related === undefined ? [] : [{ about, relation, facts: related.facts }];
  });
  return images.length === digests.length ? images : null;
}

function served(scene: Scene, serving: readonly ServingImage[], manifest: Sha256Digest | null): ServedScene {
  const gathered = scene.gathered.servedBy(serving.map(({ about }) => about));
  return { ...scene, serving, gathered, manifest };
}

/** Says of which other digests the evidence is that decided. */
function withVia(result: RequirementResult, { facts, serving }: Scene): RequirementResult {
  const own = new Set(facts.flatMap(attestationsOf));
  const via = serving.flatMap(({ about, relation, facts: others }): Via[] => {
    const here = new Set(others.flatMap(attestationsOf));
    const evidence = result.evidence.filter((id) => here.has(id) && !own.has(id));
    return evidence.length === 0 ? [] : [{ relation, digest: about, evidence }];
  });
  if (via.length === 0) return result;
  const told = via.map(({ relation, digest }) => `${relation} ${digest}`);
  return { ...result, message: `${result.message}; this is about ${listed(told)}`, via };
}

interface Look {
  readonly scene: ServedScene;
  readonly result: RequirementResult;
}

/** Under a `not` what passes denies, so that there one manifest is enough; and one that cannot be judged denies more. */
function together(id: string, looks: readonly Look[], inverted: boolean): RequirementResult {
  const of = (status: RequirementResult['status']): readonly Look[] =>
    looks.filter(({ result }) => result.status === status);
  const [satisfied, erring, lacking] = [of('satisfied'), of('error'), of('unsatisfied')];
  if (satisfied.length === looks.length) {
    const messages = [...new Set(satisfied.map(({ result }) => result.message))];
    return joined(id, looks, satisfied, `for each of ${looks.length} manifests: ${messages.join('; ')}`);
  }
  const opposed = lacking.filter(({ result }) => result.evidence.length > 0);
  const [deciding = []] = (inverted ? [erring, satisfied, lacking] : [opposed, erring, lacking]).filter(
    (some) => some.length > 0,
  );
  return joined(id, looks, deciding, told(deciding));
}

/** What those of one status come to together. */
function joined(id: string, looks: readonly Look[], deciding: readonly Look[], message: string): RequirementResult {
  const [first] = deciding;
  if (first === undefined) throw new Error(`${id} comes to nothing`);
  const { status, code } = first.result;
  const missing = status === 'satisfied' ? null : missingOf(deciding);
  const decided = deciding.map(({ result }) => result);
  const others = looks.filter((look) => !deciding.includes(look));
  const considered = looks.flatMap(({ result }) => result.considered);
  for (const { result } of others) {
    const { evidence, code, message } = result;
    // Of several manifests the same may be said of what is about the index.
    const unsaid = evidence.filter((id) => considered.every((one) => one.attestation !== id || one.code !== code));
    considered.push(...unsaid.map((attestation) => ({ attestation, code, message })));
  }
  const result = concluded(
    {
      id,
      status,
      code,
      message,
      missing,
      evidence: sortedIds(decided.flatMap(({ evidence }) => evidence)),
      ...viaOf(decided),
    },
    considered,
  );
  const all = looks.map((look) => look.result);
  return withIgnoredOf(withRemovedOf(withAlsoRestsOnOf(result, all, decided), all), all);
}

/** What is the same for several manifests is said once. */
function told(looks: readonly Look[]): string {
  const byMessage = Map.groupBy(looks, ({ result }) => result.message);
  return [...byMessage]
    .map(([message, same]) => `for ${listed(same.map(({ scene }) => `manifest ${scene.manifest ?? ''}`))}: ${message}`)
    .join('; ');
}

/** What is lacking may be said of the index too; what opposes has said already what it is about. */
function missingOf(looks: readonly Look[]): string | null {
  const byMissing = Map.groupBy(
    looks.filter(({ result }) => result.missing !== null),
    ({ result }) => result.missing ?? '',
  );
  const texts = [...byMissing].flatMap(([missing, same]) => {
    const lacking = same.filter(({ result }) => result.evidence.length === 0);
    if (lacking.length === 0) return missing.split(AND);
    return aboutAnyOf(
      missing,
      lacking.map(({ scene }) => scene.manifest ?? ''),
    );
  });
  return [...new Set(texts)].join(AND) || null;
}

/** Why it cannot be told what the images that serve another say. */
export const TOO_MANY_RELATIONS =
  'the image is in too many indexes, or has too many manifests, for the evidence about them to be read';

/** A requirement that looks at related images where there are more than are read. */
export function tooMany(id: string): RequirementResult {
  return {
    id,
    status: 'error',
    code: 'evaluation_error',
    message: TOO_MANY_RELATIONS,
    evidence: [],
    considered: [],
    missing: 'a policy without via: index for this image',
  };
}
