import { kindOf, type Kind } from '../intoto/predicate-kind.js';
import { compileApproval } from './approval-conditions.js';
import { compileBuild } from './build-conditions.js';
import {
  BARE_CHECK_VARIABLES,
  EVIDENCE_CHECK_VARIABLES,
  parseCel,
  WHEN_VARIABLES,
  type CelExpression,
} from './cel-expression.js';
import { PLAIN, type Conditions } from './conditions.js';
import { durationMilliseconds } from './duration.js';
import type {
  ApprovalWhere,
  BuildWhere,
  Distinction,
  EvidenceRequirement,
  PolicyDocument,
  Requirement,
  SbomWhere,
  ScanWhere,
  Select,
  SummaryWhere,
  SubjectOfEvidence,
  TestWhere,
} from './policy-document.js';
import { compileSbom } from './sbom-conditions.js';
import { compileScan } from './scan-conditions.js';
import { compileSummary } from './summary-conditions.js';
import { compileTest } from './test-conditions.js';
import type { FindingRemovals } from './finding-removals.js';
import type { Parameters } from './verdict.js';

/** A policy revision ready to be evaluated any number of times. */
export interface CompiledPolicy {
  readonly document: PolicyDocument;
  readonly requirements: readonly CompiledRequirement[];
  /** Whether any `check` speaks of `predicate`, so that evaluation needs the predicates themselves. */
  readonly needsPredicate: boolean;
  /** Whether some requirement has to know of evidence of this kind and predicate type. */
  readonly isAskedFor: (kind: Kind, predicateType: string) => boolean;
}

export type CompiledRequirement =
  | CompiledEvidence
  | (CompiledCommon & { readonly type: 'check'; readonly check: CelExpression })
  | (CompiledCommon & { readonly type: 'anyOf' | 'allOf'; readonly branches: readonly CompiledRequirement[] })
  | (CompiledCommon & { readonly type: 'not'; readonly inner: CompiledRequirement });

interface CompiledCommon {
  /** Its id, or its path below the nearest requirement that has one: `isolated-or-known.anyOf[1]`. */
  readonly id: string;
  readonly when: CelExpression | null;
}

/** A requirement about evidence, with every default in place. */
export interface CompiledEvidence extends CompiledCommon {
  readonly type: 'evidence';
  readonly kind: Kind;
  readonly of: SubjectOfEvidence;
  /** Evidence about the indexes and manifests to which the image is related counts too. */
  readonly viaIndex: boolean;
  /** null where every predicate type of the kind will do. */
  readonly predicateType: string | null;
  readonly from: readonly string[];
  readonly select: Select;
  readonly count: number;
  /** null: no two of one group. */
  readonly distinct: Distinction | null;
  /** Milliseconds. */
  readonly maxAge: number | null;
  readonly provenOrder: boolean;
  /** Of approvals: not by whoever built the image. */
  readonly notByBuilder: boolean;
  readonly check: CelExpression | null;
  readonly conditions: (parameters: Parameters, removals: FindingRemovals) => Conditions;
  /** Of scans: whose VEX counts, as a requirement about it. null where nobody is named. */
  readonly vex: CompiledEvidence | null;
  /** As the policy says it. */
  readonly asked: EvidenceRequirement;
}

/**
 * Compiles a document that parsePolicy has passed, once per revision: `where` to closures, globs to matchers, CEL parsed.
 * Any error is a malfunction, since the document was held to all of this when it was put.
 */
export function compilePolicy(document: PolicyDocument): CompiledPolicy {
  const requirements = document.requirements.map((requirement, index) =>
    compileRequirement(requirement, `requirements[${index}]`),
  );
  const evidence = requirements.flatMap(evidenceIn);
  // Whoever signed any build is a builder, whatever builds are asked for.
  const readsBuilders = evidence.some(({ notByBuilder }) => notByBuilder);
  return {
    document,
    requirements,
    needsPredicate: requirements.some(readsPredicate),
    isAskedFor: (kind, predicateType) =>
      (kind === 'build' && readsBuilders) ||
      evidence.some((each) => each.kind === kind && (each.predicateType ?? predicateType) === predicateType),
  };
}

/** Every requirement about evidence in it, however deep. */
export function evidenceIn(requirement: CompiledRequirement): readonly CompiledEvidence[] {
  switch (requirement.type) {
    case 'evidence':
      return requirement.vex === null ? [requirement] : [requirement, requirement.vex];
    case 'check':
      return [];
    case 'anyOf':
    case 'allOf':
      return requirement.branches.flatMap(evidenceIn);
    case 'not':
      return evidenceIn(requirement.inner);
  }
}

