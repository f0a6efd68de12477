import { z } from 'zod';
import { SEVERITIES } from '../facts/fact.js';
import { componentTerm, findingTerms } from '../facts/search-terms.js';
import { isCommit, sourceReference } from '../facts/source-reference.js';
import { contentCondition, evidenceCondition, type SearchCondition } from '../images/search-condition.js';
import { termOf, type Term } from '../images/search-term.js';
import { isSha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { moment, parsePeriod, type Period } from '../platform/period.js';
import type { Thumbprint } from '../trust/signer.js';
import { getIdentity, getKey } from '../trust/trust-change.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import { restedOnKeyCondition, verdictCondition } from './verdict-conditions.js';

const LONGEST = 4_096;
const text = z.string().min(1).max(LONGEST);

export const imageSearchQuery = z.strictObject({
  commit: text.optional().describe('Built from this commit: 40 or 64 hex digits'),
  repository: text.optional().describe('Built from this source repository, by its URL'),
  builder: text.optional().describe('Built by this builder; commit, repository and builder are those of one build'),
  component: text
    .optional()
    .describe('A bill of materials lists this package URL; without a version, any. No qualifiers, no subpath'),
  vulnerability: text.optional().describe('A scan found it, by the id that the scan gives'),
  severity: z.enum(SEVERITIES).optional().describe('A scan found it, or anything, at this severity'),
  approver: text.optional().describe('An approval names this person; one that names nobody is by its attestor'),
  attestor: text.optional().describe('Evidence that counted as signed by this attestor when it was verified'),
  key: text
    .optional()
    .describe('Evidence signed by this key: thumbprint, or `attestor/id`, or an id beside `attestor`'),
  identity: text.optional().describe('Evidence that counted by this identity of `attestor`, by its id'),
  revoking: text
    .optional()
    .describe('Would be touched if this key were revoked: evidence counted by it when it was verified. As `key`'),
  allowedWhileBad: text
    .optional()
    .describe(
      'Allowed between the moment from which this revoked key is not to be trusted and its revocation, by a verdict on record ' +
        'that rests on evidence signed by it. As `key`',
    ),
  policy: text.optional().describe('A verdict by this policy is on record'),
  environment: text.optional().describe('For this environment, by the parameter of that name, or else the context'),
  decision: z.enum(['allow', 'deny']).optional().describe('What that verdict decided, default `allow`'),
  since: moment.optional().describe('Evidence was received, and verdicts were given, at or after'),
  until: moment.optional().describe('And before'),
  limit: z.string().optional().describe('1 to 1000, default 50; of CSV 1000'),
  cursor: z.string().optional().describe('`nextCursor` of the page before'),
  format: z.enum(['json', 'csv']).optional().describe('Default by `Accept`, or else `json`'),
});
export type ImageSearchQuery = z.infer<typeof imageSearchQuery>;

type Conditions = readonly [SearchCondition, ...SearchCondition[]];

/**
 * What images have to meet to be found; every part that is given has to be met.
 *
 * @throws AppError `request_invalid`, `search_filter_missing`, `attestor_not_found`, `key_not_found`, `identity_not_found`,
 * `key_not_revoked`
 */
export function searchConditions(query: ImageSearchQuery, trust: TrustSnapshot): Conditions {
  const period = parsePeriod({ since: query.since, until: query.until });
  const [first, ...others] = [
    ...evidence(buildTermsOf(query), period),
    ...contents(query, period),
    ...evidence(query.approver === undefined ? [] : [termOf('approver', query.approver)], period),
    ...evidence(signerTermsOf(query, trust), period),
    ...verdicts(query, trust, period),
  ];
  if (first !== undefined) return [first, ...others];
  throw new AppError('malformed', 'search_filter_missing', 'a search names at least one thing to search by', {
    errors: [{ path: 'query', message: `name one of ${FILTERS.join(', ')}; a period, a limit or a decision is none` }],
  });
}

const FILTERS = [
  'commit',
  'repository',
  'builder',
  'component',
  'vulnerability',
  'severity',
  'approver',
  'attestor',
  'key',
  'identity',
  'revoking',
  'allowedWhileBad',
  'policy',
  'environment',
] as const satisfies readonly (keyof ImageSearchQuery)[];

function evidence([first, ...others]: readonly Term[], period: Period): readonly SearchCondition[] {
  return first === undefined ? [] : [evidenceCondition([first, ...others], period)];
}

/** The rarest first: it is by the first that evidence is found. */
function buildTermsOf({ commit, repository, builder }: ImageSearchQuery): readonly Term[] {
  return [
    ...(commit === undefined ? [] : [termOf('commit', parseCommit(commit))]),
    ...(repository === undefined ? [] : [termOf('repository', sourceReference(repository)?.repository ?? repository)]),
    ...(builder === undefined ? [] : [termOf('builder', builder)]),
  ];
}

function parseCommit(commit: string): string {
  const lower = commit.toLowerCase();
  if (isCommit(lower)) return lower;
  throw refused('commit', 'must be a whole commit, 40 or 64 hex digits');
}

function contents(
  { component, vulnerability, severity }: ImageSearchQuery,
  period: Period,
): readonly SearchCondition[] {
  const alternatives = [
    component === undefined ? [] : [parseComponent(component)],
    findingTerms(vulnerability ?? null, severity ?? null),
  ];
  return alternatives.flatMap(([first, ...others]) =>
    first === undefined ? [] : [contentCondition([first, ...others], period)],
  );
}

function parseComponent(purl: string): Term {
  const term = componentTerm(purl);
  if (term !== null) return term;
  throw refused('component', 'must be a package URL such as pkg:npm/left-pad@1.3.0, without qualifiers and subpath');
}

function signerTermsOf(query: ImageSearchQuery, trust: TrustSnapshot): readonly Term[] {
  const { attestor, key, identity, revoking } = query;
  if (attestor !== undefined && !trust.attestors.has(attestor)) {
    throw new AppError('not_found', 'attestor_not_found', `there is no attestor ${attestor}`);
  }
  const terms: Term[] = [];
  if (identity !== undefined) {
    if (attestor === undefined) throw refused('identity', 'is an id within an attestor: name the attestor as well');
    terms.push(termOf('identity', `${attestor}/${getIdentity(trust, attestor, identity).id}`));
  }
  if (key !== undefined) terms.push(termOf('key', thumbprintOf('key', key, query, trust)));
  if (revoking !== undefined) terms.push(termOf('counted_key', thumbprintOf('revoking', revoking, query, trust)));
  if (attestor !== undefined) terms.push(termOf('attestor', attestor));
  return terms;
}

/** The key that is meant by a thumbprint, by `attestor/id`, or by an id beside `attestor`. */
function thumbprintOf(
  path: 'key' | 'revoking' | 'allowedWhileBad',
  named: string,
  { attestor }: ImageSearchQuery,
  trust: TrustSnapshot,
): Thumbprint {
  // Both are the sha256 of something, in one form.
  if (isSha256Digest(named)) return named as string as Thumbprint;
  const slash = named.indexOf('/');
  if (slash > 0) return getKey(trust, named.slice(0, slash), named.slice(slash + 1)).thumbprint;
  if (attestor !== undefined) return getKey(trust, attestor, named).thumbprint;
  throw refused(path, 'must be a thumbprint, sha256: and 64 hex digits, or attestor/id');
}

function verdicts(query: ImageSearchQuery, trust: TrustSnapshot, period: Period): readonly SearchCondition[] {
  const { policy = null, environment = null, decision, allowedWhileBad } = query;
  const found: SearchCondition[] = [];
  if (policy !== null || environment !== null) {
    found.push(verdictCondition({ policy, environment, decision: decision ?? 'allow' }, period));
  } else if (decision !== undefined) {
    throw refused('decision', 'is that of a verdict: name its policy or its environment as well');
  }
  if (allowedWhileBad !== undefined) {
    const thumbprint = thumbprintOf('allowedWhileBad', allowedWhileBad, query, trust);
    found.push(restedOnKeyCondition(thumbprint, both(period, badPeriod(trust, thumbprint))));
  }
  return found;
}

/** From the earliest moment from which the key is not to be trusted up to the last of its revocations. */
function badPeriod(trust: TrustSnapshot, thumbprint: Thumbprint): Period {
  const revocations = trust.revocations.get(thumbprint) ?? [];
  if (revocations.length === 0) {
    throw new AppError(
      'conflict',
      'key_not_revoked',
      'the key is not revoked, so nothing was allowed while it was bad',
    );
  }
  const from = Math.min(...revocations.map(({ effectiveFrom }) => effectiveFrom));
  return {
    since: Number.isFinite(from) ? new Date(from) : null,
    until: new Date(Math.max(...revocations.map(({ at }) => at))),
  };
}

function both(one: Period, other: Period): Period {
  const latest = (moments: readonly (Date | null)[]): Date | null => sorted(moments).at(-1) ?? null;
  const earliest = (moments: readonly (Date | null)[]): Date | null => sorted(moments)[0] ?? null;
  return { since: latest([one.since, other.since]), until: earliest([one.until, other.until]) };
}

function sorted(moments: readonly (Date | null)[]): readonly Date[] {
  return moments.filter((at) => at !== null).sort((a, b) => a.getTime() - b.getTime());
}

function refused(parameter: keyof ImageSearchQuery, message: string): AppError {
  return new AppError('malformed', 'request_invalid', `the parameter ${parameter} ${message}`, {
    errors: [{ path: `query.${parameter}`, message }],
  });
}
