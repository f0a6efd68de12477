import * as z from 'zod';
import { parameterShapes } from './parameter-shapes.js';
import { documentShape } from './policy-shape.js';
import { requirementId, requirementShapes } from './requirement-shapes.js';

const inner: z.ZodType = z
  .lazy(() => anyOfShapes(requirementShapes(requirementId.optional(), inner)))
  .meta({ id: 'requirement' });

/**
 * The JSON Schema (draft 2020-12) of a policy document, for editors. It accepts what parsePolicy accepts but for what no
 * schema can say: ids that differ, expressions that are CEL, parameters that are declared.
 */
export function policySchema(): object {
  const requirement = anyOfShapes(requirementShapes(requirementId, inner));
  const parameter = z.union(Object.values(parameterShapes));
  const document = documentShape(requirement, parameter);
  return { title: 'Assay policy', ...z.toJSONSchema(document, { target: 'draft-2020-12' }) };
}

function anyOfShapes(shapes: ReturnType<typeof requirementShapes>): z.ZodType {
  const { kind, ...others } = shapes;
  return z.union([...Object.values(kind), ...Object.values(others)]);
}
