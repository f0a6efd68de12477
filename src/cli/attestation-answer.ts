import { z } from 'zod';
import { EXIT, type ExitCode } from './exit-code.js';
import { printable } from './printable.js';

/** What the command reads of an attestation as the service answers it; what else is there is left alone. */
export const attestationAnswer = z.object({
  id: z.string(),
  status: z.enum(['pending', 'verified', 'rejected']),
  /** Absent where nothing was stored. */
  receivedAt: z.string().optional(),
  predicateType: z.string().nullable(),
  kind: z.string(),
  subjects: z.array(z.object({ name: z.string().nullish(), digest: z.string() })),
  verification: z
    .object({
      outcome: z.string(),
      code: z.string().nullish(),
      detail: z.string().nullish(),
      signers: z.array(
        z.object({
          attestor: z.string().nullish(),
          keyId: z.string().nullish(),
          identity: z
            .object({ id: z.string().nullish(), issuer: z.string().nullish(), subjects: z.array(z.string()) })
            .nullish(),
        }),
      ),
    })
    .nullish(),
});
export type AttestationAnswer = z.infer<typeof attestationAnswer>;

/** Subjects beyond these are only counted. */
const SUBJECTS_SHOWN = 5;

/** What became of the evidence, in one phrase: `verified`, `rejected untrusted_signer: …`, `pending`. */
export function outcomeText({ status, verification }: AttestationAnswer): string {
  const { code, detail } = verification ?? {};
  if (status !== 'rejected') return status;
  return printable(`rejected ${code ?? 'without a code'}${detail ? `: ${detail}` : ''}`);
}

/**
 * Who signed: attestors with the id of their key or identity, `trivy (k1), qa (k2)`, and whom else certificates name, `somebody
 * at an issuer`; null where nobody is known to have.
 */
export function signersText({ verification }: AttestationAnswer): string | null {
  const names = (verification?.signers ?? []).flatMap(({ attestor, keyId, identity }) => {
    const id = keyId ?? identity?.id;
    if (attestor) return [id ? `${attestor} (${id})` : attestor];
    if (!identity) return [];
    return [`${identity.subjects.join(', ')} at ${identity.issuer ?? 'no issuer'} (no attestor's)`];
  });
  return names.length === 0 ? null : printable([...new Set(names)].join(', '));
}

/** One line for each subject, up to a handful. */
export function subjectLines({ subjects }: AttestationAnswer): readonly string[] {
  const shown = subjects
    .slice(0, SUBJECTS_SHOWN)
    .map(({ name, digest }) => printable(name ? `${digest}  ${name}` : digest));
  return subjects.length > SUBJECTS_SHOWN ? [...shown, `and ${subjects.length - SUBJECTS_SHOWN} more`] : shown;
}

/** Whether the evidence came through. Pending is no answer yet. */
export function exitCodeOf({ status }: AttestationAnswer): ExitCode {
  switch (status) {
    case 'verified':
      return EXIT.yes;
    case 'rejected':
      return EXIT.no;
    case 'pending':
      return EXIT.unknown;
  }
}
