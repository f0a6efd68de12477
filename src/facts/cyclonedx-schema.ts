import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';
import type { PredicateField } from './predicate-field.js';

/** The versions of the specification that have a JSON form, and the files of their strict schemas. */
const SCHEMAS: ReadonlyMap<string, string> = new Map([
  ['1.2', 'bom-1.2-strict.SNAPSHOT.schema.json'],
  ['1.3', 'bom-1.3-strict.SNAPSHOT.schema.json'],
  ['1.4', 'bom-1.4.SNAPSHOT.schema.json'],
  ['1.5', 'bom-1.5.SNAPSHOT.schema.json'],
  ['1.6', 'bom-1.6.SNAPSHOT.schema.json'],
  ['1.7', 'bom-1.7.SNAPSHOT.schema.json'],
]);
/** What they refer to. */
const REFERRED = [
  'spdx.SNAPSHOT.schema.json',
  'cryptography-defs.SNAPSHOT.schema.json',
  'jsf-0.82.SNAPSHOT.schema.json',
];

const compiled = new Map<string, ValidateFunction>();

/**
 * Holds a CycloneDX document to the strict schema of its version, as CycloneDX' own library ships it, and notes what does
 * not fit as faults. Takes time linear in the document's size, which the library's validator does not: it compares every
 * element of a list with every other to find one that stands twice, which decides nothing here and is not looked for.
 * A schema is read from the library's files and compiled when it is first needed, which takes some 0.2 s in each thread.
 */
export function validateCycloneDx(document: PredicateField): void {
  const version = document.text('specVersion') ?? '';
  if (!SCHEMAS.has(version)) {
    document.member('specVersion').fault(`must be one of ${[...SCHEMAS.keys()].join(', ')}`);
    return;
  }
  const validate = validatorFor(version);
  if (validate(document.value)) return;
  for (const { instancePath, message } of validate.errors ?? []) {
    document.at(instancePath).fault(message ?? 'does not fit the schema');
  }
}

function validatorFor(version: string): ValidateFunction {
  const known = compiled.get(version);
  if (known !== undefined) return known;
  const ajv = new Ajv({ strict: false, addUsedSchema: false });
  for (const file of REFERRED) ajv.addSchema(readSchema(file), `http://cyclonedx.org/schema/${file}`);
  ajvFormats.default(ajv);
  // As loose as CycloneDX' library is about references, and about addresses what does not cost more than it tells.
  ajv.addFormat('iri-reference', true);
  ajv.addFormat('idn-email', /^[^\s@]+@[^\s@]+$/);
  const validate = ajv.compile(readSchema(SCHEMAS.get(version) ?? ''));
  compiled.set(version, validate);
  return validate;
}

function readSchema(file: string): object {
  const library = dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json'));
  const text = readFileSync(join(library, 'res', 'schema', file), 'utf8');
  return JSON.parse(text, (key, value: unknown) =>
    key === 'uniqueItems' && value === true ? undefined : value,
  ) as object;
}
