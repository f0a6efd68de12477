import type { Component } from '../fact.js';
import { canonicalPackageUrl } from '../package-url.js';
import type { PredicateField, Reading } from '../predicate-field.js';
import { sbomReading } from '../sbom-reading.js';

/**
 * Reads an SPDX 2.2 or 2.3 document in JSON. Every package is a component, that which the document describes as well: some
 * tools say of all packages that the document describes them.
 */
export function readSpdx2(document: PredicateField): Reading {
  const version = spdx2Version(document.requiredText('spdxVersion'));
  if (version === null) document.member('spdxVersion').fault('must be SPDX-2.2 or SPDX-2.3');
  document.requiredText('SPDXID');
  document.requiredText('name');
  const components = document.objects('packages').map(readPackage);
  return sbomReading('spdx', version ?? '', components, document.object('creationInfo').time('created'));
}

/** The version of the specification as a document names it, where it is read. */
export function spdx2Version(text: string): string | null {
  return /^SPDX-(2\.[23])$/.exec(text)?.[1] ?? null;
}

/** What was declared and what was concluded, where it says anything. */
export function licencesOf(...stated: readonly (string | null)[]): readonly string[] {
  return [...new Set(stated.flatMap((licence) => licence ?? []))].filter(
    (licence) => !/^(?:NOASSERTION|NONE)$/.test(licence),
  );
}

function readPackage(each: PredicateField): Component {
  const references = each.objects('externalRefs').filter((reference) => reference.hint('referenceType') === 'purl');
  const purls = references.flatMap((reference) => canonicalPackageUrl(reference.hint('referenceLocator')) ?? []);
  return {
    name: each.requiredText('name'),
    version: each.hint('versionInfo'),
    purl: purls[0] ?? null,
    licences: licencesOf(each.hint('licenseDeclared'), each.hint('licenseConcluded')),
  };
}
