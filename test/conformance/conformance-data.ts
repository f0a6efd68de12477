import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { it } from 'vitest';

/** Where the public conformance data is kept: beside the project, or where ASSAY_CONFORMANCE_DIR says. */
export const conformanceDirectory = resolve(
  process.env['ASSAY_CONFORMANCE_DIR'] ?? resolve(import.meta.dirname, '../../../shared/conformance'),
);

/** Declares the tests of a folder of that data, or, where it is missing, one skipped test that says so. */
export function withConformanceData(folder: string, declare: () => void): void {
  const path = resolve(conformanceDirectory, folder);
  if (existsSync(path)) declare();
  else it.skip(`ran nothing: there is no conformance data at ${path}; set ASSAY_CONFORMANCE_DIR`, () => undefined);
}

/** The bytes of a file of the conformance data, by its path within it. */
export function readConformanceFile(path: string): Buffer {
  return readFileSync(resolve(conformanceDirectory, path));
}

/** The names of the files in a folder of the conformance data, in order. */
export function listConformanceFiles(path: string): readonly string[] {
  return readdirSync(resolve(conformanceDirectory, path)).sort();
}
