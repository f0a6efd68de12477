import { prefersType } from '../platform/preferred-type.js';

/** The media type under which a verdict is asked for as a signed envelope. */
export const ENVELOPE_TYPE = 'application/vnd.in-toto+dsse';

/** Whether an Accept header asks for the envelope, no less gladly than for JSON. */
export function acceptsEnvelope(accept: string | undefined): boolean {
  return prefersType(accept, ENVELOPE_TYPE);
}
