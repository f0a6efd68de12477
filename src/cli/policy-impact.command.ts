import { z } from 'zod';
import { failureOf, readShape } from './answer.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { Failure } from './failure.js';
import { impactFlip, impactReport, impactSummary, type ImpactFlip, type ImpactSummary } from './impact-lines.js';
import { policyBody } from './policy.command.js';
import { printable } from './printable.js';
import { problemLines } from './problem.js';
import type { Service } from './service.js';
import type { Surroundings } from './surroundings.js';

export interface ImpactOptions {
  readonly repository: string | null;
  readonly parameters: ReadonlyMap<string, string>;
  readonly json: boolean;
}

/** Seconds that a look at everything may take. */
const WAITS = 3_600;

const line = z.union([
  z.object({ progress: z.unknown() }).transform(() => null),
  z.object({ summary: impactSummary }),
  impactFlip,
]);

/** Says what a document would decide otherwise than the current revision. Changes nothing; 0 where nothing flips. */
export async function policyImpact(
  name: string,
  file: string,
  { repository, parameters, json }: ImpactOptions,
  service: Service,
  { print }: Surroundings,
): Promise<ExitCode> {
  const query = new URLSearchParams(repository === null ? [] : [['repository', repository]]);
  for (const [parameter, value] of parameters) query.append(`param.${parameter}`, value);
  const path = `/v1/policies/${encodeURIComponent(name)}/impact${query.size === 0 ? '' : `?${query.toString()}`}`;
  const answer = await service.request({
    method: 'POST',
    path,
    idempotent: true,
    waits: WAITS,
    ...(await policyBody(file)),
  });
  if (!answer.ok) {
    if (answer.problem.code !== 'policy_malformed') throw failureOf(answer.problem);
    [file, ...problemLines(answer.problem).slice(1)].map(printable).forEach(print);
    return EXIT.no;
  }
  const text = answer.bytes.toString('utf8');
  const { flips, summary } = readImpact(text);
  if (json) print(text.trimEnd());
  else impactReport(flips, summary).forEach(print);
  return summary.flips === 0 ? EXIT.yes : EXIT.no;
}

function readImpact(text: string): { readonly flips: readonly ImpactFlip[]; readonly summary: ImpactSummary } {
  const flips: ImpactFlip[] = [];
  let summary: ImpactSummary | null = null;
  for (const written of text.split('\n').filter((each) => each !== '')) {
    const read = readShape(parsed(written), line);
    if (read === null) continue;
    if ('summary' in read) summary = read.summary;
    else flips.push(read);
  }
  if (summary === null) throw new Failure('the answer is not complete');
  return { flips, summary };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure('the answer is not JSON Lines; is this the address of an Assay service?', [], { cause });
  }
}
