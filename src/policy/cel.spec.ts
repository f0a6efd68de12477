import { afterEach, describe, expect, it } from 'vitest';
import type { Json } from '../facts/fact.js';
import { CelEngine, type CelLimits } from './cel.js';
import type { CelAnswer, CelBatch } from './cel-batch.js';

const PATIENT: CelLimits = {
  evaluationMilliseconds: 30_000,
  heldMilliseconds: 60_000,
  waitMilliseconds: 30_000,
  startMilliseconds: 30_000,
  memoryMegabytes: 512,
};
/** Of the size that a policy and an attestor could make of it: 200 to the power of three steps. */
const HOSTILE = 'predicate.all(a, predicate.all(b, predicate.all(c, a + b + c >= 0)))';
const MANY: Json = Array.from({ length: 200 }, (_, index) => index);

/** Every finding of a large scan against every other. */
const FINDINGS: Json = Array.from({ length: 20_000 }, (_, index) => ({ id: `CVE-2026-${index}`, severity: 'low' }));
const FINDINGS_COMPARED = 'predicate.all(a, predicate.all(b, a.id != "" && b.severity == "low"))';

const engines: CelEngine[] = [];
function engineWith(limits: Partial<CelLimits> = {}): CelEngine {
  const engine = new CelEngine({ ...PATIENT, ...limits });
  engines.push(engine);
  return engine;
}

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

function batch(expressions: readonly string[], predicate: Json = {}, policy = 'production'): CelBatch {
  return {
    policy,
    now: '2026-11-23T12:00:00.000Z',
    params: { region: 'eu', level: 3 },
    image: { digest: 'sha256:00', repository: null },
    subjects: [{ fact: { kind: 'other' }, predicate, attestation: { id: 'sha256:11' } }],
    questions: expressions.map((expression) => ({ expression, subject: 0, guard: null })),
  };
}

async function answersTo(expressions: readonly string[], predicate: Json = {}): Promise<readonly CelAnswer[]> {
  return engineWith().answer(batch(expressions, predicate));
}

const HOLDS: CelAnswer = { holds: true };

describe('expressions', () => {
  it('see whole numbers as int and others as double', async () => {
    const predicate = { count: 3, score: 7.5, large: 2 ** 60 };
    const expressions = [
      'predicate.count > 2',
      'predicate.count + 1 == 4',
      'predicate.count % 2 == 1',
      'predicate.score > 7',
      'predicate.score + 0.5 == 8.0',
      'double(predicate.count) + 0.5 == 3.5',
      'type(predicate.large) == double',
    ];
    expect(await answersTo(expressions, predicate)).toEqual(expressions.map(() => HOLDS));
  });

  it('see time as a timestamp, times of evidence as text, and absent values as null', async () => {
    const expressions = [
      'now == timestamp("2026-11-23T12:00:00Z")',
      'now - timestamp(predicate.at) == duration("36h")',
      'predicate.none == null && image.repository == null',
    ];
    const predicate = { at: '2026-11-22T00:00:00.000Z', none: null };
    expect(await answersTo(expressions, predicate)).toEqual(expressions.map(() => HOLDS));
  });

  it('see fields whatever they are called', async () => {
    const predicate: Json = JSON.parse('{"constructor": {"name": 1}, "__proto__": {"x": 2}, "toString": 3}') as Json;
    const expressions = [
      'predicate.constructor.name == 1',
      'predicate.__proto__.x == 2',
      'predicate["toString"] == 3',
      '!has(predicate.hasOwnProperty)',
      'predicate.map(name, name).size() == 3',
    ];
    expect(await answersTo(expressions, predicate)).toEqual(expressions.map(() => HOLDS));
  });

  it('are matched against patterns in linear time', async () => {
    expect(await answersTo(['!predicate.matches("^(a+)+$")'], `${'a'.repeat(5000)}!`)).toEqual([HOLDS]);
  });

  it('that are neither true nor false, or in error, are answered so', async () => {
    expect(await answersTo(['1', '"true"', 'predicate.absent', '1 / 0 == 1', 'predicate.a.b.c'])).toEqual([
      { error: 'the result is neither true nor false' },
      { error: 'the result is neither true nor false' },
      { error: expect.stringContaining('absent') as string },
      { error: expect.stringContaining('zero') as string },
      { error: expect.stringContaining('a') as string },
    ]);
  });

  it('that are guarded are answered only where the guard holds', async () => {
    const answers = await engineWith().answer({
      ...batch([]),
      questions: [
        { expression: 'params.region == "eu"', subject: null, guard: null },
        { expression: 'params.region == "us"', subject: null, guard: null },
        { expression: 'true', subject: null, guard: 0 },
        { expression: 'true', subject: null, guard: 1 },
        { expression: 'true', subject: null, guard: 3 },
      ],
    });
    expect(answers).toEqual([HOLDS, { holds: false }, HOLDS, { error: 'not asked' }, { error: 'not asked' }]);
  });
});

