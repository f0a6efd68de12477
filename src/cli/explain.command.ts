import { readAnswer, readShape } from './answer.js';
import { readWhole } from './evidence-files.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { Failure } from './failure.js';
import type { Service } from './service.js';
import type { Surroundings } from './surroundings.js';
import { verdictAnswer, type VerdictAnswer } from './verdict-answer.js';
import { explainedLines, type Paint } from './verdict-lines.js';

/** How a verdict on record is named; anything else is a file. */
const VERDICT_ID = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/**
 * Explains a verdict for people: one on record by its id, or one that a file holds as the service answered it. A yes says
 * that it was found and explained, whatever it decided.
 */
export async function explain(
  verdict: string,
  service: () => Service,
  surroundings: Surroundings,
  paint: Paint,
): Promise<ExitCode> {
  const found = VERDICT_ID.test(verdict) ? await onRecord(verdict, service()) : await inFile(verdict);
  explainedLines(found, paint).forEach(surroundings.print);
  return EXIT.yes;
}

async function onRecord(id: string, service: Service): Promise<VerdictAnswer> {
  const answer = await service.request({ method: 'GET', path: `/v1/verdicts/${id}`, idempotent: true });
  return readAnswer(answer, verdictAnswer);
}

/** What is no file may be an id that was not copied whole. */
async function readNamed(file: string): Promise<Uint8Array> {
  try {
    return await readWhole(file);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const ids = 'a verdict on record has an id such as 0192b1a0-0000-7000-8000-000000000000';
    throw new Failure(
      `${file} is neither the id of a verdict nor a file that can be read`,
      [`  ${error.message}`, `  ${ids}`],
      {
        cause: error,
      },
    );
  }
}

async function inFile(file: string): Promise<VerdictAnswer> {
  const bytes = await readNamed(file);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new Failure(`${file} is not a verdict in JSON`, [], { cause });
  }
  return readShape(json, verdictAnswer);
}
