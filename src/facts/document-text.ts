import { Malformed } from '../intoto/malformed.js';
import { parseStrictJson } from '../intoto/json.js';
import type { PredicateField } from './predicate-field.js';

/**
 * The document in a predicate. Attestations that old versions of cosign made hold it as text, and some have it, as text or
 * as an object, under `Data`.
 */
export function embeddedDocument(predicate: PredicateField): PredicateField {
  const wrapped = predicate.names.length <= 2 && predicate.has('Data');
  return wrapped ? predicate.member('Data') : predicate;
}

/** The field as an object, parsed where it holds JSON as text; noted as a fault where it is neither. */
export function objectInText(document: PredicateField): PredicateField {
  const { value } = document;
  if (typeof value !== 'string' || value === '') {
    if (!document.isObject) document.fault('must be an object');
    return document;
  }
  try {
    const parsed = document.holding(parseStrictJson(Buffer.from(value, 'utf8'), { document: 'predicate' }));
    if (!parsed.isObject) document.fault('must hold a JSON object');
    return parsed;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    document.fault(`must hold JSON, and does not: ${error.message}`);
    return document.holding({});
  }
}
