import type { Finding } from '../facts/fact.js';
import { cut } from './cut-text.js';

const MOST_NAMED = 3;

/**
 * Names findings for people, the first three in the order of their ids: `CVE-1 in lodash@4.17.20 (fixed in 4.17.21), CVE-2
 * and 17 more`. The order in which a scan lists them does not show. Takes time linear in their number.
 *
 * @param count how many there are in all, which may be more than are listed
 * @returns the empty text where none is listed
 */
export function findingNames(findings: readonly Finding[], count: number): string {
  const shown = firstNamed(findings, MOST_NAMED).map(({ name }) => name);
  if (shown.length === 0) return '';
  // One finding may be listed twice word for word.
  const isAll = count <= findings.length && findings.every((finding) => shown.includes(findingName(finding)));
  if (isAll) return conjoined(shown);
  return `${shown.join(', ')} and ${Math.max(count, findings.length) - shown.length} more`;
}

export interface NamedFinding {
  readonly finding: Finding;
  readonly name: string;
}

/** The first so many findings in the order of their names, of those with one name one. */
export function firstNamed(findings: readonly Finding[], most: number): readonly NamedFinding[] {
  const first: NamedFinding[] = [];
  for (const finding of findings) {
    const last = first.length < most ? undefined : first.at(-1);
    // A name begins with the id, so that most need not be made.
    if (last !== undefined && cut(finding.id) > last.name) continue;
    const name = findingName(finding);
    if (first.some((other) => other.name === name)) continue;
    first.push({ finding, name });
    first.sort((a, b) => (a.name < b.name ? -1 : 1));
    first.length = Math.min(first.length, most);
  }
  return first;
}

/** One finding with its package, and the version that has it fixed where the scan knows one. */
export function findingName(finding: Finding): string {
  const fixed = finding.fixedIn
    .map((text) => cut(text))
    .slice(0, 2)
    .join(' or ');
  return `${placedFinding(finding)}${fixed === '' ? '' : ` (fixed in ${fixed})`}`;
}

/** One finding with its package. */
function placedFinding({ id, package: { name, version, purl } }: Finding): string {
  const where = name === null ? purl : version === null ? name : `${name}@${version}`;
  // A cut package would be another one.
  return where === null || where !== cut(where) ? cut(id) : `${cut(id)} in ${where}`;
}

/** Its package URL, or else its name with its version where that is known. */
export function packageOf({ package: { name, version, purl } }: Finding): string | null {
  return purl ?? (name === null || version === null ? name : `${name}@${version}`);
}

function conjoined(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}