function compileRequirement(requirement: Requirement, path: string): CompiledRequirement {
  const id = requirement.id ?? path;
  const when = requirement.when === undefined ? null : parseCel(requirement.when, WHEN_VARIABLES);
  if ('anyOf' in requirement) {
    return { type: 'anyOf', id, when, branches: compileBranches(requirement.anyOf, `${id}.anyOf`) };
  }
  if ('allOf' in requirement) {
    return { type: 'allOf', id, when, branches: compileBranches(requirement.allOf, `${id}.allOf`) };
  }
  if ('not' in requirement) return { type: 'not', id, when, inner: compileRequirement(requirement.not, `${id}.not`) };
  if ('from' in requirement) return compileEvidence(requirement, id, when);
  return { type: 'check', id, when, check: parseCel(requirement.check, BARE_CHECK_VARIABLES) };
}

function compileBranches(branches: readonly Requirement[], path: string): readonly CompiledRequirement[] {
  return branches.map((branch, index) => compileRequirement(branch, `${path}[${index}]`));
}

function compileEvidence(requirement: EvidenceRequirement, id: string, when: CelExpression | null): CompiledEvidence {
  const kind = 'kind' in requirement ? requirement.kind : kindOf(requirement.predicateType);
  const count = requirement.count ?? 1;
  const vexFrom = 'kind' in requirement && requirement.kind === 'scan' ? requirement.where?.vex?.from : undefined;
  return {
    type: 'evidence',
    id,
    when,
    kind,
    of: requirement.of ?? 'image',
    viaIndex: requirement.via === 'index',
    predicateType: 'predicateType' in requirement ? requirement.predicateType : null,
    from: requirement.from,
    select: requirement.select ?? (kind === 'build' || kind === 'summary' ? 'any' : 'latest'),
    count,
    distinct: requirement.distinct ?? null,
    maxAge: requirement.maxAge === undefined ? null : durationMilliseconds(requirement.maxAge),
    provenOrder: requirement.order === 'proven',
    notByBuilder: 'notBy' in requirement && requirement.notBy === 'builder',
    check: requirement.check === undefined ? null : parseCel(requirement.check, EVIDENCE_CHECK_VARIABLES),
    conditions: compileWhere(requirement, kind),
    vex:
      vexFrom === undefined
        ? null
        : {
            ...compileEvidence({ kind: 'vex', from: vexFrom, order: requirement.order }, id, null),
            of: requirement.of ?? 'image',
          },
    asked: requirement,
  };
}

type Conditioned =
  | { readonly kind: 'build'; readonly where?: BuildWhere | undefined }
  | { readonly kind: 'scan'; readonly where?: ScanWhere | undefined }
  | { readonly kind: 'test'; readonly where?: TestWhere | undefined }
  | { readonly kind: 'approval'; readonly where?: ApprovalWhere | undefined }
  | { readonly kind: 'sbom'; readonly where?: SbomWhere | undefined }
  | { readonly kind: 'summary'; readonly where?: SummaryWhere | undefined }
  | { readonly kind: 'vex' | 'other' };

/** By predicate type there is no `where`, yet a failed test or a rejection is no less negative for it. */
function compileWhere(requirement: EvidenceRequirement, kind: Kind): CompiledEvidence['conditions'] {
  const conditioned: Conditioned = 'kind' in requirement ? requirement : { kind };
  switch (conditioned.kind) {
    case 'build':
      return compileBuild(conditioned.where ?? {});
    case 'scan':
      return compileScan(conditioned.where ?? {});
    case 'test':
      return compileTest(conditioned.where ?? {});
    case 'approval':
      return compileApproval(conditioned.where ?? {});
    case 'sbom':
      return compileSbom(conditioned.where ?? {});
    case 'summary':
      return compileSummary(conditioned.where ?? {});
    case 'vex':
    case 'other':
      return () => PLAIN;
  }
}

function readsPredicate(requirement: CompiledRequirement): boolean {
  switch (requirement.type) {
    case 'evidence':
      return requirement.check?.variables.has('predicate') ?? false;
    case 'check':
      return false;
    case 'anyOf':
    case 'allOf':
      return requirement.branches.some(readsPredicate);
    case 'not':
      return readsPredicate(requirement.inner);
  }
}
