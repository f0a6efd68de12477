import { isAttestationId } from '../intoto/digest.js';
import { failureOf, readAnswer } from './answer.js';
import { attestationAnswer, outcomeText, signersText, subjectLines } from './attestation-answer.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { Failure } from './failure.js';
import { printable } from './printable.js';
import type { Service } from './service.js';
import type { Surroundings } from './surroundings.js';

export interface GetAttestationOptions {
  /** The bytes exactly as received instead of what is known about them. */
  readonly envelope: boolean;
  readonly json: boolean;
}

/** Prints what is known about one attestation, or its bytes. A yes says that it was found, whatever its outcome. */
export async function getAttestation(
  id: string,
  { envelope, json }: GetAttestationOptions,
  service: Service,
  { print, write }: Surroundings,
): Promise<ExitCode> {
  if (!isAttestationId(id)) throw new Failure(`the id of an attestation is sha256:… in full, not ${id}`);
  const path = `/v1/attestations/${id}${envelope ? '/envelope' : ''}`;
  const accept = envelope ? '*/*' : 'application/json';
  const answer = await service.request({ method: 'GET', path, headers: { accept }, idempotent: true });
  if (!answer.ok) throw failureOf(answer.problem);
  if (envelope) {
    write(answer.bytes);
    return EXIT.yes;
  }
  const attestation = readAnswer(answer, attestationAnswer);
  if (json) {
    print(answer.bytes.toString('utf8'));
    return EXIT.yes;
  }
  const rows = [
    ['outcome', outcomeText(attestation)],
    ['signers', signersText(attestation)],
    ['kind', attestation.kind],
    ['type', attestation.predicateType],
    ['received', attestation.receivedAt ?? null],
    ...subjectLines(attestation).map((subject) => ['subject', subject] as const),
  ] as const;
  print(printable(attestation.id));
  for (const [name, value] of rows) if (value !== null) print(`  ${name.padEnd(9)} ${printable(value)}`);
  return EXIT.yes;
}
