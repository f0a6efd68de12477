import type { LoadResult } from './load.js';
import { cpuSeconds } from './processes.js';

/** One way of doing a thing, measured once a round. */
export interface Contender {
  readonly name: string;
  /** The process whose CPU counts. */
  readonly pid: number;
  readonly run: () => Promise<LoadResult>;
}

export interface Scenario {
  readonly name: string;
  /** Index 0 is the product; the others are floors. */
  readonly contenders: readonly [Contender, ...Contender[]];
  /** Least ratio to each floor that is asked for, by the floor's name. */
  readonly targets: Readonly<Record<string, number>>;
}

interface Sample extends LoadResult {
  readonly serviceMicros: number;
  readonly databaseMicros: number;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
};

/** Runs the contenders of a scenario one after the other, `rounds` times in turn, and prints the table of it. */
export async function measure(scenario: Scenario, rounds: number): Promise<string> {
  const samples = new Map<Contender, Sample[]>(scenario.contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of scenario.contenders) {
      const before = cpuSeconds(contender.pid);
      const result = await contender.run();
      const after = cpuSeconds(contender.pid);
      samples.get(contender)?.push({
        ...result,
        serviceMicros: ((after.service - before.service) * 1e6) / result.requests,
        databaseMicros: ((after.database - before.database) * 1e6) / result.requests,
      });
    }
  }
  return table(scenario, samples);
}

function table(scenario: Scenario, samples: ReadonlyMap<Contender, readonly Sample[]>): string {
  const [product] = scenario.contenders;
  const rate = (contender: Contender): number => median((samples.get(contender) ?? []).map((one) => one.perSecond));
  const rows = scenario.contenders.map((contender) => {
    const of = samples.get(contender) ?? [];
    const rates = of.map((one) => one.perSecond);
    const ratio = contender === product ? 1 : rate(product) / rate(contender);
    const target = scenario.targets[contender.name];
    return [
      contender.name,
      `${Math.round(median(rates))} (${Math.round(Math.min(...rates))}-${Math.round(Math.max(...rates))})`,
      median(of.map((one) => one.p50)).toFixed(2),
      median(of.map((one) => one.p99)).toFixed(2),
      median(of.map((one) => one.serviceMicros)).toFixed(0),
      median(of.map((one) => one.databaseMicros)).toFixed(0),
      contender === product ? '' : ratio.toFixed(2),
      target === undefined ? '' : `>= ${target}${ratio >= target ? '' : ' MISSED'}`,
    ];
  });
  const head = [
    'what',
    'per second (min-max)',
    'p50 ms',
    'p99 ms',
    'CPU us service',
    'CPU us database',
    'product / floor',
    'asked for',
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [`### ${scenario.name}`, '', line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}
