import type { FactContent, SummaryFact } from '../facts/fact.js';
import { PASSES, PLAIN, type Conditions, type Judgement } from './conditions.js';
import type { SummaryWhere } from './policy-document.js';
import { bindPattern, bindText, type Bind, type Pattern } from './value-match.js';

interface Named {
  readonly name: string;
  readonly pattern: Bind<Pattern>;
  readonly value: (summary: SummaryFact) => string | null;
}

/**
 * Compiles what is asked of a verification summary; whatever is asked, it must have passed, and one that failed is negative.
 * `verifier`, `resourceUri` and the policy's URI say of which summaries a requirement speaks, so they choose groups, and a
 * failure is answered only by a pass of the same policy about the same resource (SLSA verification_summary, "How to verify").
 */
export function compileSummary(where: SummaryWhere): Bind<Conditions> {
  const chosen = choices(where);
  const digest = where.policy?.digest === undefined ? null : bindText(where.policy.digest);
  const levels = where.levels?.map(bindText) ?? [];
  const properties = where.properties?.map(bindText) ?? [];
  return (parameters) => {
    const bound = chosen.map(({ name, pattern, value }) => ({ name, pattern: pattern(parameters), value }));
    const asked: Asked = {
      digest: digest === null ? null : digest(parameters),
      levels: levels.map((level) => level(parameters)),
      properties: properties.map((property) => property(parameters)),
    };
    return {
      ...PLAIN,
      lines: [
        {
          name: null,
          misses: (content) => {
            for (const { name, pattern, value } of bound) {
              const found = content.kind === 'summary' ? value(content) : null;
              if (found === null) return { message: `it names no ${name}; expected ${pattern.text}`, near: false };
              if (!pattern.matches(found)) {
                return { message: `its ${name} is ${found}; expected ${pattern.text}`, near: false };
              }
            }
            return null;
          },
        },
      ],
      groupOf: (content) =>
        content.kind === 'summary' ? [content.verifier, ...bound.map(({ value }) => value(content))] : [],
      judge: (content) => (content.kind === 'summary' ? judgeSummary(content, asked) : falls('it is no summary')),
      answers: isAboutTheSame,
      wanted: wantedOf(
        bound.map(({ name, pattern }) => `${name} ${pattern.text}`),
        asked,
      ),
    };
  };
}

interface Asked {
  /** As `sha256:…`. */
  readonly digest: string | null;
  readonly levels: readonly string[];
  readonly properties: readonly string[];
}

function choices({ verifier, resourceUri, policy }: SummaryWhere): readonly Named[] {
  const named: Named[] = [];
  const add = (name: string, value: string | undefined, of: Named['value']): void => {
    if (value !== undefined) named.push({ name, pattern: bindPattern(value), value: of });
  };
  add('verifier', verifier, (summary) => summary.verifier);
  add('resource', resourceUri, (summary) => summary.resourceUri);
  add('policy', policy?.uri, (summary) => summary.policy?.uri ?? null);
  return named;
}

function judgeSummary(summary: SummaryFact, { digest, levels, properties }: Asked): Judgement {
  if (summary.result !== 'passed') {
    return { passes: false, negative: true, message: `it says that verification ${summary.result}` };
  }
  if (digest !== null && !hasDigest(summary, digest)) return falls(`it is not by the policy with digest ${digest}`);
  const level = levels.find((each) => !summary.levels.some((reached) => implies(reached, each)));
  if (level !== undefined) return falls(`it verifies ${listOf(summary.levels)}; expected ${level}`);
  const property = properties.find((each) => !summary.properties.includes(each));
  if (property !== undefined) return falls(`it says that ${listOf(summary.properties)} hold; expected ${property}`);
  return PASSES;
}

function hasDigest({ policy }: SummaryFact, digest: string): boolean {
  return Object.entries(policy?.digest ?? {}).some(([algorithm, value]) => `${algorithm}:${value}` === digest);
}

/** A level implies the lower ones of its track; everything else only itself (SLSA verification_summary, SlsaResult). */
function implies(reached: string, asked: string): boolean {
  if (reached === asked) return true;
  const [has, wants] = [reached, asked].map((level) => /^SLSA_([A-Z0-9_]+)_LEVEL_(\d{1,4})$/.exec(level));
  return has?.[1] !== undefined && has[1] === wants?.[1] && Number(has[2]) >= Number(wants[2]);
}

function isAboutTheSame(newer: FactContent, older: FactContent): boolean {
  return (
    newer.kind === 'summary' &&
    older.kind === 'summary' &&
    newer.resourceUri === older.resourceUri &&
    (newer.policy?.uri ?? null) === (older.policy?.uri ?? null)
  );
}

function wantedOf(named: readonly string[], { digest, levels, properties }: Asked): string {
  const parts = [
    ...named,
    ...(digest === null ? [] : [`policy digest ${digest}`]),
    ...levels,
    ...properties.map((property) => `property ${property}`),
  ];
  return parts.length === 0 ? 'that passed' : `that passed, with ${parts.join(', ')}`;
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}

function falls(message: string): Judgement {
  return { passes: false, negative: false, message };
}
