import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CelEngine } from '../policy/cel.js';
import { junitXml } from './junit.js';
import { CasesMalformed, faultText, readCaseFile, type CaseFileFault, type LocatedCase } from './read-case-file.js';
import { printable, reportJson, reportLines } from './report.js';
import { runCase, type CaseOutcome } from './run-case.js';

export interface PolicyTestOptions {
  /** Files of cases, or directories in which whatever ends in `.test.yaml` is one. */
  readonly paths: readonly string[];
  /** Where to write JUnit XML, or null. */
  readonly junit: string | null;
  readonly json: boolean;
}

export interface PolicyTestSurroundings {
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
  /** Milliseconds, for how long things take. */
  readonly clock: () => number;
}

/** All passed, some failed, or they could not be run. */
export const POLICY_TEST_EXIT = { passed: 0, failed: 1, malformed: 2 } as const;

/** Expressions of a test must not run out of time where a machine is merely slow. */
const PATIENT = {
  evaluationMilliseconds: 10_000,
  waitMilliseconds: 60_000,
  startMilliseconds: 60_000,
  memoryMegabytes: 512,
};

/** Runs every case of the files, without a service, and tells of each. Resolves with the exit status. */
export async function testPolicies(
  { paths, junit, json }: PolicyTestOptions,
  { print, warn, clock }: PolicyTestSurroundings,
): Promise<number> {
  const { cases, faults } = readCases(paths);
  if (faults.length > 0) {
    faults.map(faultText).map(printable).forEach(warn);
    return POLICY_TEST_EXIT.malformed;
  }
  const cel = new CelEngine(PATIENT);
  try {
    const outcomes: CaseOutcome[] = [];
    for (const each of cases) outcomes.push(await runCase(each, cel, clock));
    if (junit !== null) writeFileSync(junit, junitXml(outcomes));
    if (json) print(JSON.stringify(reportJson(outcomes)));
    else reportLines(outcomes).forEach(print);
    const isFailed = outcomes.some(({ differences }) => differences.length > 0);
    return isFailed ? POLICY_TEST_EXIT.failed : POLICY_TEST_EXIT.passed;
  } finally {
    await cel.close();
  }
}

function readCases(paths: readonly string[]): {
  readonly cases: readonly LocatedCase[];
  readonly faults: readonly CaseFileFault[];
} {
  const cases: LocatedCase[] = [];
  const faults: CaseFileFault[] = [];
  for (const path of paths) {
    const files = filesUnder(path);
    if (files.length === 0) faults.push(faultOf(path, 'holds no files of cases, which end in .test.yaml'));
    for (const file of files) {
      try {
        cases.push(...readCaseFile(file));
      } catch (error) {
        if (!(error instanceof CasesMalformed)) throw error;
        faults.push(...error.faults);
      }
    }
  }
  return { cases, faults };
}

/** The file itself, or what ends in `.test.yaml` in the directory and those within it, in order. */
function filesUnder(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.test\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

function faultOf(file: string, message: string): CaseFileFault {
  return { file, path: '', message, line: 1, column: 1 };
}
