import { z } from 'zod';
import { printable } from './printable.js';

const decision = z.enum(['allow', 'deny']).nullable();

export const impactFlip = z.object({
  image: z.string(),
  repository: z.string().nullable(),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  from: decision,
  to: decision,
  requirements: z.array(z.string()),
  code: z.string().optional(),
});
export type ImpactFlip = z.infer<typeof impactFlip>;

export const impactSummary = z.object({
  looked: z.number(),
  asked: z.number(),
  notAsked: z.number(),
  flips: z.number(),
  errors: z.number(),
});
export type ImpactSummary = z.infer<typeof impactSummary>;

/** The flips in groups, each with what turns how and by which requirements; the largest group first, the counts last. */
export function impactReport(flips: readonly ImpactFlip[], summary: ImpactSummary): readonly string[] {
  const groups = [...Map.groupBy(flips, headOf)].sort(
    ([a, inA], [b, inB]) => inB.length - inA.length || (a < b ? -1 : 1),
  );
  const { looked, asked, notAsked, errors } = summary;
  const counts = [
    `${summary.flips} of ${asked} questions about ${looked} images would be answered otherwise`,
    ...(notAsked === 0 ? [] : [`${notAsked} images were not asked about: name their parameters by --param`]),
    ...(errors === 0 ? [] : [`${errors} questions met an evaluation error`]),
  ];
  return [
    ...groups.flatMap(([head, members]) => [`${head} (${members.length})`, ...members.map(lineOf)]),
    ...counts,
  ].map(printable);
}

function headOf({ from, to, requirements, code }: ImpactFlip): string {
  const by = requirements.length === 0 ? (code ?? '') : requirements.join(', ');
  return `${from ?? 'refused'} -> ${to ?? 'refused'}${by === '' ? '' : ` by ${by}`}`;
}

function lineOf({ image, repository, parameters }: ImpactFlip): string {
  const values = Object.entries(parameters).map(([name, value]) => `${name}=${String(value)}`);
  return ['  ' + (repository === null ? image : `${repository}@${image}`), ...values].join('  ');
}
