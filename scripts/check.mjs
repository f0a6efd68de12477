// Everything that has to hold before a change is merged. Runs all of it even when something fails, and ends with one line:
// how many tests passed, and how many tests and other checks failed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRedis } from './ensure-redis.mjs';

const CHECKS = [
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['lint', 'eslint', '.', '--max-warnings', '0'],
  ['types', 'tsc', '--noEmit'],
  ['imports', 'depcruise', 'src', '--output-type', 'err'],
  ['build', 'npm', 'run', '--silent', 'build'],
  ['openapi', 'node', 'dist/src/write-openapi.js', '--check'],
];
const TEST_PROJECTS = ['unit', 'conformance', 'integration', 'e2e'];

function run(program, words) {
  return spawnSync(program, words, { stdio: 'inherit' }).status === 0;
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
const failed = CHECKS.filter(([name, program, ...words]) => {
  process.stdout.write(`\n== ${name}\n`);
  return !run(program, words);
}).map(([name]) => name);
process.stdout.write('\n== tests\n');
const tests = runTests(TEST_PROJECTS);
if (failed.length > 0) process.stdout.write(`checks that failed: ${failed.join(', ')}\n`);
process.stdout.write(`${tests.passed} passed, ${tests.failed + failed.length} failed\n`);
process.exitCode = tests.failed + failed.length === 0 ? 0 : 1;
