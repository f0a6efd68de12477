import type { AttestationId } from '../intoto/digest.js';
import type { SoughtCauses } from '../history/timeline.store.js';
import type { RequirementResult, Verdict } from './verdict.js';

/** What touches an image, by which causes are told from what merely happened. */
export interface TouchedBy {
  /** Those that the policy of the later answer could come to notice. */
  readonly trustRevisions: readonly number[];
  /** Ids of waivers. */
  readonly waivers: readonly string[];
}

/**
 * Where to look for what turned one answer to a question into the other: evidence that has another part in it, and changes of
 * the policy, of trust, of waivers and of what indexes the image is in between the revisions at which the two were read.
 *
 * @param entry that tells of the later one.
 */
export function causesSought(entry: string, before: Verdict, after: Verdict, touched: TouchedBy): SoughtCauses {
  const partsBefore = partsOf(before);
  const partsAfter = partsOf(after);
  const other = [...new Set([...partsBefore.keys(), ...partsAfter.keys()])].filter(
    (id) => partsBefore.get(id) !== partsAfter.get(id),
  );
  const { trust, waivers } = before.revisions;
  return {
    entry,
    appeared: other.filter((id) => !partsBefore.has(id)),
    known: other.filter((id) => partsBefore.has(id)),
    since: before.evaluatedAt,
    trustRevisions: touched.trustRevisions.filter((revision) => revision > trust && revision <= after.revisions.trust),
    policy:
      before.policy.revision === after.policy.revision
        ? null
        : { name: after.policy.name, after: before.policy.revision, upTo: after.policy.revision },
    waivers: { ids: touched.waivers, after: waivers, upTo: after.revisions.waivers },
    relations: relationsBetween(before, after),
  };
}

/** null where the later one looks at no index, or at none that the former did not know of. */
function relationsBetween({ revisions: { relations: after = 0 } }: Verdict, later: Verdict): SoughtCauses['relations'] {
  const { relations: upTo = 0 } = later.revisions;
  return upTo > after ? { image: later.image.digest, after, upTo } : null;
}

/** The moment between the two from which time alone could have changed the answer; null where there is none. */
export function expiryBetween(before: Verdict, after: Verdict): string | null {
  const { validUntil } = before;
  return validUntil !== null && Date.parse(validUntil) <= Date.parse(after.evaluatedAt) ? validUntil : null;
}

/** What part each attestation has in a verdict, as one text that changes with it. */
function partsOf({ requirements }: Verdict): ReadonlyMap<AttestationId, string> {
  const parts = new Map<AttestationId, string>();
  const note = (attestation: AttestationId, part: string): void => {
    parts.set(attestation, `${parts.get(attestation) ?? ''} ${part}`);
  };
  for (const requirement of requirements) {
    for (const [attestation, part] of partsIn(requirement)) note(attestation, `${requirement.id}:${part}`);
  }
  return parts;
}

function partsIn({
  evidence,
  considered,
  removed = [],
  through,
  code,
}: RequirementResult): readonly (readonly [AttestationId, string])[] {
  return [
    ...evidence.map((id) => [id, code] as const),
    ...considered.map(({ attestation, code: why }) => [attestation, why] as const),
    ...[...new Set(removed.map(({ attestation }) => attestation))].map((id) => [id, 'removes'] as const),
    ...(through === undefined ? [] : [[through.build, `through ${through.commit}`] as const]),
  ];
}
