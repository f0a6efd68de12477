import { termOf, type Term } from '../images/search-term.js';
import {
  SEVERITIES,
  type ApprovalFact,
  type BuildFact,
  type FactContent,
  type SbomFact,
  type ScanFact,
  type Severity,
} from './fact.js';
import { parsePackageUrl } from './package-url.js';

/** Whom a signer of evidence was found to be when it was verified. */
export interface FoundSigner {
  readonly attestor: string;
  readonly identity: string | null;
  readonly thumbprint: string;
  readonly counts: boolean;
}

/** Who signed one piece of evidence that was verified. */
export interface Verified {
  readonly signers: readonly FoundSigner[];
  /** Whoever signed it by mathematics, whether or not anybody knows them. */
  readonly proved: readonly { readonly thumbprint: string }[];
}

/** By whom evidence is searched. Signers that did not count made a signature, and nothing more. */
export function signerTerms({ signers, proved }: Verified): ReadonlySet<Term> {
  const counting = signers.filter(({ counts }) => counts);
  return new Set([
    ...proved.map(({ thumbprint }) => termOf('key', thumbprint)),
    ...counting.map(({ thumbprint }) => termOf('counted_key', thumbprint)),
    ...counting.map(({ attestor }) => termOf('attestor', attestor)),
    ...counting.flatMap(({ attestor, identity }) =>
      identity === null ? [] : [termOf('identity', `${attestor}/${identity}`)],
    ),
  ]);
}

/** What one fact says of images by itself: few terms, each with its own time. */
export function evidenceTerms(content: FactContent, verified: Verified): ReadonlySet<Term> {
  switch (content.kind) {
    case 'build':
      return buildTerms(content);
    case 'approval':
      return approvalTerms(content, verified);
    case 'scan':
    case 'test':
    case 'sbom':
    case 'vex':
    case 'summary':
    case 'other':
      return new Set();
  }
}

/**
 * What a fact says is in images, each term once: as many as it lists components or findings. Made as they are read: thousands
 * of them keep a process from anything else for as long as a request may take.
 */
export function* contentTerms(content: FactContent): Iterable<Term> {
  const seen = new Set<Term>();
  for (const term of repeatedTerms(content)) {
    if (!seen.has(term)) yield term;
    seen.add(term);
  }
}

/** How many terms that comes to at the most. */
export function mostContentTerms(content: FactContent): number {
  if (content.kind === 'sbom') return 2 * content.components.length;
  return content.kind === 'scan' ? content.findings.length + SEVERITIES.length : 0;
}

function repeatedTerms(content: FactContent): Iterable<Term> {
  switch (content.kind) {
    case 'sbom':
      return componentTerms(content);
    case 'scan':
      return scanTerms(content);
    case 'build':
    case 'test':
    case 'approval':
    case 'vex':
    case 'summary':
    case 'other':
      return [];
  }
}

/** The terms that a package URL is searched by, as a whole and without its version; of a component, in canonical form. */
function purlTerms(purl: string): readonly Term[] {
  // In the canonical form whatever else holds one of these is escaped.
  const [component = ''] = purl.split(/[?#]/);
  const [name = ''] = component.split('@');
  return name === component ? [termOf('package', name)] : [termOf('package', name), termOf('component', component)];
}

/**
 * The term that finds the components a package URL asks for: in any version where it has none. null where it is none, or asks
 * for qualifiers or a subpath, by which nothing is found.
 */
export function componentTerm(purl: string): Term | null {
  const asked = parsePackageUrl(purl);
  if (asked === null || Object.keys(asked.qualifiers ?? {}).length > 0) return null;
  const subpath = asked.subpath ?? '';
  return subpath === '' ? (purlTerms(asked.toString()).at(-1) ?? null) : null;
}

/**
 * The terms any of which finds a vulnerability, or any at a severity, or the one at the other: none where nothing is asked for.
 * A finding makes one row, of its vulnerability at its severity, so that the many that a scan lists make no more.
 */
export function findingTerms(vulnerability: string | null, severity: Severity | null): readonly Term[] {
  if (vulnerability === null) return severity === null ? [] : [termOf('severity', severity)];
  const severities = severity === null ? SEVERITIES : [severity];
  return severities.map((each) => termOf('finding', `${each} ${vulnerabilityName(vulnerability)}`));
}

/** Names of vulnerabilities are compared without regard to case, in which databases differ. */
function vulnerabilityName(id: string): string {
  return id.toUpperCase();
}

function buildTerms({ builder, source }: BuildFact): ReadonlySet<Term> {
  const terms = [termOf('builder', builder)];
  if (source.repository !== null) terms.push(termOf('repository', source.repository));
  if (source.commit !== null) terms.push(termOf('commit', source.commit));
  return new Set(terms);
}

/** An approval that names nobody is by whoever signed it. */
function approvalTerms(
  { decision, approver, coApprovers = [] }: ApprovalFact,
  { signers }: Verified,
): ReadonlySet<Term> {
  if (decision !== 'approved') return new Set();
  const named = approver === null ? [] : [approver, ...coApprovers];
  const names = named.flatMap(({ id, name }) => (name === null ? [id] : [id, name]));
  const attestors = signers.filter(({ counts }) => counts).map(({ attestor }) => attestor);
  return new Set((approver === null ? attestors : names).map((name) => termOf('approver', name)));
}

function* componentTerms({ components }: SbomFact): Iterable<Term> {
  for (const purl of new Set(components.flatMap((component) => component.purl ?? []))) yield* purlTerms(purl);
}

function* scanTerms({ findings }: ScanFact): Iterable<Term> {
  for (const { id, severity } of findings) {
    yield* findingTerms(id, severity);
    yield* findingTerms(null, severity);
  }
}
