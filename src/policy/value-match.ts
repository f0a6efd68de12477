import { compileGlob } from '../intoto/glob.js';
import { parameterValue, plainText, referencedParameter } from './parameter-reference.js';
import type { Parameters } from './verdict.js';

/** Makes a value that may be a parameter into the value itself. */
export type Bind<T> = (parameters: Parameters) => T;

/** A text of a `where`, bound once the parameters are known. */
export function bindText(value: string): Bind<string> {
  const name = referencedParameter(value);
  if (name === null) {
    const text = plainText(value);
    return () => text;
  }
  return (parameters) => {
    const given = parameterValue(parameters, name);
    if (typeof given !== 'string') throw new Error(`parameter ${name} is no text`);
    return given;
  };
}

/** A number of a `where`, bound once the parameters are known. */
export function bindNumber(value: number | string): Bind<number> {
  if (typeof value === 'number') return () => value;
  const name = referencedParameter(value);
  if (name === null) throw new Error(`neither a number nor a parameter: ${value}`);
  return (parameters) => {
    const given = parameterValue(parameters, name);
    if (typeof given !== 'number') throw new Error(`parameter ${name} is no number`);
    return given;
  };
}

/** A pattern of a `where`: what it looks like in words, and whether a text fits it. */
export interface Pattern {
  readonly text: string;
  matches(text: string): boolean;
}

/** A glob; a parameter stands for exactly its value, whatever stars a gate puts into it. */
export function bindPattern(value: string): Bind<Pattern> {
  const bind = bindText(value);
  if (referencedParameter(value) === null) {
    const text = plainText(value);
    const pattern = { text, matches: compileGlob(text) };
    return () => pattern;
  }
  return (parameters) => {
    const text = bind(parameters);
    return { text, matches: (candidate) => candidate === text };
  };
}
