import { z } from 'zod';
import { readAnswer } from './answer.js';
import { readWhole } from './evidence-files.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { printable } from './printable.js';
import type { Service } from './service.js';
import type { Surroundings } from './surroundings.js';

const attestorAnswer = z.object({
  name: z.string(),
  keys: z.array(z.object({ id: z.string(), thumbprint: z.string(), state: z.string().nullish() })),
  identities: z
    .array(
      z.object({
        id: z.string(),
        issuer: z.string().nullish(),
        subject: z.string().nullish(),
        subjectGlob: z.string().nullish(),
        state: z.string().nullish(),
      }),
    )
    .default([]),
  warnings: z.array(z.string()).nullish(),
});

/** Makes the attestor what the JSON document says, and prints the keys and identities it has then. */
export async function putAttestor(
  name: string,
  file: string,
  service: Service,
  { print, warn }: Surroundings,
): Promise<ExitCode> {
  const answer = await service.request({
    method: 'PUT',
    path: `/v1/attestors/${encodeURIComponent(name)}`,
    headers: { 'content-type': 'application/json' },
    body: await readWhole(file),
    idempotent: true,
  });
  const attestor = readAnswer(answer, attestorAnswer);
  for (const warning of attestor.warnings ?? []) warn(printable(`warning: ${warning}`));
  print(printable(`${attestor.name} ${answer.status === 201 ? 'is registered' : 'is up to date'}`));
  for (const { id, state, thumbprint } of attestor.keys) print(printable(`  ${id}  ${state ?? ''}  ${thumbprint}`));
  for (const { id, state, issuer, subject, subjectGlob } of attestor.identities) {
    print(printable(`  ${id}  ${state ?? ''}  ${subject ?? subjectGlob ?? ''} at ${issuer ?? 'no issuer'}`));
  }
  return EXIT.yes;
}
