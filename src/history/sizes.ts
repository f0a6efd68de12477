import { AppError } from '../platform/app-error.js';

/**
 * A size of the log as a parameter gives it; null where it is not given. `path` names the parameter. Throws AppError
 * `size_invalid`.
 */
export function parseSize(text: string | undefined, path: string): number | null {
  if (text === undefined) return null;
  const size = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(size)) return size;
  const message = 'must be a number of leaves, a whole number without leading zeros';
  throw new AppError('malformed', 'size_invalid', `${path} ${message}`, { errors: [{ path, message }] });
}

/** A sequence number of the account as a path gives it, from 1. Throws AppError `sequence_malformed`. */
export function parseSequence(text: string): number {
  const sequence = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(sequence)) return sequence;
  throw new AppError('malformed', 'sequence_malformed', 'a sequence is a whole number from 1', {
    errors: [{ path: 'sequence', message: 'must be a whole number from 1, without leading zeros' }],
  });
}
