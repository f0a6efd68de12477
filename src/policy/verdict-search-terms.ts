import type { AttestationId } from '../intoto/digest.js';
import { MOST_CONSIDERED } from './considered.js';
import type { RequirementResult, Verdict } from './verdict.js';

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
 * The evidence without which an allow might have been a denial: what satisfied a requirement or the part of one that no waiver
 * is for, the build that ties the source to the image, VEX that removed findings, and what else a requirement also rests on. None
 * for a denial, nor for what was allowed whatever the policy says.
 */
export function restsOn({
  decision,
  breakGlass,
  requirements,
}: Pick<Verdict, 'decision' | 'breakGlass' | 'requirements'>): ReadonlySet<AttestationId> {
  if (decision !== 'allow' || breakGlass !== undefined) return new Set();
  return new Set(
    requirements
      .filter(({ status }) => status === 'satisfied' || status === 'waived')
      .flatMap((result) => {
        const counting = [...result.evidence, ...alsoRestsOn(result)];
        // A requirement that is waived as a whole names a build all the same.
        const isTied = result.status === 'satisfied' || counting.length > 0;
        return isTied && result.through !== undefined ? [...counting, result.through.build] : counting;
      }),
  );
}

/**
 * Beside its evidence and build. Where it was recorded before that was told: what it names of the VEX that removed findings;
 * beyond the hundred of them, the documents considered say so too.
 */
function alsoRestsOn({
  status,
  evidence,
  alsoRestsOn: told,
  removed = [],
  considered,
}: RequirementResult): readonly AttestationId[] {
  if (told !== undefined) return told;
  // Waived as a whole, it was not met by what was removed.
  if (removed.length === 0 || (status === 'waived' && evidence.length === 0)) return [];
  const removing = considered.filter(({ code }) => code === 'satisfied');
  return [...removed, ...removing].map(({ attestation }) => attestation);
}

/** Whether it says all that it rests on: one recorded before it did may leave out VEX, where it removed more than is listed. */
export function namesAllItRestsOn(verdict: Parameters<typeof restsOn>[0]): boolean {
  if (verdict.decision !== 'allow' || verdict.breakGlass !== undefined) return true;
  return verdict.requirements.every(
    ({ status, alsoRestsOn: told, removed = [], removedCount = 0, considered }) =>
      (status !== 'satisfied' && status !== 'waived') ||
      told !== undefined ||
      removedCount <= removed.length ||
      considered.length < MOST_CONSIDERED,
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
