// Everything that has to hold before a change is merged. Runs all of it even when something fails, and ends with one line:
// how many tests passed, and how many tests and other checks failed.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRedis } from './ensure-redis.mjs';

/** Each of steps that go one after the other, side by side with the others. */
const CHECKS = [
  [['lint', 'eslint', '.', '--max-warnings', '0']],
  [['types', 'tsc', '--noEmit']],
  [
    ['build', 'npm', 'run', '--silent', 'build'],
    ['openapi', 'node', 'dist/src/write-openapi.js', '--check'],
  ],
  [['format', 'prettier', '--check', '--log-level', 'warn', '.']],
  [['imports', 'depcruise', 'src', '--output-type', 'err']],
];
const TEST_PROJECTS = ['unit', 'conformance', 'integration', 'e2e'];

function run(program, words) {
  return spawnSync(program, words, { stdio: 'inherit' }).status === 0;
}

/** Runs a program and writes what it said when it has ended, under its name. */
function runAside(name, program, words) {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk.toString()));
    child.once('error', (error) => (said += `${error.message}\n`));
    child.once('close', (status) => {
      process.stdout.write(`\n== ${name}\n${said}`);
      resolve(status === 0);
    });
  });
}

/** As many side by side as there are cores; answers the names of those that failed. */
async function runChecks() {
  const failed = [];
  const waiting = [...CHECKS];
  const lane = async () => {
    for (let steps = waiting.shift(); steps !== undefined; steps = waiting.shift()) {
      for (const [name, program, ...words] of steps) if (!(await runAside(name, program, words))) failed.push(name);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return failed;
}

/** Runs the projects in one go; tests that did not even load count as failed. */
function runTests(projects) {
  const directory = mkdtempSync(join(tmpdir(), 'assay-check-'));
  const report = join(directory, 'report.json');
  const selection = projects.flatMap((project) => ['--project', project]);
  const output = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const succeeded = run('vitest', ['run', '--passWithNoTests', ...selection, ...output]);
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
    return { passed: numPassedTests, failed: succeeded ? numFailedTests : Math.max(numFailedTests, 1) };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

ensureRedis();
const failed = await runChecks();
process.stdout.write('\n== tests\n');
const tests = runTests(TEST_PROJECTS);
if (failed.length > 0) process.stdout.write(`checks that failed: ${failed.join(', ')}\n`);
process.stdout.write(`${tests.passed} passed, ${tests.failed + failed.length} failed\n`);
process.exitCode = tests.failed + failed.length === 0 ? 0 : 1;
