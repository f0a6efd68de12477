import type { PredicateReader } from '../predicate-field.js';
import { readVulns } from './vulns-v0.2.js';

/**
 * in-toto vulnerabilities v0.1 (spec/predicates/vuln.md), whose text puts each entry's fields into a member
 * `vulnerability` while its example has them flat as in v0.2: both are in use.
 */
export const readVulnsV01: PredicateReader = (predicate) =>
  readVulns(predicate, (entry) => (entry.has('vulnerability') ? entry.requiredObject('vulnerability') : entry));
