import { memberPath } from '../intoto/json-path.js';
import { CLAIM_NAMES, type ClaimName } from '../intoto/proved-signer.js';
import type { FieldError } from '../platform/app-error.js';
import { identityDocument, type IdentityBody } from './attestor-document.js';
import { PUBLIC_GOOD, type AttestorIdentity } from './attestor.js';
import { malformed, memberOf, shapeFaults, utc, windowFaults } from './document-faults.js';
import { subjectGlobFault } from './subject-glob.js';

/** An identity as a document names it. */
export type IdentityDocument = Omit<AttestorIdentity, 'retiredAt'>;

export interface ReadIdentity {
  /** null where the identity is at fault. */
  readonly document: IdentityDocument | null;
  /** What is wrong beside the shape. */
  readonly faults: readonly FieldError[];
}

/** Reads one identity that is added to an attestor. Throws AppError `identity_malformed`. */
export function parseIdentity(body: unknown): IdentityDocument {
  const { document, faults } = readIdentity(body, '');
  const all = [...shapeFaults(identityDocument.safeParse(body).error), ...faults];
  if (all.length > 0 || document === null) throw malformed('identity', all);
  return document;
}

/** Reads one identity, at a path of its document. What its shape alone says is reported by the schema of the document. */
export function readIdentity(body: unknown, path: string): ReadIdentity {
  const unknown = unknownClaims(body, path);
  const shape = identityDocument.safeParse(body);
  if (!shape.success) return { document: null, faults: unknown };
  const document = documentOf(shape.data);
  const faults = faultsOf(document).map((fault) => ({ ...fault, path: memberPath(path, fault.path) }));
  const all = [...faults, ...windowFaults(document, path)];
  return { document: all.length > 0 ? null : document, faults: all };
}

/** Which names of claims there are is said where one is not known. */
function unknownClaims(body: unknown, path: string): readonly FieldError[] {
  const claims = memberOf(body, 'claims');
  if (typeof claims !== 'object' || claims === null) return [];
  if (Object.keys(claims).every((name) => CLAIM_NAMES.some((known) => known === name))) return [];
  return [{ path: memberPath(path, 'claims'), message: `may hold ${CLAIM_NAMES.join(', ')}` }];
}

function faultsOf({ issuer, subject, subjectGlob, trustRoot, person }: IdentityDocument): readonly FieldError[] {
  const faults: FieldError[] = [];
  if (issuer === null && trustRoot === PUBLIC_GOOD) {
    faults.push({ path: 'issuer', message: `must be given under trust root ${PUBLIC_GOOD}` });
  }
  if ((subject === null) === (subjectGlob === null)) {
    faults.push({ path: 'subject', message: 'exactly one of subject and subjectGlob must be given' });
  }
  const globFault = subjectGlob === null ? null : subjectGlobFault(subjectGlob);
  if (globFault !== null) faults.push({ path: 'subjectGlob', message: globFault });
  if (person !== null && subject === null) {
    faults.push({ path: 'person', message: 'may be given only beside subject: a person is one subject' });
  }
  return faults;
}

function documentOf(body: IdentityBody): IdentityDocument {
  return {
    id: body.id,
    issuer: body.issuer ?? null,
    subject: body.subject ?? null,
    subjectGlob: body.subjectGlob ?? null,
    claims: claimsOf(body),
    trustRoot: body.trustRoot ?? PUBLIC_GOOD,
    validFrom: utc(body.validFrom),
    validUntil: utc(body.validUntil),
    person: body.person?.normalize('NFC') ?? null,
  };
}

function claimsOf({ claims }: IdentityBody): IdentityDocument['claims'] {
  const given: Partial<Record<ClaimName, string>> = {};
  for (const name of CLAIM_NAMES) {
    const glob = claims?.[name];
    if (glob !== undefined) given[name] = glob;
  }
  return given;
}
