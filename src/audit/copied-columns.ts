import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { isSha256Digest, type Sha256Digest } from '../intoto/digest.js';
import type { Claims, Thing } from './archive-line.js';
import { answeredQuestion, questionDigest } from '../policy/question.js';
import { environmentOf } from '../policy/verdict-search-terms.js';
import { timeOf, type Row } from './row-digest.js';

/*
 * Columns that no entry tells of: copies of what the envelope or the verdict beside them says, which entries bind by a digest.
 */

const filed = z.array(z.object({ ordinal: z.number(), subject: z.string(), name: z.string().nullable() }));
const digest = z.custom<Sha256Digest>((text) => typeof text === 'string' && isSha256Digest(text));
/** As much of a verdict as is copied. */
const verdict = z.object({
  image: z.object({ digest, repository: z.string().nullable() }),
  policy: z.object({ name: z.string() }),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  evaluatedAt: z.string(),
  breakGlass: z.object({}).optional(),
});
const occasion = z.record(z.string(), z.unknown()).nullable();

type Columns = Readonly<Record<string, readonly [filed: unknown, says: unknown]>>;

/** By which columns a record is filed otherwise than it says; none where all are as it says, or where it has none that are copied. */
export function miscopied(thing: Thing): readonly string[] {
  switch (thing.record) {
    case 'attestation':
      return thing.isDropped ? [] : ofEnvelope(thing.row, thing.claims);
    case 'verdict':
      return ofVerdict(thing.row);
    case 'dropped':
    case 'hold':
    case 'index':
    case 'policy':
    case 'trust':
    case 'verification':
    case 'waiver':
      return [];
  }
}

function ofEnvelope(row: Row, claims: Claims | null): readonly string[] {
  if (claims === null) return ['envelope, which cannot be read,'];
  const { payloadType, claimedKind, claimedSubjects } = claims;
  const subjects = filed.safeParse(row.subjects).data?.map(({ ordinal, subject, name }) => [ordinal, subject, name]);
  const claimed = claimedSubjects.map(({ ordinal, digest, name }) => [ordinal, digest, name]);
  return different({
    kind: [row.kind, claimedKind],
    'payload type': [row.payload_type, payloadType],
    ...('subjects' in row ? { subjects: [inOrder(subjects ?? []), inOrder(claimed)] } : {}),
  });
}

/** Archives of earlier releases have fewer columns. */
function held(row: Row, column: string, says: unknown): Columns {
  return column in row ? { [column]: [row[column], says] } : {};
}

function inOrder(subjects: readonly (readonly unknown[])[]): readonly string[] {
  return subjects.map((subject) => JSON.stringify(subject)).sort();
}

function ofVerdict(row: Row): readonly string[] {
  const [read, context] = [verdict.safeParse(row.verdict).data, occasion.safeParse(row.context ?? null).data];
  if (read === undefined || context === undefined) return ['verdict, which cannot be read,'];
  const { image, parameters, evaluatedAt, breakGlass } = read;
  return different({
    image: [row.image, image.digest],
    repository: [row.repository ?? null, image.repository],
    time: [timeOf(row.at), timeOf(evaluatedAt)],
    'break glass': [row.break_glass ?? false, breakGlass !== undefined],
    ...held(row, 'environment', environmentOf({ parameters }, context)),
    ...held(row, 'question', questionDigest(answeredQuestion(read))),
  });
}

function different(columns: Columns): readonly string[] {
  return Object.entries(columns).flatMap(([name, [found, says]]) => (isDeepStrictEqual(found, says) ? [] : [name]));
}
