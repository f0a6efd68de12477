import * as z from 'zod';
import type { ParameterDeclaration, PolicyDocument } from './policy-document.js';
import { PolicyFault } from './policy-fault.js';
import { documentShape } from './policy-shape.js';
import { readPolicySource, type PolicyFormat } from './policy-source.js';
import { readParameters } from './read-parameters.js';
import { RequirementReader } from './requirement-reader.js';
import { fieldOf, listOf, readShape, type Reading } from './shape-reading.js';

/** The document around its parameters and requirements, which are read one by one for the sake of their faults. */
const frameShape = documentShape(z.unknown(), z.unknown());

/**
 * Reads a policy document: its text, its shape, and what no shape can say, such as that ids differ and that expressions
 * are CEL within its limits. What passes can be compiled.
 *
 * @throws PolicyFault with every fault found, each with line, column, path and what was expected.
 */
export function parsePolicy(source: string | Uint8Array, format: PolicyFormat): PolicyDocument {
  const reading: Reading = { source: readPolicySource(source, format), faults: [] };
  const { value } = reading.source;
  const frame = readShape(reading, frameShape, value, []);
  const parameters = readParameters(reading, fieldOf(value, 'parameters'));
  const reader = new RequirementReader(reading, parameters);
  const requirements = listOf(fieldOf(value, 'requirements')).flatMap((requirement, index) => {
    const read = reader.requirement(requirement, ['requirements', index]);
    return read === null ? [] : [read];
  });
  // A requirement about builds that is at fault itself would be missed for no reason of its own.
  if (reading.faults.length === 0) reader.together(requirements);
  if (frame === null || reading.faults.length > 0) throw new PolicyFault(reading.faults);
  const { parameters: given, ...rest } = frame;
  const declared: readonly (readonly [string, ParameterDeclaration])[] = [...parameters].flatMap(
    ([name, declaration]) => (declaration === null ? [] : [[name, declaration] as const]),
  );
  return { ...rest, ...(given === undefined ? {} : { parameters: Object.fromEntries(declared) }), requirements };
}
