import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CASES_AT } from '../../src/policy-test/case-shape.js';
import type { PolicyCase } from '../../src/policy-test/policy-cases.js';
import { readCaseFile } from '../../src/policy-test/read-case-file.js';

/** Every case of this project's own, made for a moment. Throws where a file is malformed. */
export function loadPolicyCases(now = CASES_AT): readonly PolicyCase[] {
  const directory = fileURLToPath(new URL('./policy/', import.meta.url));
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => readCaseFile(`${directory}${file}`, now).map(({ policyCase }) => policyCase));
}
