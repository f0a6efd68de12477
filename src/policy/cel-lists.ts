import { CelScalar, celFunc, celList, celListConcat, listType, type CelList } from '@bufbuild/cel';

/** Parts of a list that are looked through one after the other before they are put together. */
const MOST_PARTS = 16;
const LIST = listType(CelScalar.DYN);

/** The parts of which a list was made by `concatenated`. */
const partsOf = new WeakMap<CelList, readonly CelList[]>();

/**
 * `+` of two lists, in the place of the library's own. `filter` and `map` make their results by it, an element at a time. The library
 * nests what it puts together, so that a result of some thousands is too deep to be looked through; here no list has more
 * than a few parts, and making one takes time in proportion to its length.
 */
export const LIST_CONCATENATION = celFunc('_+_', [LIST, LIST], LIST, concatenated);

function concatenated(one: CelList, other: CelList): CelList {
  const parts = bounded([...(partsOf.get(one) ?? [one]), ...(partsOf.get(other) ?? [other])]);
  const [only, ...more] = parts;
  if (only !== undefined && more.length === 0) return only;
  const list = celListConcat(...parts);
  partsOf.set(list, parts);
  return list;
}

/** The same elements in few parts. Each is at least twice as long as all that follow it once these were put together. */
function bounded(parts: readonly CelList[]): readonly CelList[] {
  if (parts.length <= MOST_PARTS) return parts;
  let start = parts.length;
  let size = 0;
  for (const part of parts.toReversed()) {
    if (size > 0 && part.size >= 2 * size) break;
    start -= 1;
    size += part.size;
  }
  return [...parts.slice(0, start), celList(parts.slice(start).flatMap((part) => [...part]))];
}
