import { z } from 'zod';
import { readAnswer } from './answer.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { printable } from './printable.js';
import type { Service } from './service.js';
import type { Surroundings } from './surroundings.js';
import { verdictAnswer } from './verdict-answer.js';
import { verdictLines, type Paint } from './verdict-lines.js';

const replayAnswer = z.object({
  same: z.boolean(),
  differences: z.array(z.object({ of: z.string(), recorded: z.unknown(), replayed: z.unknown() })),
  reasons: z.array(z.string()),
  replayed: verdictAnswer.nullable(),
  now: verdictAnswer.nullable(),
  refusal: z.object({ code: z.string(), detail: z.string() }).nullable(),
});

/** Evaluates a verdict on record again, prints what comes of it, and says yes where it is the same. */
export async function replay(
  id: string,
  { json }: { readonly json: boolean },
  service: Service,
  { print }: Surroundings,
  paint: Paint,
): Promise<ExitCode> {
  const path = `/v1/verdicts/${encodeURIComponent(id)}/replay`;
  const answer = await service.request({ method: 'GET', path, idempotent: true });
  const read = readAnswer(answer, replayAnswer);
  if (json) print(answer.ok ? answer.bytes.toString('utf8') : '');
  else {
    const { same, differences, reasons, replayed, now, refusal } = read;
    print(same ? paint('good', 'SAME') : paint('bad', 'NOT THE SAME'));
    for (const { of, recorded, replayed: again } of differences) {
      print(`  ${printable(`${of}: on record ${JSON.stringify(recorded)}, replayed ${JSON.stringify(again)}`)}`);
    }
    for (const reason of reasons) print(`  ${printable(reason)}`);
    if (replayed !== null) verdictLines(replayed, paint).forEach(print);
    print('by now:');
    if (now !== null) verdictLines(now, paint).forEach(print);
    if (refusal !== null) print(`  ${printable(`refused, ${refusal.code}: ${refusal.detail}`)}`);
  }
  return read.same ? EXIT.yes : EXIT.no;
}
