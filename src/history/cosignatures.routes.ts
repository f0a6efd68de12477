import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Malformed } from '../intoto/malformed.js';
import { AppError } from '../platform/app-error.js';
import type { RawOperation } from '../platform/raw-operation.js';
import type { RawRoute } from '../platform/raw-route.js';
import { parseCheckpoint } from './checkpoint.js';
import { verifyCosignature } from './cosignature.js';
import { cosignedAnswer } from './log.answer.js';
import type { LogStore, WitnessLine } from './log.store.js';
import type { NoteKey } from './note-key.js';
import { formatSignatureLine, parseSignedNote, type SignedNote } from './signed-note.js';

/** Its signature is what lets a cosignature in; the role keeps strangers from making the service read bodies. */
export const COSIGNATURE_ROLES = ['auditor', 'attester'] as const;
const LARGEST_NOTE_BYTES = 64 * 1024;

export const COSIGNATURES_OPERATION: RawOperation = {
  method: 'POST',
  url: '/log/cosignatures',
  operationId: 'postLogCosignatures',
  summary: 'Add what witnesses have signed of a checkpoint; it is served with it from then on',
  tag: 'Log',
  roles: COSIGNATURE_ROLES,
  body: {
    description: 'The checkpoint as it was fetched, with lines of `cosignature/v1` (C2SP tlog-cosignature) below it',
    content: { 'text/plain': null },
  },
  responses: {
    200: { description: 'They were on record already', content: { 'application/json': cosignedAnswer } },
    201: { description: 'On record', content: { 'application/json': cosignedAnswer } },
  },
};

export interface CosignaturesOptions {
  readonly authenticate: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  readonly actorOf: (request: FastifyRequest) => string;
  readonly store: Pick<LogStore, 'checkpointAt' | 'addCosignatures'>;
  readonly witnesses: readonly NoteKey[];
}

/** The route by which witnesses, or whoever asks them, add to the log's checkpoints. */
export function cosignaturesRoute(options: CosignaturesOptions): RawRoute {
  return {
    operation: COSIGNATURES_OPERATION,
    authenticate: options.authenticate,
    body: 'bytes',
    handle: (request, reply) => post(options, request, reply),
  };
}

async function post(
  { actorOf, store, witnesses }: CosignaturesOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (bytes.length > LARGEST_NOTE_BYTES) {
    throw new AppError('too_large', 'body_too_large', `a checkpoint has at most ${LARGEST_NOTE_BYTES} bytes`);
  }
  const { note, size } = parsed(bytes);
  const stored = await store.checkpointAt(size);
  if (stored === null)
    throw new AppError('not_found', 'checkpoint_not_found', `no checkpoint was signed of ${size} leaves`);
  if (parseSignedNote(stored.note).text !== note.text) {
    throw new AppError('conflict', 'checkpoint_mismatch', `the log signed another checkpoint of ${size} leaves`);
  }
  const lines = linesOf(note, size, stored.vkey, witnesses);
  const isNew = await store.addCosignatures(lines, actorOf(request));
  const answer: z.infer<typeof cosignedAnswer> = {
    size,
    cosignatures: lines.map(({ witness, time }) => ({ witness, time: new Date(time * 1000).toISOString() })),
  };
  return reply
    .code(isNew ? 201 : 200)
    .header('cache-control', 'no-store')
    .send(answer);
}

function parsed(bytes: Buffer): { readonly note: SignedNote; readonly size: number } {
  try {
    const note = parseSignedNote(bytes);
    return { note, size: parseCheckpoint(note.text).size };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw malformed(error.faults[0]?.message ?? error.message);
  }
}

/** The lines of witnesses; that of the log itself is passed over, and any other refuses the whole. */
function linesOf(note: SignedNote, size: number, vkey: string, witnesses: readonly NoteKey[]): readonly WitnessLine[] {
  const lines = note.signatures
    .filter(({ name, keyId }) => !vkey.startsWith(`${name}+${keyId.toString(16).padStart(8, '0')}+`))
    .map((signature): WitnessLine => {
      if (!witnesses.some(({ name, id }) => name === signature.name && id === signature.keyId)) {
        throw new AppError(
          'forbidden',
          'witness_unknown',
          `${signature.name} is no witness of this log, or not by that key`,
        );
      }
      const found = verifyCosignature(note.text, signature, witnesses);
      // A year of five digits is none that a date can be written with.
      if (found === null || found.time > 253_402_300_799) {
        throw new AppError('malformed', 'cosignature_invalid', `the cosignature of ${signature.name} does not verify`);
      }
      return { size, witness: found.key.vkey, time: found.time, line: formatSignatureLine(signature).trimEnd() };
    });
  if (lines.length === 0) throw malformed('the note has no cosignature');
  return lines;
}

function malformed(message: string): AppError {
  return new AppError('malformed', 'note_malformed', message, { errors: [{ path: '', message }] });
}
