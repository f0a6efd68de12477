import type { AttestationId } from '../intoto/digest.js';
import type { Verdict } from './verdict.js';

const ENVIRONMENT = 'environment';

/** The environment a verdict was asked for: by the parameter of that name, or else by what the caller said about the occasion. */
export function environmentOf({ parameters }: Pick<Verdict, 'parameters'>, context: object | null): string | null {
  const said: Readonly<Record<string, unknown>> = { ...context };
  for (const named of [parameters[ENVIRONMENT], Object.hasOwn(said, ENVIRONMENT) ? said[ENVIRONMENT] : null]) {
    if (typeof named === 'string') return named;
  }
  return null;
}

/**
 * The evidence without which an allow might have been a denial: what satisfied a requirement, and the build that ties the
 * source to the image. None for a denial, nor for what was allowed whatever the policy says.
 */
export function restsOn({
  decision,
  breakGlass,
  requirements,
}: Pick<Verdict, 'decision' | 'breakGlass' | 'requirements'>): ReadonlySet<AttestationId> {
  if (decision !== 'allow' || breakGlass !== undefined) return new Set();
  return new Set(
    requirements
      .filter(({ status }) => status === 'satisfied')
      .flatMap(({ evidence, through }) => [...evidence, ...(through === undefined ? [] : [through.build])]),
  );
}

/**
 * The common table expression that makes an allow searchable by who signed what it rests on: for use as
 * `with …, source as (…), ${verdictSignersCte('source', '$1', '$2')} …`. `source` gives the verdicts recorded, with `id`, `image`
 * and `at`; the parameters hold ids of verdicts, and of an attestation that each rests on. Both are written into the
 * statement as they stand. Repetition changes nothing.
 */
export function verdictSignersCte(source: string, verdicts: string, attestations: string): string {
  return `verdict_signed as (
    insert into verdict_signers (signer, image, at, verdict)
    select distinct substr(x.signer, 8, 32)::uuid, r.image, r.at, r.id
    from unnest(${verdicts}::uuid[], ${attestations}::text[]) as rested (verdict, attestation)
    join ${source} r on r.id = rested.verdict
    -- For each by itself: whatever is thought of how many there are, they are few and found by index.
    cross join lateral (
      select x.signer
      from verifications v join facts f on f.signed_digest = v.signed_digest join fact_signers x on x.fact = f.id
      where v.attestation = rested.attestation and x.signer like 'sha256:%' offset 0
    ) x
    on conflict do nothing
  )`;
}

/** The parameters of `verdictSignersCte` for these verdicts. */
export function restedPairs(
  verdicts: readonly { readonly id: string; readonly verdict: Parameters<typeof restsOn>[0] }[],
): readonly [verdicts: readonly string[], attestations: readonly AttestationId[]] {
  const pairs = verdicts.flatMap(({ id, verdict }) =>
    [...restsOn(verdict)].map((attestation) => ({ id, attestation })),
  );
  return [pairs.map(({ id }) => id), pairs.map(({ attestation }) => attestation)];
}
