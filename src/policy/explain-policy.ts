import { durationMilliseconds, durationText } from './duration.js';
import type { EvidenceRequirement, ParameterDeclaration, PolicyDocument, Requirement } from './policy-document.js';

/** A policy in words, a line each: what it is for, what a gate has to say, and each requirement below the other. */
export function explainPolicy(document: PolicyDocument): readonly string[] {
  const { policy, description, mode, onPending, parameters = {} } = document;
  const declared = Object.entries(parameters).map(([name, declaration]) => `  ${name}: ${parameterWords(declaration)}`);
  return [
    description === undefined ? policy : `${policy}: ${description}`,
    ...(mode === 'audit' ? ['it only audits: the answer is always allow, and says what would have been denied'] : []),
    ...(onPending === 'deny' ? ['it denies as long as evidence for the image is still being verified'] : []),
    ...(declared.length === 0 ? [] : ['a gate says about the place:', ...declared]),
    'an image may run where all of this holds, as far as it applies:',
    ...document.requirements.flatMap((requirement) => requirementLines(requirement, 1)),
  ];
}

function parameterWords({ type, required, default: usual, oneOf, description }: ParameterDeclaration): string {
  return [
    oneOf === undefined ? type : `one of ${oneOf.join(', ')}`,
    ...(required === true ? ['required'] : []),
    ...(usual === undefined ? [] : [`else ${usual}`]),
    ...(description === undefined ? [] : [description]),
  ].join('; ');
}

function requirementLines(requirement: Requirement, depth: number): readonly string[] {
  const indent = '  '.repeat(depth);
  const { id, description, when } = requirement;
  const head = [
    ...(id === undefined ? [] : [`${id}:`]),
    ...(when === undefined ? [] : [`where ${when} holds,`]),
    ...words(requirement),
  ].join(' ');
  return [
    `${indent}- ${head}`,
    ...(description === undefined ? [] : [`${indent}  (${description})`]),
    ...innerOf(requirement).flatMap((inner) => requirementLines(inner, depth + 1)),
  ];
}

function innerOf(requirement: Requirement): readonly Requirement[] {
  if ('anyOf' in requirement) return requirement.anyOf;
  if ('allOf' in requirement) return requirement.allOf;
  return 'not' in requirement ? [requirement.not] : [];
}

function words(requirement: Requirement): readonly string[] {
  if ('anyOf' in requirement) return ['at least one of these'];
  if ('allOf' in requirement) return ['all of these'];
  if ('not' in requirement) return ['that this is not so'];
  return 'from' in requirement ? evidenceWords(requirement) : [`this holds: ${requirement.check}`];
}

const SELECTION = {
  latest: 'the newest of each group decides',
  any: 'any will do',
  all: 'every one must pass',
} as const;

function evidenceWords(requirement: EvidenceRequirement): readonly string[] {
  const { from, count = 1, distinct, maxAge, order, check, select } = requirement;
  const what = 'kind' in requirement ? requirement.kind : `evidence of type ${requirement.predicateType}`;
  const where = 'where' in requirement ? conditionWords(requirement.where ?? {}) : [];
  const isApproval = 'kind' in requirement && requirement.kind === 'approval';
  const parts = [
    `${count} ${count > 1 && 'kind' in requirement ? `${what}s` : what} by ${from.length === 1 ? from.join('') : `any of ${from.join(', ')}`}`,
    ...(count > 1 ? [`each by another ${distinct ?? (isApproval ? 'approver' : 'group')}`] : []),
    ...where,
    ...(maxAge === undefined ? [] : [`not older than ${durationText(durationMilliseconds(maxAge))}`]),
    ...(order === undefined ? [] : ['with a proven signing time']),
    ...(check === undefined ? [] : [`for which this holds: ${check}`]),
    ...(select === undefined ? [] : [SELECTION[select]]),
  ];
  return [parts.join(', ')];
}

const NAMED: Readonly<Record<string, string>> = {
  maxCvss: 'no CVSS score above',
  maxFindings: 'findings in all at most',
  slsaLevel: 'SLSA build level at least',
  buildType: 'build type',
  result: 'result at least',
  suites: 'suites',
};

function conditionWords(where: object): readonly string[] {
  return Object.entries(where).flatMap(([name, value]: [string, unknown]) => {
    switch (name) {
      case 'maxSeverity':
        return Object.entries(fieldsOf(value)).map(([severity, limit]) => `at most ${written(limit)} ${severity}`);
      case 'environment':
        if (typeof value === 'string') return [`environment ${value}`];
        return Object.entries(fieldsOf(value)).map(([place, wanted]) => `${place} ${written(wanted)}`);
      case 'ignore':
        return (value as readonly { readonly id: string; readonly until: string; readonly reason: string }[]).map(
          ({ id, until, reason }) => `leaving out ${id} until ${until} (${reason})`,
        );
      case 'vex':
        return [];
      default:
        return value === undefined ? [] : [`${NAMED[name] ?? name} ${written(value)}`];
    }
  });
}

function fieldsOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function written(value: unknown): string {
  if (Array.isArray(value)) return value.map(written).join(' and ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
