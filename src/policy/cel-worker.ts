import { registerHooks } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { isCelError, parse, plan, type CelInput } from '@bufbuild/cel';
import type { Json } from '../facts/fact.js';
import type { CelAnswer, CelBatch, CelQuestion } from './cel-batch.js';

/*
 * The thread in which CEL runs. It takes a batch and answers its questions one message each, in order, so that what was
 * found out before an expression that never ends is not lost with it.
 */

type Bindings = Record<string, CelInput>;
type Evaluation = (bindings: Bindings) => unknown;

const MOST_KEPT = 1000;
const MOST_ERROR_CHARACTERS = 300;

// This file also runs without compilation, where other files have the ending that they are written under.
if (import.meta.url.endsWith('.ts')) {
  registerHooks({
    resolve: (specifier, context, next) =>
      next(
        specifier.startsWith('.') && context.parentURL?.endsWith('.ts') === true
          ? specifier.replace(/\.js$/, '.ts')
          : specifier,
        context,
      ),
  });
}
const { celEnvironment } = await import('./cel-functions.js');

const env = celEnvironment();
const toTimestamp = plan(env, parse('timestamp(text)')) as (bindings: Bindings) => CelInput;
const evaluations = new Map<string, Evaluation>();

parentPort?.on('message', (batch: CelBatch) => {
  const place: Bindings = {
    params: celValue(batch.params),
    image: celValue(batch.image),
    now: toTimestamp({ text: batch.now }),
  };
  const subjects = new Map<number, Bindings>();
  const answers: CelAnswer[] = [];
  for (const question of batch.questions) {
    const answer = answerTo(question, batch, place, subjects, answers);
    answers.push(answer);
    parentPort?.postMessage(answer);
  }
});

parentPort?.postMessage('ready');

function answerTo(
  question: CelQuestion,
  batch: CelBatch,
  place: Bindings,
  subjects: Map<number, Bindings>,
  answers: readonly CelAnswer[],
): CelAnswer {
  const guard = question.guard === null ? undefined : answers[question.guard];
  if (question.guard !== null && (guard === undefined || !('holds' in guard) || !guard.holds)) {
    return { error: 'not asked' };
  }
  try {
    const about = question.subject === null ? {} : subjectOf(question.subject, batch, subjects);
    const result = evaluationOf(question.expression)({ ...place, ...about });
    if (typeof result === 'boolean') return { holds: result };
    return { error: isCelError(result) ? clipped(result.message) : 'the result is neither true nor false' };
  } catch (error) {
    return { error: clipped(error instanceof Error ? error.message : String(error)) };
  }
}

function evaluationOf(expression: string): Evaluation {
  const known = evaluations.get(expression);
  if (known !== undefined) return known;
  if (evaluations.size >= MOST_KEPT) evaluations.clear();
  const evaluation: Evaluation = plan(env, parse(expression));
  evaluations.set(expression, evaluation);
  return evaluation;
}

function subjectOf(index: number, batch: CelBatch, subjects: Map<number, Bindings>): Bindings {
  const known = subjects.get(index);
  if (known !== undefined) return known;
  const subject = batch.subjects[index];
  if (subject === undefined) throw new Error('the evidence is missing');
  const bindings: Bindings = {
    fact: celValue(subject.fact),
    predicate: celValue(subject.predicate),
    attestation: celValue(subject.attestation),
  };
  subjects.set(index, bindings);
  return bindings;
}

/**
 * JSON as CEL sees it: a whole number is an int as long as a double holds it exactly, any other a double, so that
 * `predicate.count + 1` is what it seems. Objects become maps, whatever their fields are called.
 */
function celValue(json: Json): CelInput {
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (typeof json !== 'object' || json === null) return json;
  if (isList(json)) return json.map(celValue);
  return new Map(Object.entries(json).map(([name, value]) => [name, celValue(value)]));
}

function isList(json: object): json is readonly Json[] {
  return Array.isArray(json);
}

function clipped(message: string): string {
  return message.length <= MOST_ERROR_CHARACTERS
    ? message
    : `${message.slice(0, MOST_ERROR_CHARACTERS).toWellFormed()}…`;
}
