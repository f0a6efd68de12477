import { embeddedDocument, objectInText } from '../document-text.js';
import type { PredicateReader } from '../predicate-field.js';
import { readSpdx2 } from './spdx-2.js';
import { readSpdx3 } from './spdx-3.js';
import { readSpdxTagValue } from './spdx-tag-value.js';

/** An SPDX document: 2.2 or 2.3 as JSON or as the lines of its tag-value form, or 3 as JSON-LD. */
export const readSpdx: PredicateReader = (predicate) => {
  const embedded = embeddedDocument(predicate);
  const { value } = embedded;
  if (typeof value === 'string' && value !== '' && !value.trimStart().startsWith('{')) {
    return [readSpdxTagValue(embedded, value)];
  }
  const document = objectInText(embedded);
  if (!document.isObject) return [];
  return [document.has('spdxVersion') || !document.has('@graph') ? readSpdx2(document) : readSpdx3(document)];
};
