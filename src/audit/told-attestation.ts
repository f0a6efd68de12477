import * as z from 'zod';
import { A_DOCUMENT, jsonOf, type Ask } from './ask.js';
import type { LeafEntry } from './told-entry.js';

const EXAMINED: readonly string[] = ['attestation.verified', 'attestation.rejected', 'attestation.error'];

const answered = z.looseObject({
  id: z.string(),
  receivedAt: z.string(),
  receivedBy: z.string(),
  predicateType: z.string().nullable(),
  verification: z.looseObject({ outcome: z.string(), code: z.string().nullable(), at: z.string() }).nullable(),
});

/** An attestation as a service answers it: when and from whom it was received, and the last that was found out about it. */
export type AnsweredAttestation = z.infer<typeof answered>;

/** What a service answers at `/v1/attestations/{id}`; null where it answers that there is none, or something else. */
export async function askAttestation(ask: Ask, id: string): Promise<AnsweredAttestation | null> {
  const bytes = await ask(`/v1/attestations/${encodeURIComponent(id)}`, A_DOCUMENT);
  const read = answered.safeParse(bytes === null ? undefined : jsonOf(bytes));
  return read.success ? read.data : null;
}

/** Whether an entry tells what was found out about an attestation. */
export function isOfExamination({ type }: Pick<LeafEntry, 'type'>): boolean {
  return EXAMINED.includes(type);
}

/**
 * What is wrong with an attestation as it is answered, against the entry of its receipt or of an examination of it; null where nothing
 * is. Of examinations the last is answered: one that is later than the entry is for its own entry to tell.
 */
export function attestationFault(entry: LeafEntry, found: AnsweredAttestation | null): string | null {
  const { type, sequence, attestation, at, actor, data } = entry;
  const what = `attestation ${String(attestation)}, of entry ${sequence}, ${type},`;
  if (found === null) return `${what} is not there`;
  if (found.id !== attestation) return `${what} is given under another id`;
  if (type === 'attestation.received') {
    if (found.receivedAt !== milliseconds(at)) return `${what} is dated ${found.receivedAt}, and ${at} was sealed`;
    if (found.receivedBy !== actor) return `${what} is from somebody else than was sealed`;
    return found.predicateType === (data.predicateType ?? null) ? null : `${what} is of another type than was sealed`;
  }
  const { verification } = found;
  if (verification === null) return `${what} is answered as one about which nothing was found out`;
  if (verification.at > milliseconds(at)) return null;
  const told = `${verification.outcome}${verification.code === null ? '' : ` (${verification.code})`}`;
  const isTold =
    verification.at === milliseconds(at) &&
    `attestation.${verification.outcome}` === type &&
    verification.code === (data.code ?? null);
  return isTold ? null : `${what} is answered as ${told} at ${verification.at}, which is another than was sealed`;
}

/** The last examination that is answered, where an entry behind this one has to tell of it; null where none has. */
export function examinationClaim({ id, verification }: AnsweredAttestation, { at }: LeafEntry): string | null {
  if (verification === null || verification.at <= milliseconds(at)) return null;
  return claimOf(id, `attestation.${verification.outcome}`, verification.at);
}

/** The same of an entry. */
export function examinationTold({ attestation, type, at }: Pick<LeafEntry, 'attestation' | 'type' | 'at'>): string {
  return claimOf(String(attestation), type, milliseconds(at));
}

function claimOf(id: string, type: string, at: string): string {
  return `${type} of ${id} at ${at}`;
}

/** Leaves have microseconds, and answers cut them off. */
function milliseconds(at: string): string {
  return `${at.slice(0, 23)}Z`;
}
