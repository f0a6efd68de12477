import type { PredicateField } from './predicate-field.js';

/** The components of a list with those within them, each after what it is part of. However deep, nothing recurses. */
export function* componentFields(list: readonly PredicateField[]): Generator<PredicateField> {
  const open = [list.values()];
  for (let within = open.at(-1); within !== undefined; within = open.at(-1)) {
    const { value, done } = within.next();
    if (done === true) open.pop();
    else {
      yield value;
      open.push(value.member('components').elements.values());
    }
  }
}
