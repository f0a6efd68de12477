import type { RequirementResult, Verdict } from '../policy/verdict.js';
import type { PolicyCase, Want } from './policy-cases.js';
import { relatedImageOf } from './policy-scene.js';

type SaidOfRequirement = NonNullable<Want['requirements']>[string];
type AttestationId = RequirementResult['evidence'][number];

/** What a verdict says, in the words and with the names of the case, as far as the case says anything. */
export function saidOf(
  each: PolicyCase,
  verdict: Verdict,
  attestationOf: (name: string) => AttestationId,
  waiverOf: (name: string) => string = (name) => name,
): Want {
  const { decision, wouldDeny, validUntil } = verdict;
  const wanted = each.want.requirements;
  const names = new Map(each.evidence.map(({ name }) => [attestationOf(name), name]));
  const waivers = new Map(each.waivers.map(({ name }) => [waiverOf(name), name]));
  const nameOf = (id: AttestationId): string => names.get(id) ?? id;
  return {
    decision,
    wouldDeny,
    waivers: verdict.waivers.map((id) => waivers.get(id) ?? id).sort(),
    ...(each.want.validUntil === undefined ? {} : { validUntil }),
    requirements:
      wanted === null
        ? null
        : Object.fromEntries(
            verdict.requirements.map((result) => [result.id, resultSaid(result, nameOf, wanted[result.id], each)]),
          ),
  };
}

/** What the case wants of its verdict, to be compared with what one says. */
export function wantedOf({ want }: PolicyCase): Want {
  if (want.requirements === null) return want;
  const sorted = Object.entries(want.requirements).map(([id, wanted]): [string, SaidOfRequirement] => [
    id,
    {
      ...wanted,
      ...(wanted.evidence === undefined ? {} : { evidence: [...wanted.evidence].sort() }),
      ...(wanted.removed === undefined ? {} : { removed: [...wanted.removed].sort() }),
      ...(wanted.ignored === undefined ? {} : { ignored: [...wanted.ignored].sort() }),
    },
  ]);
  return {
    ...want,
    waivers: [...want.waivers].sort(),
    requirements: Object.fromEntries<SaidOfRequirement>(sorted),
  };
}

function resultSaid(
  result: RequirementResult,
  nameOf: (id: AttestationId) => string,
  want: SaidOfRequirement | undefined,
  each: PolicyCase,
): SaidOfRequirement {
  const codes = new Map<string, string[]>();
  for (const one of result.considered) {
    codes.set(nameOf(one.attestation), [...(codes.get(nameOf(one.attestation)) ?? []), one.code]);
  }
  return {
    code: result.code,
    ...(want?.status === undefined ? {} : { status: result.status }),
    ...(want?.evidence === undefined ? {} : { evidence: result.evidence.map(nameOf).sort() }),
    ...(want?.considered === undefined
      ? {}
      : { considered: Object.fromEntries([...codes].map(([name, all]) => [name, all.length === 1 ? all[0] : all])) }),
    ...(want?.message === undefined ? {} : { message: held(result.message, want.message) }),
    ...(want?.removed === undefined ? {} : { removed: removedSaid(result, nameOf) }),
    ...(want?.ignored === undefined ? {} : { ignored: ignoredSaid(result) }),
    ...(want?.missing === undefined ? {} : { missing: held(result.missing ?? '', want.missing) }),
    ...(want?.through === undefined ? {} : { through: throughSaid(result, nameOf) }),
    ...(want?.via === undefined ? {} : { via: viaSaid(result, nameOf, each) }),
  } as SaidOfRequirement;
}

function removedSaid({ removed }: RequirementResult, nameOf: (id: AttestationId) => string): readonly string[] | null {
  if (removed === undefined) return null;
  return removed
    .map(({ vulnerability, attestation, attestor }) => `${vulnerability} by ${nameOf(attestation)} for ${attestor}`)
    .sort();
}

function ignoredSaid({ ignored = [] }: RequirementResult): readonly string[] {
  return ignored.map(({ vulnerability }) => vulnerability).sort();
}

function throughSaid({ through }: RequirementResult, nameOf: (id: AttestationId) => string): unknown {
  return through === undefined ? null : { build: nameOf(through.build), commit: through.commit };
}

function viaSaid(
  { via = [] }: RequirementResult,
  nameOf: (id: AttestationId) => string,
  each: PolicyCase,
): Readonly<Record<string, readonly string[]>> {
  const names = new Map([...each.indexes, ...each.manifests].map((name) => [relatedImageOf(each, name), name]));
  return Object.fromEntries(
    via.map(({ digest, evidence }) => [names.get(digest) ?? digest, evidence.map(nameOf).sort()]),
  );
}

/** The part that is asked for, or where it is not there, the whole for the reader of the failure. */
function held(text: string, part: string): string {
  return text.includes(part) ? part : text;
}
