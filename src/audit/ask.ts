/**
 * Asks a service for what is at a path, and answers the bytes; null where it says that there is nothing. Rejects where it was
 * not reached or did not answer what was asked: then nothing was found out.
 *
 * @param accept a media type.
 */
export type Ask = (path: string, accept?: string) => Promise<Buffer | null>;

/** The JSON of what a service answered; undefined where it is none. */
export function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
