import type { z } from 'zod';
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
import type { Attestor, AttestorKey, RevocationReason } from './attestor.js';

/** A key as a document names it. */
export type KeyDocument = Omit<AttestorKey, 'retiredAt'>;

/** An attestor as a document describes it: lists sorted and without repetition, times in UTC. */
export interface AttestorDocument extends Omit<Attestor, 'keys'> {
  readonly keys: readonly KeyDocument[];
}

export interface RevocationRequest {
  readonly reason: RevocationReason;
  /** RFC 3339 UTC with milliseconds; null where the request named none. */
  readonly effectiveFrom: string | null;
}

/**
 * Reads what was PUT under an attestor's name, and reports every fault with its path. No message holds any part of a key.
 *
 * @throws AppError `attestor_malformed`, or where the shape is right, `identities_unsupported` or `key_unusable`.
 */
export function parseAttestor(name: string, body: unknown): AttestorDocument {
  const shape = attestorDocument.safeParse(body);
  const faults = [...nameFaults(name), ...shapeFaults(shape.error)];
  const { kinds, predicateTypes, keys, identities, builders } = looselyRead(body);
  if ((kinds === undefined) === (predicateTypes === undefined)) {
    faults.push({ path: 'kinds', message: 'exactly one of kinds and predicateTypes must be given' });
  }
  faults.push(...repeated(builders, 'builders', 'id'), ...repeated(keys, 'keys', 'id'));
  const read = keys.map((key, index) => readKey(key, elementPath('keys', index)));
  faults.push(...read.flatMap((key) => key.faults), ...repeatedKeys(read));
  const unusable = read.flatMap((key) => key.unusable);
  if (faults.length > 0) throw malformed('attestor', [...faults, ...unusable]);
  if (identities.length > 0) {
    throw new AppError('malformed', 'identities_unsupported', 'keyless identities are not supported by this release', {
      errors: [{ path: 'identities', message: 'must be left out or empty' }],
    });
  }
  if (unusable.length > 0) throw unusableKeys(unusable);
  if (shape.data === undefined) throw malformed('attestor', []);
  return documentOf(
    name,
    shape.data,
    read.flatMap((key) => key.document ?? []),
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

/** Reads the request to revoke a key. Throws AppError `revocation_malformed`. */
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
  const document = { id: key.id, validFrom: utc(key.validFrom), validUntil: utc(key.validUntil) };
  const faults =
    document.validFrom !== null && document.validUntil !== null && document.validFrom >= document.validUntil
      ? [{ path: memberPath(path, 'validUntil'), message: 'must be later than validFrom' }]
      : [];
  try {
    const { thumbprint, pem, schemes } = importPublicKey(key.publicKey as Json, useOf(key));
    const person = key.person?.normalize('NFC') ?? null;
    return { document: { ...document, thumbprint, publicKey: pem, schemes, person }, faults, unusable: [] };
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

function documentOf(name: string, body: AttestorBody, keys: readonly KeyDocument[]): AttestorDocument {
  const { kinds, predicateTypes, repositories, builders = [] } = body;
  return {
    name,
    description: body.description ?? null,
    kinds: kinds === undefined ? null : KINDS.filter((kind) => kinds.includes(kind)),
    predicateTypes: sortedSet(predicateTypes),
    keys,
    repositories: sortedSet(repositories),
    builders: [...builders].sort((a, b) => (a.id < b.id ? -1 : 1)),
    mayNameApprovers: body.mayNameApprovers ?? false,
  };
}

function sortedSet(list: readonly string[] | null | undefined): readonly string[] | null {
  return list === null || list === undefined ? null : [...new Set(list)].sort();
}

function utc(time: string | null | undefined): string | null {
  return time === null || time === undefined ? null : new Date(time).toISOString();
}

/** The parts that are judged together, as far as a body holds them, so that faults of shape do not hide other faults. */
function looselyRead(body: unknown): {
  readonly kinds: unknown;
  readonly predicateTypes: unknown;
  readonly keys: readonly unknown[];
  readonly identities: readonly unknown[];
  readonly builders: readonly unknown[];
} {
  return {
    kinds: memberOf(body, 'kinds'),
    predicateTypes: memberOf(body, 'predicateTypes'),
    keys: listOf(memberOf(body, 'keys')),
    identities: listOf(memberOf(body, 'identities')),
    builders: listOf(memberOf(body, 'builders')),
  };
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

/** What exceeds the longest list allowed is at fault already and not worth importing keys for. */
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, 100) : [];
}

function repeated(list: readonly unknown[], path: string, name: string): readonly FieldError[] {
  const ids = list.map((element) => memberOf(element, name));
  return ids.flatMap((id, index) => {
    const first = ids.indexOf(id);
    if (typeof id !== 'string' || first === index) return [];
    const at = memberPath(elementPath(path, index), name);
    return [{ path: at, message: `is that of ${elementPath(path, first)} too` }];
  });
}

function repeatedKeys(read: readonly ReadKey[]): readonly FieldError[] {
  const thumbprints = read.map((key) => key.document?.thumbprint);
  return thumbprints.flatMap((thumbprint, index) => {
    const first = thumbprints.indexOf(thumbprint);
    if (thumbprint === undefined || first === index) return [];
    const path = memberPath(elementPath('keys', index), 'publicKey');
    return [{ path, message: `is the key of ${elementPath('keys', first)} too` }];
  });
}

function nameFaults(name: string): readonly FieldError[] {
  return shapeFaults(attestorName.safeParse(name).error).map(({ message }) => ({ path: 'name', message }));
}

function shapeFaults(error: z.ZodError | undefined): readonly FieldError[] {
  return (error?.issues ?? []).flatMap((issue) => {
    const path = pathOf(issue.path);
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: memberPath(path, key), message: 'is not known here' }));
  });
}

function pathOf(segments: readonly PropertyKey[]): string {
  return segments.reduce<string>(
    (path, segment) =>
      typeof segment === 'number' ? elementPath(path, segment) : memberPath(path, segment.toString()),
    '',
  );
}

/** What exceeds it is left out, so that no document can make a long answer. */
const MAX_LISTED = 100;

function malformed(document: 'attestor' | 'key' | 'revocation', faults: readonly FieldError[]): AppError {
  const errors = faults.slice(0, MAX_LISTED);
  return new AppError('malformed', `${document}_malformed`, `the ${document} is malformed`, { errors });
}

function unusableKeys(errors: readonly FieldError[]): AppError {
  return new AppError('malformed', 'key_unusable', 'a key cannot be used to verify signatures', { errors });
}
