import { toAttestorAnswer, type AttestorAnswer } from './attestor.answer.js';
import { epochOf } from './epoch.js';
import { getAttestor } from './trust-change.js';
import type { TrustChanged } from './trust.store.js';

/** The attestor as a change has left it. */
export function answerOf({ trust, now }: TrustChanged, name: string): AttestorAnswer {
  return toAttestorAnswer(trust, getAttestor(trust, name), epochOf(now));
}

/** Of a reply, what is needed to say so. */
interface Reply {
  code(status: number): { header(name: string, value: string): unknown };
}

/** Says that something was made, at the attestor it belongs to. */
export function created(reply: Reply, name: string): void {
  reply.code(201).header('location', `/v1/attestors/${name}`);
}
