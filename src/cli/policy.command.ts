import { z } from 'zod';
import { failureOf, readAnswer } from './answer.js';
import { readWhole } from './evidence-files.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { printable } from './printable.js';
import { problemLines } from './problem.js';
import type { Service, ServiceRequest } from './service.js';
import type { Surroundings } from './surroundings.js';

const warnings = z.array(z.string()).nullish();

const policyAnswer = z.object({ name: z.string(), revision: z.number(), digest: z.string(), warnings });

const checkAnswer = z.object({ warnings });

/** Makes the document the policy's next revision; the same document again changes nothing. */
export async function putPolicy(
  name: string,
  file: string,
  service: Service,
  { print, warn }: Surroundings,
): Promise<ExitCode> {
  const path = `/v1/policies/${encodeURIComponent(name)}`;
  const answer = await service.request({ method: 'PUT', path, idempotent: true, ...(await policyBody(file)) });
  const policy = readAnswer(answer, policyAnswer);
  warningLines(policy.warnings).forEach(warn);
  const what = answer.status === 201 ? 'is' : 'already was';
  print(printable(`${policy.name} ${what} revision ${policy.revision}  ${policy.digest}`));
  return EXIT.yes;
}

/** Says whether the service would accept the document, and each place where not. Changes nothing. */
export async function checkPolicy(file: string, service: Service, { print, warn }: Surroundings): Promise<ExitCode> {
  const path = '/v1/policies/check';
  const answer = await service.request({ method: 'POST', path, idempotent: true, ...(await policyBody(file)) });
  if (!answer.ok) {
    if (answer.problem.code !== 'policy_malformed') throw failureOf(answer.problem);
    [file, ...problemLines(answer.problem).slice(1)].map(printable).forEach(print);
    return EXIT.no;
  }
  warningLines(readAnswer(answer, checkAnswer).warnings).forEach(warn);
  print(printable(`${file} is a policy`));
  return EXIT.yes;
}

/** A document as the body of a request. */
export async function policyBody(file: string): Promise<Pick<ServiceRequest, 'headers' | 'body'>> {
  const type = file.endsWith('.json') ? 'application/json' : 'application/yaml';
  return { headers: { 'content-type': type }, body: await readWhole(file) };
}

function warningLines(given: z.infer<typeof warnings>): readonly string[] {
  return (given ?? []).map((warning) => printable(`warning: ${warning}`));
}
