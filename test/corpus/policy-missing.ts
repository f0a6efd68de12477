import { SEVERITIES } from '../../src/facts/fact.js';
import type { Missing } from '../../src/policy/verdict.js';
import type { CaseAttestor, CaseEvidence, PolicyCase } from '../../src/policy-test/policy-cases.js';
import { predicateFrom, shorthandShape } from '../../src/policy-test/policy-predicates.js';
import { attestationOf, relatedImageOf } from '../../src/policy-test/policy-scene.js';

/*
 * Evidence made from what a verdict says is missing, and nothing else: by its kind, attestors and conditions. Whoever has
 * to sign gets a key for it.
 */

/** The case with exactly what is missing added to it, or null where evidence alone would not do or none can be made up. */
export function providing(each: PolicyCase, missing: readonly Missing[]): PolicyCase | null {
  let after = each;
  for (const one of missing) {
    if (one.count === 0 || one.kind === null) return null;
    for (let made = 0; made < one.count; made += 1) {
      const next = withOne(after, one);
      if (next === null) return null;
      after = next;
    }
  }
  return after;
}

function withOne(each: PolicyCase, missing: Missing): PolicyCase | null {
  const { replaces, commit, digest } = missing.conditions;
  const about = [...each.indexes, ...each.manifests].find((related) => relatedImageOf(each, related) === digest);
  if (digest !== undefined && about === undefined) throw new Error(`nothing here is ${JSON.stringify(digest)}`);
  const replaced = each.evidence.find(({ name }) => attestationOf(name) === replaces);
  const name = `made-${each.evidence.length}`;
  const made = (content: CaseEvidence['content'], signedBy: readonly string[]): CaseEvidence => ({
    name,
    content,
    signedBy,
    receivedAt: each.now,
    receivedAgainAt: undefined,
    provenAt: each.now,
    standing: 'standing',
    ...(about === undefined ? {} : { about }),
    // A build about the image names its commit in what it says.
    ...(missing.kind !== 'build' && typeof commit === 'string' ? { commit } : {}),
  });
  if (replaced !== undefined && missing.kind === 'approval') {
    const { approver: named = '' } = missing.conditions;
    const speaker = typeof named === 'string' ? named : '';
    const approver = speaker.startsWith('the holder of') ? approverIn(replaced.content) : speaker;
    const content = contentFor(missing, each, null, approver ?? name);
    return content === null ? null : { ...each, evidence: [...each.evidence, made(content, replaced.signedBy)] };
  }
  const able = missing.from.flatMap((from) => findAttestor(each, from, missing) ?? []);
  const attestor = able[each.evidence.length % able.length];
  if (attestor === undefined) return null;
  const content = contentFor(missing, each, attestor, name);
  if (content === null) return null;
  return {
    ...withKey(each, attestor.name, name),
    evidence: [...each.evidence, made(content, [`${attestor.name}/${name}`])],
  };
}

/** As it was put last, where it may sign this at all. */
function findAttestor(each: PolicyCase, name: string, { kind, conditions }: Missing): CaseAttestor | undefined {
  if (each.changes.some((change) => 'delete' in change && change.delete === name)) return undefined;
  const put = [...each.attestors, ...each.changes.flatMap((change) => ('put' in change ? [change.put] : []))];
  const found = put.findLast((attestor) => attestor.name === name);
  const { kinds, predicateTypes } = found?.document ?? {};
  const type = conditions['predicateType'];
  const isAllowed = kinds?.some((allowed) => allowed === kind) ?? predicateTypes?.some((allowed) => allowed === type);
  return isAllowed === true ? found : undefined;
}

function withKey(each: PolicyCase, name: string, key: string): PolicyCase {
  const keyed = (attestor: CaseAttestor): CaseAttestor =>
    attestor.name === name
      ? { name, document: { ...attestor.document, keys: { ...attestor.document.keys, [key]: {} } } }
      : attestor;
  return {
    ...each,
    attestors: each.attestors.map(keyed),
    changes: each.changes.map((change) => ('put' in change ? { ...change, put: keyed(change.put) } : change)),
  };
}

function approverIn(content: CaseEvidence['content']): string | null {
  if (!('predicate' in content)) return null;
  const { approver } = content.predicate as { readonly approver?: { readonly id?: string } };
  return approver?.id ?? null;
}

/** Predicates for which the expressions of the corpus hold. */
const HOLDING: Readonly<Record<string, object>> = {
  'predicate.result == "clear"': { result: 'clear' },
  'semver.atLeast(predicate.version, "1.10.0")': { version: '1.10.0' },
};

function contentFor(
  { kind, conditions }: Missing,
  { now, parameters }: PolicyCase,
  attestor: CaseAttestor | null,
  name: string,
): CaseEvidence['content'] | null {
  const text = (field: string): string | undefined => {
    const value = conditions[field];
    return typeof value === 'string' ? value.replace(/^\*\*/, 'https://x.example/x').replaceAll('*', 'x') : undefined;
  };
  const { check, predicateType, suites, environment } = conditions;
  if (typeof check === 'string') {
    const predicate = HOLDING[check];
    return predicate === undefined || typeof predicateType !== 'string' ? null : { predicateType, predicate };
  }
  const made = (shorthand: object): CaseEvidence['content'] | null => predicateFrom(shorthandShape.parse(shorthand));
  switch (kind) {
    case 'build': {
      const level = conditions['slsaLevel'];
      const builders = attestor?.document.builders ?? [];
      const trusted = builders.filter(({ slsaLevel }) => slsaLevel >= Number(level)).map(({ id }) => id);
      // Of several that fit the lowest level holds, and a text with stars for a parameter is no glob.
      const builder = builders.length === 1 ? trusted[0] : undefined;
      if (Object.values(parameters).some((value) => String(value).includes('*'))) return null;
      if (level !== undefined && (builder === undefined || conditions['builder'] !== undefined)) return null;
      const [source, ref, commit, buildType] = [text('source'), text('ref'), text('commit'), text('buildType')];
      const named = builder?.replaceAll('*', 'x') ?? text('builder');
      return made({ build: { builder: named, source, ref, commit, buildType, finishedOn: now } });
    }
    case 'scan':
      return {
        predicateType: 'https://in-toto.io/attestation/vulns/v0.2',
        ownTime: now,
        fact: {
          kind: 'scan',
          scanner: text('scanner') ?? name,
          scannerVersion: null,
          databaseAt: now,
          scannedAt: now,
          findings: [],
          counts: Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])),
        },
      };
    case 'test': {
      // Tests of one attestor count apart by where they ran.
      const apart = conditions['replaces'] === undefined ? { environment: name } : {};
      const places = { ...apart, hardware: text('hardware'), region: text('region'), ...(environment as object) };
      const named = Object.fromEntries(Object.entries(places).filter(([, value]) => value !== undefined));
      return made({ test: { suite: (suites as readonly string[] | undefined)?.[0], environment: named } });
    }
    case 'approval': {
      const [where, region, role] = [text('environment'), text('region'), text('role')];
      return made({
        approval: {
          approver: name,
          environments: conditions['environments'] ?? (where === undefined ? undefined : [where]),
          regions: conditions['regions'] ?? (region === undefined ? undefined : [region]),
          role,
          approvedAt: now,
        },
      });
    }
    default:
      return kind === 'other' && typeof predicateType === 'string' ? { predicateType, predicate: {} } : null;
  }
}
