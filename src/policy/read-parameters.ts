import type { ParameterDeclaration } from './policy-document.js';
import { parameterShapes } from './parameter-shapes.js';
import type { Path } from './policy-source.js';
import { fieldOf, isFields, readShape, type Reading } from './shape-reading.js';

/** The declared parameters by name; null where a declaration is at fault and so says nothing. */
export type DeclaredParameters = ReadonlyMap<string, ParameterDeclaration | null>;

/** Reads the declarations of a document, each held against the shape of its type. Faults are noted in the reading. */
export function readParameters(reading: Reading, given: unknown): DeclaredParameters {
  const declared = new Map<string, ParameterDeclaration | null>();
  if (!isFields(given)) return declared;
  for (const [name, value] of Object.entries(given)) {
    declared.set(name, readDeclaration(reading, value, ['parameters', name]));
  }
  return declared;
}

function readDeclaration(reading: Reading, value: unknown, path: Path): ParameterDeclaration | null {
  const type = fieldOf(value, 'type');
  if (!isParameterType(type)) {
    const expected = `expected a type, one of ${Object.keys(parameterShapes).join(', ')}`;
    reading.faults.push(reading.source.faultAt(type === undefined ? path : [...path, 'type'], expected));
    return null;
  }
  const declaration: ParameterDeclaration | null = readShape(reading, parameterShapes[type], value, path);
  if (declaration?.default === undefined) return declaration;
  const atDefault = (message: string): void => {
    reading.faults.push(reading.source.faultAt([...path, 'default'], message));
  };
  if (declaration.required === true) atDefault('a required parameter has no default');
  if (declaration.oneOf?.includes(declaration.default) === false) atDefault('expected one of the values of oneOf');
  return declaration;
}

function isParameterType(type: unknown): type is keyof typeof parameterShapes {
  return typeof type === 'string' && Object.hasOwn(parameterShapes, type);
}
