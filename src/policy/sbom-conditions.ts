import type { PackageURL } from 'packageurl-js';
import type { Component, SbomFact } from '../facts/fact.js';
import { packageFit, packageKey, parsePackageUrl } from '../facts/package-url.js';
import { compileGlob } from '../intoto/glob.js';
import { PASSES, PLAIN, type Conditions, type Judgement } from './conditions.js';
import { isMetBy, namesMentioned, parseLicence } from './licence-expression.js';
import type { SbomWhere } from './policy-document.js';
import { bindNumber, type Bind } from './value-match.js';

/** What is wrong with one component, or null. */
type Rule = (component: Component) => string | null;

/**
 * Compiles what is asked of a bill of materials. What lists a component that may not be there is negative. One that lists
 * no components proves nothing about them.
 */
export function compileSbom(where: SbomWhere): Bind<Conditions> {
  const { format, minComponents, licences, components } = where;
  const least = minComponents === undefined ? null : bindNumber(minComponents);
  const rules: Rule[] = [];
  if (components !== undefined) rules.push(deniedComponents(components.deny));
  if (licences !== undefined) rules.push(licenceRule(licences.deny ?? [], licences.allow ?? null));
  const wanted = (atLeast: number | null): string =>
    [
      ...(format === undefined ? [] : [`in ${format}`]),
      ...(atLeast === null ? [] : [`listing ${atLeast} or more components`]),
      ...(components === undefined ? [] : [`without ${components.deny.join(', ')}`]),
      ...(licences?.deny === undefined ? [] : [`without licences ${licences.deny.join(', ')}`]),
      ...(licences?.allow === undefined ? [] : [`with only licences ${licences.allow.join(', ')}`]),
    ].join(' and ');
  return (parameters) => {
    const atLeast = least === null ? null : least(parameters);
    return {
      ...PLAIN,
      judge: (content) => {
        if (content.kind !== 'sbom') return falls('it is no SBOM');
        const judgement = judgeComponents(content, rules);
        if (!judgement.passes) return judgement;
        if (format !== undefined && content.format !== format)
          return falls(`it is in ${content.format}; expected ${format}`);
        const { length } = content.components;
        // Not `length < atLeast`: a number that is none must not pass.
        if (atLeast === null || length >= atLeast) return PASSES;
        return falls(`it lists ${length} components; expected ${atLeast} or more`);
      },
      wanted: wanted(atLeast),
    };
  };
}

function falls(message: string): Judgement {
  return { passes: false, negative: false, message };
}

function judgeComponents({ components }: SbomFact, rules: readonly Rule[]): Judgement {
  if (rules.length === 0) return PASSES;
  if (components.length === 0) return falls('it lists no components');
  const faults: string[] = [];
  for (const component of components) {
    for (const rule of rules) {
      const fault = rule(component);
      if (fault !== null) faults.push(fault);
    }
  }
  const [first, ...others] = faults;
  if (first === undefined) return PASSES;
  const message = others.length === 0 ? first : `${first} (and ${others.length} more like it)`;
  return { passes: false, negative: true, message };
}

/**
 * A component is denied where its package URL fits a pattern, or says too little to tell; one without a package URL by its
 * name, with or without a namespace, and the version where both have one.
 */
function deniedComponents(denied: readonly string[]): Rule {
  const patterns = denied.map((text) => {
    const asked = parsePackageUrl(text);
    if (asked === null) throw new Error(`not a package URL: ${text}`);
    return { text, asked };
  });
  const byPackage = Map.groupBy(patterns, ({ asked }) => packageKey(asked));
  const byName = Map.groupBy(
    patterns.flatMap((pattern) => namesOf(pattern.asked).map((name) => ({ ...pattern, name }))),
    ({ name }) => name,
  );
  return (component) => {
    const given = parsePackageUrl(component.purl);
    const fitting =
      given === null
        ? byName
            .get(component.name.toLowerCase())
            ?.find(({ asked }) => asked.version === undefined || (component.version ?? asked.version) === asked.version)
        : byPackage.get(packageKey(given))?.find(({ asked }) => packageFit(asked, given) !== 'differs');
    return fitting === undefined ? null : `${called(component)} is denied by ${fitting.text}`;
  };
}

/** How a document that has no package URL may call a package: CycloneDX puts its group before its name. */
function namesOf({ namespace, name }: PackageURL): readonly string[] {
  const names = namespace === undefined ? [name] : [name, `${namespace}/${name}`, `${namespace}:${name}`];
  return names.map((each) => each.toLowerCase());
}

/**
 * Each licence that a component lists has to be accepted; SPDX compares ids without regard to case. What is denied is so even
 * where something else may be chosen; of what is allowed one choice is enough.
 */
function licenceRule(deny: readonly string[], allow: readonly string[] | null): Rule {
  const denied = deny.map(licenceGlob);
  const allowed = allow?.map(licenceGlob) ?? null;
  const known = new Map<string, boolean>();
  const isAccepted = (text: string): boolean => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const accepted =
      !fits(namesMentioned(text), denied) &&
      (allowed === null || isMetBy(parseLicence(text), (names) => fits(names, allowed)));
    known.set(text, accepted);
    return accepted;
  };
  return (component) => {
    if (component.licences.length === 0) {
      return allowed === null ? null : `${called(component)} has no known licence`;
    }
    const refused = component.licences.filter((text) => !isAccepted(text));
    return refused.length === 0 ? null : `${called(component)} has licence ${refused.join(', ')}`;
  };
}

function fits(names: readonly string[], globs: readonly ((text: string) => boolean)[]): boolean {
  return names.some((name) => globs.some((glob) => glob(name.toLowerCase())));
}

/** A glob in which a star stands for anything: names of licences have slashes that part nothing. */
function licenceGlob(glob: string): (text: string) => boolean {
  return compileGlob(glob.toLowerCase().replaceAll(/\*+/g, '**'));
}

function called({ name, version, purl }: Component): string {
  return purl ?? (version === null ? name : `${name} ${version}`);
}
