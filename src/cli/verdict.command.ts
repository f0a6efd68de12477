import { readAnswer, readShape } from './answer.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { Failure } from './failure.js';
import { parseImageReference, type ImageReference } from './image-reference.js';
import type { Service, ServiceAnswer } from './service.js';
import type { Surroundings } from './surroundings.js';
import { recordedVerdicts, verdictAnswer, type VerdictAnswer } from './verdict-answer.js';
import { explainedLines, verdictLines, type Paint } from './verdict-lines.js';

export interface VerdictOptions {
  readonly policy: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** Whether the answer goes on record with who asked and for where. */
  readonly record: boolean;
  /** Recorded beside the answer, never evaluated. */
  readonly context: ReadonlyMap<string, string>;
  /** Seconds to wait while evidence is still being verified. */
  readonly wait: number;
  /** RFC 3339: the moment as of which it is asked; this one where none is named. */
  readonly at?: string | undefined;
  readonly json: boolean;
  /** Whether to say what to do next as well. */
  readonly explain: boolean;
}

/** Milliseconds between two questions while evidence is being verified. */
const POLL = 500;

/**
 * Asks whether the image may run under the policy, prints the answer and says yes only for an allow about that very image
 * under that very policy.
 */
export async function verdict(
  reference: string,
  options: VerdictOptions,
  service: Service,
  surroundings: Surroundings,
  paint: Paint,
): Promise<ExitCode> {
  const image = parseImageReference(reference);
  const asked = options.record
    ? await record(image, options, service, surroundings)
    : await settled(image, options, service, surroundings);
  if (options.json) surroundings.print(asked.text);
  else (options.explain ? explainedLines : verdictLines)(asked.verdict, paint).forEach(surroundings.print);
  return asked.verdict.decision === 'allow' ? EXIT.yes : EXIT.no;
}

interface Asked {
  readonly verdict: VerdictAnswer;
  /** As answered. */
  readonly text: string;
}

/** The answer once no evidence is being verified any more, or the time is over. */
async function settled(
  image: ImageReference,
  options: VerdictOptions,
  service: Service,
  { now, sleep }: Surroundings,
): Promise<Asked> {
  const until = now() + options.wait * 1000;
  for (;;) {
    const asked = await ask(image, options, service);
    if (!asked.verdict.pending || now() >= until) return asked;
    await sleep(POLL);
  }
}

async function ask(image: ImageReference, options: VerdictOptions, service: Service): Promise<Asked> {
  const query = new URLSearchParams({ policy: options.policy });
  if (image.repository !== null) query.set('repository', image.repository);
  if (options.at !== undefined) query.set('at', options.at);
  for (const [name, value] of options.parameters) query.set(`param.${name}`, value);
  const path = `/v1/images/${image.digest}/verdict?${query.toString()}`;
  const answer = await service.request({ method: 'GET', path, idempotent: true });
  return checked(readAnswer(answer, verdictAnswer), textOf(answer), image, options);
}

/** Waits, where that was asked for, without putting on record what was answered meanwhile. */
async function record(
  image: ImageReference,
  options: VerdictOptions,
  service: Service,
  surroundings: Surroundings,
): Promise<Asked> {
  if (options.wait > 0) await settled(image, options, service, surroundings);
  const { policy, parameters, context } = options;
  const body = {
    policy,
    images: [image.text],
    // Texts: the service gives them the types that the policy declares.
    parameters: Object.fromEntries(parameters),
    ...(context.size === 0 ? {} : { context: Object.fromEntries(context) }),
  };
  const answer = await service.request({
    method: 'POST',
    path: '/v1/verdicts',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    idempotent: false,
  });
  const [item] = readAnswer(answer, recordedVerdicts).items;
  return checked(readShape(item, verdictAnswer), JSON.stringify(item), image, options);
}

/** An answer about anything else than what was asked is a malfunction somewhere, and no reason to deploy. */
function checked(verdict: VerdictAnswer, text: string, { digest }: ImageReference, options: VerdictOptions): Asked {
  const { policy, at } = options;
  const isThen = at === undefined || Date.parse(verdict.evaluatedAt) === Date.parse(at);
  if (verdict.image.digest === digest && verdict.policy.name === policy && isThen) return { verdict, text };
  throw new Failure(`asked about ${digest} under ${policy}, but the answer is about something else`, [
    `  ${verdict.image.digest} under ${verdict.policy.name} at ${verdict.evaluatedAt}`,
  ]);
}

function textOf(answer: ServiceAnswer): string {
  return answer.ok ? answer.bytes.toString('utf8') : '';
}
