import type { VerificationKeys } from '../trust/verification-keys.js';
import { readEnvelope, type EnvelopeReading } from './read-envelope.js';

/** What a thread is handed; keys keep being keys when they are handed over. */
export interface EnvelopeTask {
  readonly bytes: Uint8Array;
  readonly keys: VerificationKeys;
}

/** The one thing a thread does. */
export default function readInThread({ bytes, keys }: EnvelopeTask): Promise<EnvelopeReading> {
  return readEnvelope(bytes, keys);
}
