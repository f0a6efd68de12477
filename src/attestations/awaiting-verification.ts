import { setTimeout as delay } from 'node:timers/promises';
import type { AttestationId } from '../intoto/digest.js';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/**
 * Resolves when the attestation has been examined, or after `seconds` without that. Every waiting request asks through
 * the same coalesced read, so a hundred of them cost one query a round.
 *
 * @param signal ends the wait early, when the client has gone.
 */
export async function awaitVerification(
  id: AttestationId,
  seconds: number,
  isExamined: (id: AttestationId) => Promise<boolean | undefined>,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted && performance.now() < deadline) {
    if ((await isExamined(id)) === true) return;
    await delay(Math.min(pause, Math.max(0, deadline - performance.now())), undefined, { ref: false });
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
  }
}

/**
 * The seconds of a `Prefer: wait=N` header (RFC 7240 section 4.3), at most 30; 0 where the header asks for no wait.
 * A preference that cannot be read is ignored, as the RFC says.
 */
export function preferredWait(header: string | undefined): number {
  const match = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,4})"?\s*(?:$|[,;])/i.exec(header ?? '');
  return match?.[1] === undefined ? 0 : Math.min(Number(match[1]), 30);
}
