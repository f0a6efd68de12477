import type { AttestationId } from '../intoto/digest.js';
import { namesAllItRestsOn, restsOn } from './verdict-search-terms.js';

interface Recorded {
  readonly id: string;
  readonly verdict: Parameters<typeof namesAllItRestsOn>[0];
}

type Pairs = readonly [verdicts: readonly string[], attestations: readonly AttestationId[]];

type Query = <Row>(text: string, values: readonly unknown[]) => Promise<readonly Row[]>;

/**
 * The VEX about the images of the verdicts `$1`, and about the digests that they depend on, as it may have been known to them.
 * Clocks that differ by no more than a minute leave none of it out.
 */
const VEX_AROUND = `
  select distinct v.id as verdict, f.attestation
  from verdicts v
  cross join lateral (
    select v.image as subject union select json_object_keys(v.verdict->'revisions'->'related')
  ) d
  join attestation_subjects s on s.subject = d.subject
  join facts f on f.attestation = s.attestation and f.kind = 'vex' and f.recorded_at <= v.at + interval '1 minute'
  where v.id = any($1::uuid[])`;

/** The parameters of `verdictSignersCte` for verdicts that name all they rest on, as every verdict does when it is recorded. */
export function restedPairs(verdicts: readonly Recorded[]): Pairs {
  const pairs = verdicts.flatMap(({ id, verdict }) =>
    [...restsOn(verdict)].map((attestation) => ({ id, attestation })),
  );
  return [pairs.map(({ id }) => id), pairs.map(({ attestation }) => attestation)];
}

/** The same for verdicts on record, of which those that do not name all rest on any VEX around them. */
export async function recordedPairs(verdicts: readonly Recorded[], query: Query): Promise<Pairs> {
  const [ids, attestations] = restedPairs(verdicts);
  const unsure = verdicts.filter(({ verdict }) => !namesAllItRestsOn(verdict)).map(({ id }) => id);
  if (unsure.length === 0) return [ids, attestations];
  const around = await query<{ verdict: string; attestation: AttestationId }>(VEX_AROUND, [unsure]);
  return [
    [...ids, ...around.map(({ verdict }) => verdict)],
    [...attestations, ...around.map(({ attestation }) => attestation)],
  ];
}
