import type { Component } from '../fact.js';
import { canonicalPackageUrl } from '../package-url.js';
import type { PredicateField, Reading } from '../predicate-field.js';
import { sbomReading } from '../sbom-reading.js';

const PACKAGES = ['software_Package', 'ai_AIPackage', 'dataset_DatasetPackage'];
const LICENCE_RELATIONSHIPS = ['hasDeclaredLicense', 'hasConcludedLicense'];

/**
 * Reads an SPDX 3 document in the one JSON-LD form that the specification allows: a flat list of elements (`@graph`) that
 * refer to each other by id.
 */
export function readSpdx3(document: PredicateField): Reading {
  const elements = document.requiredObjects('@graph');
  const info = creationInfoOf(elements);
  const version = info?.requiredText('specVersion') ?? '';
  if (info === null) document.member('@graph').fault('must hold a CreationInfo');
  else if (!/^3\.\d+(?:\.\d+)?$/.test(version)) info.member('specVersion').fault('must be 3.0 or a later 3');
  const licences = licencesByPackage(elements);
  const packages = elements.filter((element) => PACKAGES.includes(element.hint('type') ?? ''));
  const components = packages.map((each) => readPackage(each, licences));
  return sbomReading('spdx', version, components, info?.time('created') ?? null);
}

/** That of the document itself, be it within it or named by it; else the first there is. */
function creationInfoOf(elements: readonly PredicateField[]): PredicateField | null {
  const infos = elements.filter((element) => element.hint('type') === 'CreationInfo');
  const own = elements.find((element) => element.hint('type') === 'SpdxDocument')?.member('creationInfo');
  if (own?.isObject === true) return own;
  return infos.find((info) => info.hint('@id') === own?.value) ?? infos[0] ?? null;
}

function readPackage(element: PredicateField, licences: ReadonlyMap<string, readonly string[]>): Component {
  const identified = element
    .objects('externalIdentifier')
    .filter((identifier) => identifier.hint('externalIdentifierType') === 'packageUrl')
    .map((identifier) => identifier.hint('identifier'));
  const purls = [element.hint('software_packageUrl'), ...identified].flatMap((purl) => canonicalPackageUrl(purl) ?? []);
  return {
    name: element.requiredText('name'),
    version: element.hint('software_packageVersion'),
    purl: purls[0] ?? null,
    licences: [...new Set(licences.get(element.requiredText('spdxId')) ?? [])],
  };
}

/** The licences of packages by their ids, as relationships give them. */
function licencesByPackage(elements: readonly PredicateField[]): ReadonlyMap<string, readonly string[]> {
  const written = new Map(elements.flatMap((element) => writtenLicence(element)));
  const relationships = elements.filter((each) => LICENCE_RELATIONSHIPS.includes(each.hint('relationshipType') ?? ''));
  const byPackage = Map.groupBy(relationships, (relationship) => relationship.hint('from') ?? '');
  return new Map(
    Array.from(byPackage, ([from, given]) => {
      const ids = given.flatMap((relationship) => relationship.texts('to'));
      return [from, ids.flatMap((id) => written.get(id) ?? listedLicence(id))] as const;
    }),
  );
}

function writtenLicence(element: PredicateField): readonly (readonly [id: string, licence: string])[] {
  const id = element.hint('spdxId');
  const expression = element.hint('simplelicensing_licenseExpression');
  return id === null || expression === null ? [] : [[id, expression]];
}

/** A licence of SPDX' list that stands for itself. */
function listedLicence(id: string): readonly string[] {
  const [, licence] = /^https?:\/\/spdx\.org\/licenses\/([\w.+-]+)$/.exec(id) ?? [];
  return licence === undefined ? [] : [licence];
}
