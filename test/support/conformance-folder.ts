import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'vitest';

/** Where the public conformance data lies: `ASSAY_CONFORMANCE_DIR`, or beside the project. */
export const conformanceFolder = resolve(
  process.env.ASSAY_CONFORMANCE_DIR ?? join(import.meta.dirname, '../../../shared/conformance'),
);

/** A suite over the conformance data; where the folder is missing it is one skipped test that says so. */
export function describeConformance(name: string, suite: () => void): void {
  if (existsSync(conformanceFolder)) {
    describe(name, suite);
    return;
  }
  describe(name, () => {
    it.skip(`NOT RUN: there is no conformance data at ${conformanceFolder}`, () => undefined);
  });
}

/** The bytes of one file of the conformance data. */
export function conformanceFile(...path: readonly string[]): Buffer {
  return readFileSync(join(conformanceFolder, ...path));
}
