import type { Severity } from '../facts/fact.js';
import type { ParameterValue } from './verdict.js';

/** A policy as its author wrote it: read and checked, with no default filled in. */
export interface PolicyDocument {
  readonly policy: string;
  readonly description?: string | undefined;
  /** Default `enforce`. */
  readonly mode?: 'enforce' | 'audit' | undefined;
  /** Whether evidence still being verified blocks; default `allow`. */
  readonly onPending?: 'allow' | 'deny' | undefined;
  readonly parameters?: Readonly<Record<string, ParameterDeclaration>> | undefined;
  readonly requirements: readonly Requirement[];
}

export const PARAMETER_TYPES = ['string', 'integer', 'number', 'boolean'] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

export interface ParameterDeclaration {
  readonly type: ParameterType;
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly default?: ParameterValue | undefined;
  readonly oneOf?: readonly ParameterValue[] | undefined;
}

export type Requirement = EvidenceRequirement | CheckRequirement | AnyOf | AllOf | Not;

interface Common {
  /** Always given at the top level; inside `anyOf`, `allOf` and `not` the path stands for it where it is not. */
  readonly id?: string | undefined;
  readonly description?: string | undefined;
  /** CEL over `params` and `image`. */
  readonly when?: string | undefined;
}

export interface CheckRequirement extends Common {
  /** CEL over `params`, `image` and `now`. */
  readonly check: string;
}

export interface AnyOf extends Common {
  readonly anyOf: readonly Requirement[];
}

export interface AllOf extends Common {
  readonly allOf: readonly Requirement[];
}

export interface Not extends Common {
  readonly not: Requirement;
}

export const SELECTS = ['latest', 'any', 'all'] as const;
export type Select = (typeof SELECTS)[number];

export const SUBJECTS_OF_EVIDENCE = ['image', 'source'] as const;
export type SubjectOfEvidence = (typeof SUBJECTS_OF_EVIDENCE)[number];

export const DISTINCTIONS = ['attestor', 'signer', 'approver'] as const;
export type Distinction = (typeof DISTINCTIONS)[number];

interface Evidence extends Common {
  /** Names of attestors; never empty. */
  readonly from: readonly string[];
  readonly select?: Select | undefined;
  /** Default 1. */
  readonly count?: number | undefined;
  readonly distinct?: Distinction | undefined;
  /** `24h`, `7d`, `P1DT12H`. */
  readonly maxAge?: string | undefined;
  readonly order?: 'proven' | undefined;
  /** `source`: evidence about the commit that the image was built of. Default `image`. */
  readonly of?: SubjectOfEvidence | undefined;
  /** `index`: also evidence about indexes that the image is in, and about the manifests of an index. */
  readonly via?: 'index' | undefined;
  /** CEL over `fact`, `predicate`, `attestation`, `image`, `params` and `now`. */
  readonly check?: string | undefined;
}

export type EvidenceRequirement = Evidence &
  (
    | { readonly kind: 'build'; readonly where?: BuildWhere | undefined }
    | { readonly kind: 'scan'; readonly where?: ScanWhere | undefined }
    | { readonly kind: 'test'; readonly where?: TestWhere | undefined }
    | {
        readonly kind: 'approval';
        readonly where?: ApprovalWhere | undefined;
        /** Whose approval does not count: whoever built the image. */
        readonly notBy?: 'builder' | undefined;
      }
    | { readonly kind: 'sbom'; readonly where?: SbomWhere | undefined }
    | { readonly kind: 'summary'; readonly where?: SummaryWhere | undefined }
    | { readonly kind: 'vex' }
    | { readonly predicateType: string }
  );

/** A text, or a parameter as the whole value: `${params.name}`. A literal `${` is written `$${`. */
export type TextValue = string;
/** A number, or a parameter as the whole value. */
export type NumberValue = number | string;

export interface BuildWhere {
  /** Glob. */
  readonly builder?: TextValue | undefined;
  /** Glob over the canonical repository URL. */
  readonly source?: TextValue | undefined;
  /** Glob. */
  readonly ref?: TextValue | undefined;
  readonly commit?: TextValue | undefined;
  /** Glob. */
  readonly buildType?: TextValue | undefined;
  /** At least this level. */
  readonly slsaLevel?: NumberValue | undefined;
}

export interface ScanWhere {
  readonly scanner?: TextValue | undefined;
  readonly maxSeverity?: Readonly<Partial<Record<Severity, NumberValue>>> | undefined;
  readonly maxCvss?: NumberValue | undefined;
  readonly maxFindings?: NumberValue | undefined;
  readonly ignore?: readonly IgnoredFinding[] | undefined;
  /** Attestors whose VEX statements remove findings. */
  readonly vex?: { readonly from: readonly string[] } | undefined;
}

export interface IgnoredFinding {
  readonly id: string;
  /** A date, to its end in UTC, or a moment. */
  readonly until: string;
  readonly reason: string;
}

export interface TestWhere {
  /** Each of them must be satisfied. */
  readonly suites?: readonly TextValue[] | undefined;
  readonly environment?: Readonly<Record<string, TextValue>> | undefined;
  readonly hardware?: TextValue | undefined;
  readonly region?: TextValue | undefined;
  /** The least result that passes; default `passed`. */
  readonly result?: 'passed' | 'warned' | undefined;
}

export interface ApprovalWhere {
  readonly environment?: TextValue | undefined;
  readonly region?: TextValue | undefined;
  readonly role?: TextValue | undefined;
}

export interface SbomWhere {
  /** Globs over names of licences, in which a star stands for anything; one of the two at least. */
  readonly licences?:
    { readonly deny?: readonly string[] | undefined; readonly allow?: readonly string[] | undefined } | undefined;
  /** Package URLs that say as much as is asked for. */
  readonly components?: { readonly deny: readonly string[] } | undefined;
}

export interface SummaryWhere {
  /** Glob. */
  readonly verifier?: TextValue | undefined;
  /** Glob. */
  readonly resourceUri?: TextValue | undefined;
  /** Each of them must be reached. */
  readonly levels?: readonly TextValue[] | undefined;
  readonly policy?:
    | {
        /** Glob. */
        readonly uri?: TextValue | undefined;
        /** `sha256:…`, or another algorithm. */
        readonly digest?: TextValue | undefined;
      }
    | undefined;
  /** Each of them must hold. */
  readonly properties?: readonly TextValue[] | undefined;
}

/** Every attestor the document names, each once, in order; some may exist nowhere. */
export function attestorsNamed(document: PolicyDocument): readonly string[] {
  const names = new Set<string>();
  for (const requirement of document.requirements) collectAttestors(requirement, names);
  return [...names].sort();
}

function collectAttestors(requirement: Requirement, names: Set<string>): void {
  if ('anyOf' in requirement) for (const branch of requirement.anyOf) collectAttestors(branch, names);
  else if ('allOf' in requirement) for (const branch of requirement.allOf) collectAttestors(branch, names);
  else if ('not' in requirement) collectAttestors(requirement.not, names);
  else if ('from' in requirement) {
    for (const name of requirement.from) names.add(name);
    if ('kind' in requirement && requirement.kind === 'scan') {
      for (const name of requirement.where?.vex?.from ?? []) names.add(name);
    }
  }
}
