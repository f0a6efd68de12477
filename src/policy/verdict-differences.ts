import type { RequirementResult, Verdict } from './verdict.js';

/** One thing that two verdicts say differently. */
export interface VerdictDifference {
  /** What they differ in: a member of the verdict, or `requirements.` and a requirement's id. */
  readonly of: string;
  /** As JSON; null where the one verdict does not speak of it. */
  readonly recorded: unknown;
  readonly replayed: unknown;
}

/**
 * Where two verdicts on one question differ, requirements in the order of the recorded one. What counts is what
 * `contentDigest` covers: the words may differ, and the moments and revisions do.
 */
export function differencesOf(recorded: Verdict, replayed: Verdict): readonly VerdictDifference[] {
  const members: readonly VerdictDifference[] = [
    { of: 'decision', recorded: recorded.decision, replayed: replayed.decision },
    { of: 'pending', recorded: recorded.pending, replayed: replayed.pending },
    { of: 'mode', recorded: recorded.mode, replayed: replayed.mode },
    { of: 'wouldDeny', recorded: recorded.wouldDeny, replayed: replayed.wouldDeny },
    { of: 'policy.digest', recorded: recorded.policy.digest, replayed: replayed.policy.digest },
    ...requirementsOf(recorded, replayed),
    { of: 'waivers', recorded: recorded.waivers, replayed: replayed.waivers },
  ];
  return members.filter(({ recorded: before, replayed: after }) => JSON.stringify(before) !== JSON.stringify(after));
}

function requirementsOf(recorded: Verdict, replayed: Verdict): readonly VerdictDifference[] {
  const before = contentsById(recorded);
  const after = contentsById(replayed);
  const ids = new Set([...before.keys(), ...after.keys()]);
  const results = [...ids].map((id) => ({
    of: `requirements.${id}`,
    recorded: before.get(id) ?? null,
    replayed: after.get(id) ?? null,
  }));
  const order = { of: 'requirements', recorded: [...before.keys()], replayed: [...after.keys()] };
  return [...results, order];
}

function contentsById({ requirements }: Verdict): ReadonlyMap<string, object> {
  return new Map(requirements.map((result) => [result.id, contentOf(result)]));
}

function contentOf(result: RequirementResult): object {
  const {
    status,
    code,
    evidence,
    considered,
    removed,
    removedCount,
    ignored,
    ignoredCount,
    alsoRestsOn,
    through,
    via,
  } = result;
  return {
    status,
    code,
    evidence,
    considered: considered.map(({ attestation, code: why }) => ({ attestation, code: why })),
    ...(removed === undefined ? {} : { removedCount, removed }),
    ...(ignored === undefined ? {} : { ignoredCount, ignored }),
    ...(alsoRestsOn === undefined ? {} : { alsoRestsOn }),
    ...(through === undefined ? {} : { through }),
    ...(via === undefined ? {} : { via }),
  };
}
