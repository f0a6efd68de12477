import type { ApprovalFact, FactContent } from '../facts/fact.js';
import { epochOf } from '../trust/trust-snapshot.js';
import { PASSES, PLAIN, type Conditions, type Miss } from './conditions.js';
import type { ApprovalWhere } from './policy-document.js';
import { bindText, type Bind } from './value-match.js';

/** Where and as what an approval was given; null where it names none, which an empty list does as well. */
const ASPECTS = [
  ['environment', (approval: ApprovalFact) => noneAsNull(approval.environments)],
  ['region', (approval: ApprovalFact) => noneAsNull(approval.regions)],
  ['role', (approval: ApprovalFact) => (approval.role === null ? null : [approval.role])],
] as const;

interface Asked {
  readonly name: string;
  readonly value: string;
  readonly of: (approval: ApprovalFact) => readonly string[] | null;
}

/**
 * Compiles what is asked of an approval. One that names no environment proves none, so where a policy asks for one it
 * does not count; a rejection that names none rejects for all, and no end that it names ends it. What concerns another environment is another matter:
 * approval for staging says nothing about a rejection for production.
 */
export function compileApproval(where: ApprovalWhere): Bind<Conditions> {
  const bound = ASPECTS.flatMap(([name, of]) => {
    const value = where[name];
    return value === undefined ? [] : [{ name, of, value: bindText(value) }];
  });
  return (parameters) => {
    const asked = bound.map(({ name, of, value }) => ({ name, of, value: value(parameters) }));
    return {
      ...PLAIN,
      lines: [{ name: null, misses: (content) => missOf(content, asked) }],
      judge: (content) => {
        if (content.kind === 'approval' && content.decision === 'approved') return PASSES;
        const reason = content.kind === 'approval' && content.reason !== null ? `: ${content.reason}` : '';
        return { passes: false, negative: true, message: `it is a rejection${reason}` };
      },
      endOf: (content) =>
        content.kind === 'approval' && content.expiresAt !== null ? epochOf(content.expiresAt) : null,
      answers: (newer, older) => ASPECTS.every(([name, of]) => covers(name, of, newer, older, asked)),
      wanted: asked.length === 0 ? '' : `for ${asked.map(({ name, value }) => `${name} ${value}`).join(', ')}`,
    };
  };
}

function missOf(content: FactContent, asked: readonly Asked[]): Miss | null {
  if (content.kind !== 'approval') return { message: 'it is no approval', near: false };
  for (const { name, value, of } of asked) {
    const named = of(content);
    if (named === null && content.decision === 'rejected') continue;
    if (named === null) return { message: `it names no ${name}, so it does not prove ${name} ${value}`, near: true };
    if (!named.includes(value))
      return { message: `it is for ${name} ${named.join(', ')}; expected ${value}`, near: true };
  }
  return null;
}

/** Where the policy names a place both concern it; else the newer one must name every place that the older one does. */
function covers(
  name: string,
  of: Asked['of'],
  newer: FactContent,
  older: FactContent,
  asked: readonly Asked[],
): boolean {
  if (name === 'role' || asked.some((aspect) => aspect.name === name)) return true;
  if (newer.kind !== 'approval' || older.kind !== 'approval') return false;
  const [said, objected] = [of(newer), of(older)];
  if (objected === null || said === null) return objected === said;
  return objected.every((place) => said.includes(place));
}

function noneAsNull(places: readonly string[] | null): readonly string[] | null {
  return places === null || places.length === 0 ? null : places;
}
