import { z } from 'zod';
import { summaryOf } from '../history/entry-summary.js';
import { entryAnswer, toAnswer } from '../history/history.answer.js';
import type { HistoryType } from '../history/history-entry.js';
import type { TimelineEntry } from '../history/timeline.store.js';
import type { TimelineItem } from './timeline.service.js';

const decision = z.enum(['allow', 'deny']);

const cause = z.object({
  of: z.enum(['evidence', 'index', 'policy', 'trust', 'waiver', 'time']),
  sequence: z.number().int().nullable().describe('Of its entry, which may stand on another page; null for time'),
  at: z.iso.datetime(),
  summary: z.string(),
});
type Cause = z.infer<typeof cause>;

const timelineItem = entryAnswer.extend({
  summary: z.string().describe('The entry in words'),
  related: z
    .string()
    .nullable()
    .describe('What the attestation is about, where it is not the image: the commit it was built from, say'),
  flip: z
    .object({
      from: decision,
      to: decision,
      former: z.string().describe('The id of the verdict before it on the same question'),
      causes: z
        .array(cause)
        .describe(
          'What may have brought it about, the last twenty; of trust what the policy could notice; empty where nothing was found',
        ),
    })
    .nullable()
    .describe('Of a recorded verdict that decides otherwise than the one before it on the same question'),
});

export const timelinePage = z.object({
  items: z.array(timelineItem),
  nextCursor: z.string().nullable(),
  completeTo: z.number().int().min(0).describe('No entry about the image can still appear at or below this sequence'),
});
export type TimelinePage = z.infer<typeof timelinePage>;

/** An entry of a timeline as clients see it. */
export function toTimelineAnswer(item: TimelineItem): z.infer<typeof timelineItem> {
  const { flip, kind, related } = item;
  const summary = summaryOf(item, kind);
  if (flip === null) return { ...toAnswer(item), summary, related, flip };
  const { from, to, former, expired } = flip;
  const time: readonly Cause[] =
    expired === null
      ? []
      : [{ of: 'time', sequence: null, at: expired, summary: 'what the former verdict rested on held until then' }];
  return {
    ...toAnswer(item),
    summary: `${summary}; before it was ${from}`,
    related,
    flip: { from, to, former, causes: [...flip.causes.map(causeOf), ...time] },
  };
}

function causeOf(entry: TimelineEntry): Cause {
  const { sequence, at, type, kind } = entry;
  return { of: sourceOf(type), sequence, at: at.toISOString(), summary: summaryOf(entry, kind) };
}

function sourceOf(type: HistoryType): Cause['of'] {
  if (type === 'policy.changed') return 'policy';
  if (type.startsWith('waiver.')) return 'waiver';
  if (type === 'image.related') return 'index';
  if (type === 'envelope.dropped') return 'evidence';
  return type === 'attestation.verified' || type === 'attestation.rejected' || type === 'attestation.error'
    ? 'evidence'
    : 'trust';
}
