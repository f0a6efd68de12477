import { componentFields } from '../cyclonedx-components.js';
import { validateCycloneDx } from '../cyclonedx-schema.js';
import { embeddedDocument, objectInText } from '../document-text.js';
import type { Component } from '../fact.js';
import { canonicalPackageUrl } from '../package-url.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';
import { sbomReading } from '../sbom-reading.js';
import { readCycloneDxVex } from './cyclonedx-vex.js';

/**
 * A CycloneDX document in JSON, 1.2 to 1.7. Its analyses of vulnerabilities are a VEX fact beside the SBOM; one that lists
 * no components and has analyses is a VEX document and no SBOM. Ratings without an analysis are no scan: they do not
 * say that anybody looked for more than they list.
 */
export const readCycloneDx: PredicateReader = (predicate) => {
  const document = objectInText(embeddedDocument(predicate));
  if (!document.isObject) return [];
  validateCycloneDx(document);
  const metadata = document.member('metadata');
  const createdAt = metadata.time('timestamp');
  const listed = [
    ...metadata.member('component').member('components').elements,
    ...document.member('components').elements,
  ];
  const components = Array.from(componentFields(listed), readComponent);
  const vex = readCycloneDxVex(document, createdAt);
  const sbom = sbomReading('cyclonedx', document.text('specVersion') ?? '', components, createdAt);
  if (vex === null) return [sbom];
  return components.length === 0 ? [vex] : [sbom, vex];
};

function readComponent(component: PredicateField): Component {
  const group = component.hint('group');
  const name = component.requiredText('name');
  return {
    name: group === null ? name : `${group}/${name}`,
    version: component.hint('version'),
    purl: canonicalPackageUrl(component.hint('purl')),
    licences: [...new Set(component.member('licenses').elements.flatMap(readLicence))],
  };
}

/** A choice is an expression or a licence, which has an id or a name. */
function readLicence(choice: PredicateField): readonly string[] {
  const licence = choice.member('license');
  const written = choice.hint('expression') ?? licence.hint('id') ?? licence.hint('name');
  return written === null ? [] : [written];
}
