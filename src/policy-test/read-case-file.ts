import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../platform/app-error.js';
import { parsePolicy } from '../policy/parse-policy.js';
import { PolicyFault, type PolicyFaultPlace } from '../policy/policy-fault.js';
import { readPolicySource, type Path } from '../policy/policy-source.js';
import { readShape, type Reading } from '../policy/shape-reading.js';
import { CASES_AT, caseFileShape, type CaseFile } from './case-shape.js';
import { fileNamed, policyCasesOf, type PolicyCase } from './policy-cases.js';
import { evaluationOf } from './policy-scene.js';

/** One faulty place in a file of cases, or in a policy that it names. */
export interface CaseFileFault extends PolicyFaultPlace {
  readonly file: string;
}

/** Files of cases that cannot be run, with every fault found. */
export class CasesMalformed extends Error {
  override readonly name = 'CasesMalformed';

  constructor(readonly faults: readonly CaseFileFault[]) {
    super(faults.map(faultText).join('\n'));
  }
}

export interface LocatedCase {
  readonly file: string;
  readonly line: number;
  readonly policyCase: PolicyCase;
}

/** `cases.yaml:12:5: cases[0].want.decision: expected …` */
export function faultText({ file, line, column, path, message }: CaseFileFault): string {
  return `${file}:${line}:${column}: ${path === '' ? message : `${path}: ${message}`}`;
}

/**
 * Reads a file of cases, each made for its own moment or this one, with the policies that it names beside it. What is
 * returned can be evaluated.
 *
 * @throws CasesMalformed
 */
export function readCaseFile(file: string, now = CASES_AT): readonly LocatedCase[] {
  const reading: Reading = { source: located(file, () => readPolicySource(bytesOf(file), 'yaml')), faults: [] };
  const shaped = readShape(reading, caseFileShape, reading.source.value, []);
  if (shaped === null) throw new CasesMalformed(reading.faults.map((fault) => ({ ...fault, file })));
  const cases = policyCasesOf(shaped, now, policiesNamed(shaped, file));
  const faults = cases.flatMap((each, index) => faultsOf(each, shaped, index, reading));
  const names = cases.map(({ name }) => name);
  faults.push(
    ...names.flatMap((name, index) =>
      names.indexOf(name) < index
        ? [reading.source.faultAt(['cases', index, 'name'], `another case is named ${name}`)]
        : [],
    ),
  );
  if (faults.length > 0) throw new CasesMalformed(faults.map((fault) => ({ ...fault, file })));
  return cases.map((policyCase, index) => {
    const { line } = reading.source.faultAt(['cases', index], '');
    return { file, line, policyCase };
  });
}

/** The policies that stand in files of their own, by the names under which the cases know them. */
function policiesNamed(shaped: CaseFile, file: string): ReadonlyMap<string, object> {
  const names = [shaped.policy, ...shaped.cases.map(({ policy }) => policy)].flatMap(
    (policy) => fileNamed(policy) ?? [],
  );
  return new Map(
    [...new Set(names)].map((name) => {
      const path = join(dirname(file), name);
      const format = name.endsWith('.json') ? 'json' : 'yaml';
      return [name, located(path, () => parsePolicy(bytesOf(path), format))];
    }),
  );
}

function located<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PolicyFault)) throw error;
    throw new CasesMalformed(error.errors.map((fault) => ({ ...fault, file })));
  }
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const message = `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new CasesMalformed([{ file, path: '', message, line: 1, column: 1 }]);
  }
}

/** Why a case of the right shape still says nothing that could be evaluated. */
function faultsOf(each: PolicyCase, shaped: CaseFile, index: number, { source }: Reading): readonly PolicyFaultPlace[] {
  const at: Path = ['cases', index];
  try {
    evaluationOf(each);
    return [];
  } catch (error) {
    const written = shaped.cases[index];
    if (error instanceof PolicyFault) {
      const base =
        written?.policy !== undefined ? [...at, 'policy'] : written?.requirements !== undefined ? at : ['policy'];
      return error.errors.map(({ path, message }) => source.faultAt([...base, ...stepsOf(path)], message));
    }
    const told = error instanceof Error ? error.message : String(error);
    if (error instanceof AppError) {
      const fields = (error.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
      return [source.faultAt([...at, 'parameters'], fields.length === 0 ? told : fields.join('; '))];
    }
    // Whatever else a case can be wrong in is told by what it names: a key that nobody holds, a predicate that is none.
    return [source.faultAt(at, told)];
  }
}

function stepsOf(path: string): Path {
  return [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([step, index]) => (index === undefined ? step : Number(index)));
}
