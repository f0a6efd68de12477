import { VEX_STATUSES, type Timestamp, type VexComponent, type VexFact, type VexStatement } from '../fact.js';
import { canonicalPackageUrl } from '../package-url.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

const CONTEXT = /^https:\/\/openvex\.dev\/ns(?:\/v0\.\d+\.\d+)?$/;
/** The context of the documents before 0.2.0, which name vulnerabilities and products by plain strings. */
const OLD_CONTEXT = /^https:\/\/openvex\.dev\/ns(?:\/v0\.[01]\.\d+)?$/;

const JUSTIFICATIONS = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
];

/**
 * An OpenVEX document (OPENVEX-SPEC.md, 0.2.0, and the older form without a version in its context). A statement has the
 * time of its document where it has none, and speaks of the attestation's subjects where it names no products.
 */
export const readOpenVex: PredicateReader = (predicate) => {
  const context = predicate.requiredText('@context');
  if (!CONTEXT.test(context)) predicate.member('@context').fault('must be https://openvex.dev/ns/v0.2.0');
  const issuedAt = predicate.requiredTime('timestamp');
  const content: VexFact = {
    kind: 'vex',
    author: predicate.requiredText('author'),
    document: predicate.requiredText('@id'),
    version: readVersion(predicate, OLD_CONTEXT.test(context)),
    statements: predicate.requiredObjects('statements').map((statement) => readStatement(statement, issuedAt)),
  };
  return [{ content, ownTime: predicate.time('last_updated') ?? issuedAt }];
};

function readVersion(predicate: PredicateField, old: boolean): number {
  const version = predicate.json('version');
  if (typeof version === 'number' && Number.isSafeInteger(version) && version >= 1) return version;
  if (old && typeof version === 'string' && /^[1-9]\d{0,8}$/.test(version)) return Number(version);
  predicate.member('version').fault('must be a whole number from 1');
  return 1;
}

function readStatement(statement: PredicateField, issuedAt: Timestamp): VexStatement {
  const status = readStatus(statement);
  const justification = statement.text('justification');
  if (justification !== null && !JUSTIFICATIONS.includes(justification)) {
    statement.member('justification').fault(`must be one of ${JUSTIFICATIONS.join(', ')}`);
  }
  const impact = statement.text('impact_statement');
  const action = statement.text('action_statement');
  if (status === 'not_affected' && justification === null && impact === null) {
    statement.member('justification').fault('must say why it is not affected, here or in impact_statement');
  }
  if (status === 'affected' && action === null) {
    statement.member('action_statement').fault('must say what to do where it is affected');
  }
  // Old documents have the subcomponents beside the products. Without products they would narrow nothing.
  const shared = statement.list('subcomponents').map(readComponent);
  if (shared.length > 0 && !statement.has('products')) {
    statement.member('subcomponents').fault('must be part of products');
  }
  const products = statement.list('products').map((product) => {
    const own = product.isObject ? product.list('subcomponents').map(readComponent) : [];
    return { ...readComponent(product), subcomponents: [...own, ...shared] };
  });
  return {
    vulnerability: readVulnerability(statement.member('vulnerability')),
    products: statement.has('products') ? products : null,
    status,
    justification,
    detail: impact ?? action ?? statement.hint('status_notes'),
    at: statement.time('timestamp') ?? issuedAt,
  };
}

function readStatus(statement: PredicateField): VexStatement['status'] {
  const word = statement.hint('status');
  const status = VEX_STATUSES.find((each) => each === word);
  if (status === undefined) statement.member('status').fault(`must be one of ${VEX_STATUSES.join(', ')}`);
  return status ?? 'affected';
}

/** By its name, or as it is; old documents write the name alone. */
function readVulnerability(vulnerability: PredicateField): VexStatement['vulnerability'] {
  const { value } = vulnerability;
  if (typeof value === 'string' && value !== '') return { id: value, aliases: [] };
  if (!vulnerability.isObject) vulnerability.fault('must be an object with a name');
  return { id: vulnerability.requiredText('name'), aliases: vulnerability.texts('aliases') };
}

/** A component of any of its names; old documents write its id alone. */
function readComponent(component: PredicateField): VexComponent {
  const { value } = component;
  if (typeof value === 'string' && value !== '') {
    return { id: value, purl: canonicalPackageUrl(value), hashes: {} };
  }
  if (!component.isObject) component.fault('must be an object or an id');
  const id = component.text('@id');
  const identifiers = component.object('identifiers');
  const hashes = component.object('hashes');
  if (component.isObject && id === null && identifiers.names.length === 0 && hashes.names.length === 0) {
    component.fault('must have an @id, identifiers or hashes');
  }
  return {
    id,
    purl: identifiers.has('purl') ? canonicalPackageUrl(identifiers.text('purl')) : canonicalPackageUrl(id),
    hashes: Object.fromEntries(
      hashes.names.map((name) => [algorithmNamed(name), hashes.requiredText(name).toLowerCase()]),
    ),
  };
}

/** `sha-256`, as IANA names it, is `sha256` in a digest set. */
function algorithmNamed(name: string): string {
  return name.toLowerCase().replace(/^sha-(\d+)$/, 'sha$1');
}
