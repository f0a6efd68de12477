import { parseStrictJson, type Json } from '../intoto/json.js';
import { Malformed } from '../intoto/malformed.js';

/** What a service is asked for, and in what form it must come. */
export interface Wanted {
  /** The media type, of which the answer must be; of any where it is null. */
  readonly type: string | null;
  /** More bytes than there can be. */
  readonly most: number;
}

/**
 * Asks a service for what is at a path, and answers the bytes; null where it says that there is nothing. Rejects where it was
 * not reached or did not answer what was asked: then nothing was found out; with `Gone` where it says that it is no more.
 */
export type Ask = (path: string, wanted: Wanted) => Promise<Buffer | null>;

/** That a service says that there was something and is no more. */
export class Gone extends Error {}

/** A signed note or the key of one. */
export const A_NOTE: Wanted = { type: 'text/plain', most: 1024 * 1024 };
/** A page of the account, or a verdict: it tells of as much evidence as there is. */
export const A_DOCUMENT: Wanted = { type: 'application/json', most: 128 * 1024 * 1024 };
/** As large as the service lets evidence be, and in whatever form it was received. */
export const AN_ENVELOPE: Wanted = { type: null, most: 256 * 1024 * 1024 };

export function bytesWithin(most: number): Wanted {
  return { type: 'application/octet-stream', most };
}

/** The JSON of what a service answered, strictly read; undefined where it is none. */
export function jsonOf(bytes: Buffer): Json | undefined {
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
