import { elementPath, memberPath } from '../intoto/json-path.js';
import type { Json } from '../intoto/json.js';
import { KeyUnusable } from '../intoto/key-unusable.js';
import { KINDS } from '../intoto/predicate-kind.js';
import { importPublicKey } from '../intoto/public-key.js';
import { AppError, type FieldError } from '../platform/app-error.js';
import {
  attestorDocument,
  attestorName,
  keyDocument,
  revocationDocument,
  type AttestorBody,
  type KeyBody,
} from './attestor-document.js';
import { PUBLIC_GOOD, type Attestor, type AttestorKey, type RevocationReason } from './attestor.js';
import { listOf, malformed, memberOf, repeated, shapeFaults, utc, windowFaults } from './document-faults.js';
import { patternName } from './identity-pattern.js';
import { readIdentity, type IdentityDocument } from './parse-identity.js';

/** A key as a document names it. */
export type KeyDocument = Omit<AttestorKey, 'retiredAt'>;

/** An attestor as a document describes it: lists sorted and without repetition, times in UTC. */
export interface AttestorDocument extends Omit<Attestor, 'keys' | 'identities'> {
  readonly keys: readonly KeyDocument[];
  readonly identities: readonly IdentityDocument[];
}

export interface RevocationRequest {
  readonly reason: RevocationReason;
  /** RFC 3339 UTC with milliseconds; null where the request named none. */
  readonly effectiveFrom: string | null;
}

/**
 * Reads what was PUT under an attestor's name, and reports every fault with its path. No message holds any part of a key.
 *
 * @throws AppError `attestor_malformed`, or where the shape is right, `key_unusable`.
 */
export function parseAttestor(name: string, body: unknown): AttestorDocument {
  const shape = attestorDocument.safeParse(body);
  const faults = [...nameFaults(name), ...shapeFaults(shape.error)];
  if ((memberOf(body, 'kinds') === undefined) === (memberOf(body, 'predicateTypes') === undefined)) {
    faults.push({ path: 'kinds', message: 'exactly one of kinds and predicateTypes must be given' });
  }
  if (memberOf(body, 'keys') === undefined && memberOf(body, 'identities') === undefined) {
    faults.push({ path: 'keys', message: 'keys or identities must be given' });
  }
  for (const list of ['builders', 'keys', 'identities']) faults.push(...repeatedIds(body, list));
  const keys = listOf(memberOf(body, 'keys')).map((key, index) => readKey(key, elementPath('keys', index)));
  const thumbprints = keys.map((key) => key.document?.thumbprint);
  faults.push(...keys.flatMap((key) => key.faults));
  faults.push(...repeated(thumbprints, 'keys', 'publicKey', (first) => `is the key of ${first} too`));
  const identities = listOf(memberOf(body, 'identities')).map((identity, index) =>
    readIdentity(identity, elementPath('identities', index)),
  );
  const patterns = identities.map(({ document }) => (document === null ? undefined : patternName(document)));
  faults.push(...identities.flatMap((identity) => identity.faults));
  faults.push(...repeated(patterns, 'identities', 'subject', (first) => `is for the same certificates as ${first}`));
  const unusable = keys.flatMap((key) => key.unusable);
  if (faults.length > 0) throw malformed('attestor', [...faults, ...unusable]);
  if (unusable.length > 0) throw unusableKeys(unusable);
  if (shape.data === undefined) throw malformed('attestor', []);
  return documentOf(
    name,
    shape.data,
    keys.flatMap(({ document }) => document ?? []),
    identities.flatMap(({ document }) => document ?? []),
  );
}

/**
 * Reads one key that is added to an attestor.
 *
 * @throws AppError `key_malformed`, or where the shape is right, `key_unusable`.
 */
export function parseKey(body: unknown): KeyDocument {
  const { document, faults, unusable } = readKey(body, '');
  const shape = shapeFaults(keyDocument.safeParse(body).error);
  if (shape.length + faults.length > 0) throw malformed('key', [...shape, ...faults, ...unusable]);
  if (unusable.length > 0) throw unusableKeys(unusable);
  if (document === null) throw malformed('key', []);
  return document;
}

/** Reads the request to revoke a key or an identity. Throws AppError `revocation_malformed`. */
export function parseRevocation(body: unknown): RevocationRequest {
  const shape = revocationDocument.safeParse(body);
  if (!shape.success) throw malformed('revocation', shapeFaults(shape.error));
  return { reason: shape.data.reason, effectiveFrom: utc(shape.data.effectiveFrom) };
}

interface ReadKey {
  /** null where the key is at fault. */
  readonly document: KeyDocument | null;
  /** What is wrong beside the shape. */
  readonly faults: readonly FieldError[];
  readonly unusable: readonly FieldError[];
}

function readKey(body: unknown, path: string): ReadKey {
  const shape = keyDocument.safeParse(body);
  if (!shape.success) return { document: null, faults: [], unusable: [] };
  const key = shape.data;
  const terms = {
    id: key.id,
    trustRoot: key.trustRoot ?? PUBLIC_GOOD,
    validFrom: utc(key.validFrom),
    validUntil: utc(key.validUntil),
  };
  const faults = windowFaults(terms, path);
  try {
    const { thumbprint, pem, schemes } = importPublicKey(key.publicKey as Json, useOf(key));
    const person = key.person?.normalize('NFC') ?? null;
    return { document: { ...terms, thumbprint, publicKey: pem, schemes, person }, faults, unusable: [] };
  } catch (error) {
    if (!(error instanceof KeyUnusable)) throw error;
    return { document: null, faults, unusable: [{ path: memberPath(path, 'publicKey'), message: error.message }] };
  }
}

function useOf({ algorithm, signatureEncoding }: KeyBody): { algorithm?: string; signatureEncoding?: string } {
  return {
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(signatureEncoding === undefined ? {} : { signatureEncoding }),
  };
}

function documentOf(
  name: string,
  body: AttestorBody,
  keys: readonly KeyDocument[],
  identities: readonly IdentityDocument[],
): AttestorDocument {
  const { kinds, predicateTypes, repositories, builders = [] } = body;
  return {
    name,
    description: body.description ?? null,
    kinds: kinds === undefined ? null : KINDS.filter((kind) => kinds.includes(kind)),
    predicateTypes: sortedSet(predicateTypes),
    keys,
    identities,
    repositories: sortedSet(repositories),
    builders: [...builders].sort((a, b) => (a.id < b.id ? -1 : 1)),
    mayNameApprovers: body.mayNameApprovers ?? false,
  };
}

function sortedSet(list: readonly string[] | null | undefined): readonly string[] | null {
  return list === null || list === undefined ? null : [...new Set(list)].sort();
}

function repeatedIds(body: unknown, list: string): readonly FieldError[] {
  const ids = listOf(memberOf(body, list)).map((element) => {
    const id = memberOf(element, 'id');
    return typeof id === 'string' ? id : undefined;
  });
  return repeated(ids, list, 'id', (first) => `is that of ${first} too`);
}

function nameFaults(name: string): readonly FieldError[] {
  return shapeFaults(attestorName.safeParse(name).error).map(({ message }) => ({ path: 'name', message }));
}

function unusableKeys(errors: readonly FieldError[]): AppError {
  return new AppError('malformed', 'key_unusable', 'a key cannot be used to verify signatures', { errors });
}
