import { Failure } from './failure.js';

/** Reads what was given as `--param NAME=VALUE`, any number of times. Throws Failure for anything else and for repetition. */
export function parseNameValues(option: string, given: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const text of given) {
    const equals = text.indexOf('=');
    if (equals < 1) throw new Failure(`${option} takes NAME=VALUE, not ${text}`);
    const name = text.slice(0, equals);
    if (values.has(name)) throw new Failure(`${option} ${name} is given twice`);
    values.set(name, text.slice(equals + 1));
  }
  return values;
}
