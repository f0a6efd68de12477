import { z } from 'zod';
import { readAnswer } from './answer.js';
import { readWhole } from './evidence-files.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { printable } from './printable.js';
import type { Service } from './service.js';
import type { Surroundings } from './surroundings.js';

const trustRootAnswer = z.object({
  name: z.string(),
  authorities: z.array(
    z.object({ type: z.string(), name: z.string(), validFrom: z.string(), validUntil: z.string().nullish() }),
  ),
});

/** Makes the trust root what the JSON document says, and prints the authorities it lists then. */
export async function putTrustRoot(
  name: string,
  file: string,
  service: Service,
  { print }: Surroundings,
): Promise<ExitCode> {
  const answer = await service.request({
    method: 'PUT',
    path: `/v1/trust-roots/${encodeURIComponent(name)}`,
    headers: { 'content-type': 'application/json' },
    body: await readWhole(file),
    idempotent: true,
  });
  const root = readAnswer(answer, trustRootAnswer);
  print(printable(`${root.name} ${answer.status === 201 ? 'is registered' : 'is up to date'}`));
  for (const { type, name: called, validFrom, validUntil } of root.authorities) {
    print(printable(`  ${type.padEnd(5)}  ${called}  from ${validFrom}${validUntil ? ` until ${validUntil}` : ''}`));
  }
  return EXIT.yes;
}