describe('an expression that never ends', () => {
  it('is answered as an error, keeps what was found before it, and leaves the next batch alone', async () => {
    const engine = engineWith({ evaluationMilliseconds: 150 });
    await engine.answer(batch(['true']));
    const answers = await engine.answer(batch(['predicate.size() == 200', HOSTILE, 'true'], MANY));
    expect(answers).toEqual([
      HOLDS,
      { error: 'the expressions of this verdict took more than 150 ms', unsettled: true },
      { error: 'the expressions of this verdict took more than 150 ms', unsettled: true },
    ]);
    expect(await engine.answer(batch(['params.level + 1 == 4']))).toEqual([HOLDS]);
  });

  it('does not hold up the process', async () => {
    const engine = engineWith({ evaluationMilliseconds: 200 });
    await engine.answer(batch(['true']));
    const answered = engine.answer(batch([HOSTILE], MANY));
    let turns = 0;
    const beat = setInterval(() => (turns += 1), 5);
    await answered;
    clearInterval(beat);
    expect(turns).toBeGreaterThan(5);
  });

  it('lets those behind it wait no longer than their limit, and then they are told so and not answered', async () => {
    const engine = engineWith({ evaluationMilliseconds: 500, waitMilliseconds: 100 });
    await engine.answer(batch(['true']));
    const hostile = [engine.answer(batch([HOSTILE], MANY)), engine.answer(batch([HOSTILE], MANY))];
    const [first, second] = await Promise.allSettled(hostile);
    expect(first).toMatchObject({ value: [{ error: expect.stringContaining('500 ms') as string, unsettled: true }] });
    expect(second).toMatchObject({ reason: { kind: 'overloaded', code: 'overloaded', retryAfterSeconds: 2 } });
    expect(await engine.answer(batch(['true']))).toEqual([HOLDS]);
  });

  it('lets other policies have their answers soon, however often it is asked', async () => {
    const engine = engineWith({ evaluationMilliseconds: 500, waitMilliseconds: 2000 });
    const ended = new AbortController();
    const refusals: unknown[] = [];
    const hostile = Array.from({ length: 16 }, async () => {
      while (!ended.signal.aborted) {
        await engine.answer(batch([FINDINGS_COMPARED], FINDINGS, 'hostile')).then(
          (answers) => {
            expect(answers).toEqual([expect.objectContaining({ unsettled: true })]);
          },
          (error: unknown) => refusals.push(error),
        );
      }
    });
    const waits: number[] = [];
    for (let asked = 0; asked < 40; asked += 1) {
      const since = performance.now();
      expect(await engine.answer(batch(['params.level == 3'], null, 'trivial'))).toEqual([HOLDS]);
      waits.push(performance.now() - since);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    ended.abort();
    await Promise.all(hostile);
    // In one row with the others it would wait for sixteen of half a second each.
    expect(waits.sort((a, b) => a - b)[20]).toBeLessThan(500);
    expect(refusals).not.toEqual([]);
    for (const error of refusals) expect(error).toMatchObject({ code: 'overloaded' });
  }, 60_000);

  it('takes turns with slow ones of other policies', async () => {
    const engine = engineWith({ evaluationMilliseconds: 40, quickMilliseconds: 20 });
    const order: string[] = [];
    const ask = async (policy: string): Promise<void> => {
      await engine.answer(batch([HOSTILE], MANY, policy));
      order.push(policy);
    };
    await ask('a');
    await ask('b');
    await Promise.all([...Array.from({ length: 4 }, () => ask('a')), ask('b')]);
    // The first of them runs before the others have come.
    expect(order).toEqual(['a', 'b', 'a', 'a', 'b', 'a', 'a']);
  }, 30_000);

  it('is overload and no answer where the processor is busy elsewhere', async () => {
    // Of so short a time by the clock, none is the processor's.
    const engine = engineWith({ heldMilliseconds: 60, quickMilliseconds: 1 });
    await expect(engine.answer(batch([HOSTILE], MANY))).rejects.toMatchObject({ kind: 'overloaded' });
  });

  it('may fill the memory of its thread and of nothing else', async () => {
    const engine = engineWith({ memoryMegabytes: 32 });
    const doubling =
      'predicate.map(a, predicate.map(b, predicate.map(c, string(a) + string(b) + string(c)))).size() > 0';
    const [answer] = await engine.answer(
      batch(
        [doubling],
        Array.from({ length: 600 }, (_, index) => index),
      ),
    );
    expect(answer).toMatchObject({ error: expect.any(String) as string, unsettled: true });
    expect(await engine.answer(batch(['true']))).toEqual([HOLDS]);
  }, 60_000);
});

describe('batches', () => {
  it('are answered each with its own answers, however many are asked at once', async () => {
    const engine = engineWith();
    const asked = Array.from({ length: 50 }, (_, index) =>
      engine.answer(batch([`predicate == ${index}`, 'false'], index)),
    );
    expect(await Promise.all(asked)).toEqual(asked.map(() => [HOLDS, { holds: false }]));
  });

  it('without questions need no thread', async () => {
    expect(await new CelEngine().answer(batch([]))).toEqual([]);
  });

  it('may be asked again after the thread was closed', async () => {
    const engine = engineWith();
    await engine.answer(batch(['true']));
    await engine.close();
    expect(await engine.answer(batch(['true']))).toEqual([HOLDS]);
  });
});
