import type { BuildFact } from '../facts/fact.js';
import { PASSES, PLAIN, type Conditions, type Judgement } from './conditions.js';
import type { BuildWhere } from './policy-document.js';
import { bindNumber, bindPattern, bindText, type Bind, type Pattern } from './value-match.js';

interface Compared {
  readonly name: string;
  readonly pattern: Bind<Pattern>;
  /** null where the provenance does not name it. */
  readonly value: (build: BuildFact) => string | null;
}

/** Compiles what is asked of a build. What a provenance does not name never matches. */
export function compileBuild(where: BuildWhere): Bind<Conditions> {
  const compared = comparisons(where);
  const level = where.slsaLevel === undefined ? null : bindNumber(where.slsaLevel);
  return (parameters) => {
    const bound = compared.map(({ name, pattern, value }) => ({ name, pattern: pattern(parameters), value }));
    const least = level === null ? null : level(parameters);
    const wanted = bound.map(({ name, pattern }) => `${name} ${pattern.text}`);
    if (least !== null) wanted.push(`SLSA build level ${least} or higher`);
    return {
      ...PLAIN,
      judge: (content, standing): Judgement => {
        if (content.kind !== 'build') return misread();
        for (const { name, pattern, value } of bound) {
          const found = value(content);
          if (found === null) return falls(`it names no ${name}; expected ${pattern.text}`);
          if (!pattern.matches(found)) return falls(`${name} is ${found}; expected ${pattern.text}`);
        }
        if (least === null) return PASSES;
        const reached = standing.levelOf(content.builder);
        // Not `reached < least`: a level that is no number must not pass.
        return reached >= least
          ? PASSES
          : falls(
              `SLSA build level ${reached} is concluded for builder ${content.builder}; expected ${least} or higher`,
            );
      },
      wanted: wanted.length === 0 ? '' : `with ${wanted.join(', ')}`,
    };
  };
}

function comparisons(where: BuildWhere): readonly Compared[] {
  const compared: Compared[] = [];
  const add = (name: string, value: string | undefined, of: Compared['value'], pattern = bindPattern): void => {
    if (value !== undefined) compared.push({ name, pattern: pattern(value), value: of });
  };
  add('builder', where.builder, (build) => build.builder);
  add('source', where.source, (build) => build.source.repository);
  add('ref', where.ref, (build) => build.source.ref);
  add('commit', where.commit, (build) => build.source.commit, bindExact);
  add('build type', where.buildType, (build) => build.buildType);
  return compared;
}

function bindExact(value: string): Bind<Pattern> {
  const bind = bindText(value);
  return (parameters) => {
    const text = bind(parameters);
    return { text, matches: (candidate) => candidate === text };
  };
}

function falls(message: string): Judgement {
  return { passes: false, negative: false, message };
}

function misread(): Judgement {
  return falls('it is no build');
}
