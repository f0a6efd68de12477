import { componentFields } from '../cyclonedx-components.js';
import type { Timestamp, VexFact, VexStatement, VexStatus } from '../fact.js';
import { canonicalPackageUrl } from '../package-url.js';
import type { PredicateField, Reading } from '../predicate-field.js';

const STATUS_BY_STATE: ReadonlyMap<string, VexStatus> = new Map([
  ['resolved', 'fixed'],
  ['resolved_with_pedigree', 'fixed'],
  ['exploitable', 'affected'],
  ['in_triage', 'under_investigation'],
  ['false_positive', 'not_affected'],
  ['not_affected', 'not_affected'],
]);

/** The VEX fact of the vulnerabilities that a valid CycloneDX document analyses, or null where it analyses none. */
export function readCycloneDxVex(document: PredicateField, createdAt: Timestamp | null): Reading | null {
  const analysed = document
    .member('vulnerabilities')
    .elements.filter((vulnerability) => vulnerability.member('analysis').has('state'));
  if (analysed.length === 0) return null;
  const purls = purlsByReference(document);
  const content: VexFact = {
    kind: 'vex',
    author: null,
    document: document.hint('serialNumber'),
    version: versionOf(document),
    statements: analysed.map((vulnerability) => readStatement(vulnerability, purls, createdAt)),
  };
  return { content, ownTime: createdAt };
}

function versionOf(document: PredicateField): number | null {
  const version = document.json('version');
  return typeof version === 'number' ? version : null;
}

function readStatement(
  vulnerability: PredicateField,
  purls: ReadonlyMap<string, string | null>,
  createdAt: Timestamp | null,
): VexStatement {
  const analysis = vulnerability.member('analysis');
  const status = STATUS_BY_STATE.get(analysis.hint('state') ?? '');
  if (status === undefined) analysis.member('state').fault(`must be one of ${[...STATUS_BY_STATE.keys()].join(', ')}`);
  const references = vulnerability.member('references').elements;
  return {
    vulnerability: {
      id: vulnerability.requiredText('id'),
      aliases: [...new Set(references.flatMap((reference) => reference.hint('id') ?? []))],
    },
    products: vulnerability.member('affects').elements.map((affected) => readProduct(affected, purls)),
    status: status ?? 'affected',
    justification: analysis.hint('justification'),
    detail: analysis.hint('detail'),
    at: analysis.time('lastUpdated') ?? analysis.time('firstIssued') ?? createdAt,
  };
}

/**
 * A component of this document, or of another by a link to it. What is limited to some versions, by numbers or by ranges,
 * is known by its reference alone: a statement must not speak of more versions than it was made about.
 */
function readProduct(
  affected: PredicateField,
  purls: ReadonlyMap<string, string | null>,
): NonNullable<VexStatement['products']>[number] {
  const id = affected.requiredText('ref');
  const limited = affected.member('versions').elements.length > 0;
  return { id, purl: limited ? null : (purls.get(id) ?? null), hashes: {}, subcomponents: [] };
}

/**
 * The package URLs of the document's components, the one it describes among them, by their references; null where a
 * reference stands for two.
 */
function purlsByReference(document: PredicateField): ReadonlyMap<string, string | null> {
  const purls = new Map<string, string | null>();
  const described = document.member('metadata').member('component');
  const listed = [...(described.isObject ? [described] : []), ...document.member('components').elements];
  for (const component of componentFields(listed)) {
    const reference = component.hint('bom-ref');
    const purl = canonicalPackageUrl(component.hint('purl'));
    if (reference !== null) purls.set(reference, (purls.get(reference) ?? purl) === purl ? purl : null);
  }
  return purls;
}
