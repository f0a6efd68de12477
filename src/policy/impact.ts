import { setImmediate as turn } from 'node:timers/promises';
import type { Sha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { parametersOfRecorded, type AskedParameters, type ImpactRequest } from './impact-request.js';
import type { ImpactStore, QuestionPlace } from './impact.store.js';
import {
  ImpactTally,
  type ImpactAnswer,
  type ImpactCounts,
  type ImpactFlip,
  type ImpactQuestion,
} from './impact-tally.js';
import type { PolicyDocument } from './policy-document.js';
import type { VerdictService } from './verdict.service.js';

/** One revision of the policy, ready to be asked what it would answer. */
export interface AskedRevision {
  readonly document: PolicyDocument;
  readonly verdicts: Pick<VerdictService, 'evaluateNow'>;
}

export interface ImpactRun {
  readonly policy: string;
  readonly current: AskedRevision;
  readonly candidate: AskedRevision;
  readonly known: Pick<ImpactStore, 'count' | 'imagesAfter' | 'questions'>;
  /** Called with the images of each page before anything is asked about them. */
  readonly look: (images: readonly Sha256Digest[]) => Promise<void>;
  readonly request: ImpactRequest;
  /** How to ask about images that nobody has asked about; null: not at all. */
  readonly unasked: AskedParameters | null;
  readonly compared: Pick<ImpactSummary, 'current' | 'candidate' | 'evaluatedAt'>;
  /** Told of every answer that could not be found out. */
  readonly onFailure: (error: unknown, image: Sha256Digest) => void;
}

export type ImpactLine =
  | { readonly progress: { readonly looked: number; readonly of: number } }
  | ImpactFlip
  | { readonly summary: ImpactSummary };

/** The end of a complete answer: what was compared, and the counts. */
export interface ImpactSummary extends ImpactCounts {
  readonly current: ComparedRevision & { readonly revision: number };
  readonly candidate: ComparedRevision;
  /** The moment for which both were asked; RFC 3339. */
  readonly evaluatedAt: string;
}

export interface ComparedRevision {
  readonly digest: Sha256Digest;
  /** Under `audit` every decision is an allow. */
  readonly mode: 'enforce' | 'audit';
}

/** What is held of images and of questions at any moment. */
const IMAGES_AT_ONCE = 64;
const QUESTIONS_AT_ONCE = 500;

/**
 * What changes if the candidate becomes the current revision: every known image, in the order of digests, asked what was
 * last asked about it, or what the request says where nothing was. Gives way to everything else between two questions.
 */
export async function* impactLines(run: ImpactRun): AsyncGenerator<ImpactLine, void> {
  const { known, look, policy, current, candidate, request, unasked } = run;
  const tally = new ImpactTally();
  const of = await known.count();
  yield { progress: { looked: 0, of } };
  let images = await known.imagesAfter(null, IMAGES_AT_ONCE);
  for (let looked = 0; images.length > 0; images = await known.imagesAfter(images.at(-1) ?? null, IMAGES_AT_ONCE)) {
    await look(images);
    const asked = new Set<Sha256Digest>();
    for await (const recorded of questionsAbout(known, policy, images)) {
      asked.add(recorded.image);
      const parameters = parametersOfRecorded(
        current.document,
        candidate.document,
        recorded.parameters,
        request.parameters,
      );
      const flip = tally.compare(recorded, ...(await ask(run, recorded, parameters)));
      if (flip !== null) yield flip;
      await turn();
    }
    for (const image of images) {
      if (asked.has(image)) continue;
      if (unasked === null) {
        tally.countNotAsked();
        continue;
      }
      const question = { image, repository: request.repository, parameters: request.parameters };
      const flip = tally.compare(question, ...(await ask(run, question, unasked)));
      if (flip !== null) yield flip;
      await turn();
    }
    looked += images.length;
    tally.countImages(images.length);
    // Images may have become known since they were counted.
    yield { progress: { looked, of: Math.max(looked, of) } };
  }
  yield { summary: { ...run.compared, ...tally.counts() } };
}

async function* questionsAbout(
  known: ImpactRun['known'],
  policy: string,
  images: readonly Sha256Digest[],
): AsyncGenerator<ImpactQuestion, void> {
  for (let after: QuestionPlace = null; ;) {
    const questions: readonly NonNullable<QuestionPlace>[] = await known.questions(
      policy,
      images,
      after,
      QUESTIONS_AT_ONCE,
    );
    yield* questions;
    after = questions.at(-1) ?? null;
    if (after === null || questions.length < QUESTIONS_AT_ONCE) return;
  }
}

async function ask(
  run: ImpactRun,
  question: ImpactQuestion,
  parameters: AskedParameters,
): Promise<[ImpactAnswer, ImpactAnswer]> {
  return [
    await answerOf(run, run.current, question, parameters.current),
    await answerOf(run, run.candidate, question, parameters.candidate),
  ];
}

async function answerOf(
  { policy, onFailure }: ImpactRun,
  { verdicts }: AskedRevision,
  { image, repository }: ImpactQuestion,
  parameters: Readonly<Record<string, unknown>>,
): Promise<ImpactAnswer> {
  try {
    const { decision, requirements } = await verdicts.evaluateNow({ digest: image, repository, policy, parameters });
    const blocking = requirements.filter(({ status }) => status === 'unsatisfied' || status === 'error');
    return {
      type: 'decided',
      decision,
      blocking: blocking.map(({ id }) => id),
      hasErrors: blocking.some(({ status }) => status === 'error'),
    };
  } catch (error) {
    if (error instanceof AppError && error.kind === 'malformed') return { type: 'refused', code: error.code };
    // One image that cannot be evaluated does not keep the others from being looked at.
    onFailure(error, image);
    return { type: 'failed' };
  }
}
