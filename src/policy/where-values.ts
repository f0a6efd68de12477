import type { EvidenceRequirement } from './policy-document.js';
import type { Path } from './policy-source.js';

/** One value in a `where` that may be a parameter, with what it has to be. */
export interface WhereValue {
  readonly path: Path;
  readonly value: string | number;
  readonly takes: 'text' | 'whole number' | 'number';
}

/** Every such value of a requirement, with its path below the requirement. */
export function whereValues(requirement: EvidenceRequirement): readonly WhereValue[] {
  if (!('kind' in requirement)) return [];
  switch (requirement.kind) {
    case 'build': {
      const { slsaLevel, ...texts } = requirement.where ?? {};
      return [...valuesIn(texts, ['where'], 'text'), ...valuesIn({ slsaLevel }, ['where'], 'whole number')];
    }
    case 'scan': {
      const { scanner, maxSeverity = {}, maxCvss, maxFindings } = requirement.where ?? {};
      return [
        ...valuesIn({ scanner }, ['where'], 'text'),
        ...valuesIn(maxSeverity, ['where', 'maxSeverity'], 'whole number'),
        ...valuesIn({ maxCvss }, ['where'], 'number'),
        ...valuesIn({ maxFindings }, ['where'], 'whole number'),
      ];
    }
    case 'test': {
      const { suites = [], environment = {}, hardware, region } = requirement.where ?? {};
      return [
        ...textsIn(suites, ['where', 'suites']),
        ...valuesIn(environment, ['where', 'environment'], 'text'),
        ...valuesIn({ hardware, region }, ['where'], 'text'),
      ];
    }
    case 'approval':
      return valuesIn(requirement.where ?? {}, ['where'], 'text');
    case 'summary': {
      const { levels = [], properties = [], policy = {}, ...texts } = requirement.where ?? {};
      return [
        ...valuesIn(texts, ['where'], 'text'),
        ...textsIn(levels, ['where', 'levels']),
        ...valuesIn(policy, ['where', 'policy'], 'text'),
        ...textsIn(properties, ['where', 'properties']),
      ];
    }
    case 'sbom':
      return valuesIn({ minComponents: requirement.where?.minComponents }, ['where'], 'whole number');
    case 'vex':
      return [];
  }
}

function valuesIn(fields: object, path: Path, takes: WhereValue['takes']): readonly WhereValue[] {
  return Object.entries(fields).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'string' || typeof value === 'number' ? [{ path: [...path, name], value, takes }] : [],
  );
}

function textsIn(values: readonly string[], path: Path): readonly WhereValue[] {
  return values.map((value, index) => ({ path: [...path, index], value, takes: 'text' }));
}
