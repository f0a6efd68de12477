import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, start } from './processes.js';

/** Time from the start of the process to its first answer, on a data directory of its own: first and next start. */
export async function measureStart(main: string, rounds: number): Promise<string> {
  const first: number[] = [];
  const next: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const dataDir = mkdtempSync(join(tmpdir(), 'assay-bench-start-'));
    for (const times of [first, next]) {
      const port = await freePort();
      const started = performance.now();
      const service = await start([main], port, '/healthz', {
        ASSAY_DATA_DIR: dataDir,
        PORT: String(port),
        LOG_LEVEL: 'error',
      });
      times.push(performance.now() - started);
      await service.stop();
    }
    rmSync(dataDir, { recursive: true, force: true });
  }
  const row = (name: string, times: readonly number[]): string => {
    const sorted = [...times].sort((a, b) => a - b);
    const at = (part: number): string => ((sorted[Math.floor((sorted.length - 1) * part)] ?? NaN) / 1000).toFixed(2);
    return `| ${name} | ${at(0.5)} | ${at(0)} | ${at(1)} |`;
  };
  return [
    '### Cold start on the embedded default, seconds to the first answer',
    '',
    '| what | median | min | max |',
    '| --- | --- | --- | --- |',
    row('first start, makes the database', first),
    row('next start', next),
    '',
  ].join('\n');
}
