/** Something that may be counted, with one of those it may be counted for. */
export type Claim = readonly [counted: string, countedFor: string];

/**
 * How many can be counted when nothing is counted twice and nobody is counted for twice: the size of a maximum matching.
 * Taking a claim away never raises it, which no order of first come, first served could promise.
 */
export function countDistinct(claims: Iterable<Claim>): number {
  const options = new Map<string, Set<string>>();
  for (const [counted, countedFor] of claims) {
    const known = options.get(counted);
    if (known === undefined) options.set(counted, new Set([countedFor]));
    else known.add(countedFor);
  }
  const taken = new Map<string, string>();
  const place = (counted: string, tried: Set<string>): boolean => {
    for (const option of options.get(counted) ?? []) {
      if (tried.has(option)) continue;
      tried.add(option);
      const holder = taken.get(option);
      if (holder === undefined || place(holder, tried)) {
        taken.set(option, counted);
        return true;
      }
    }
    return false;
  };
  let size = 0;
  for (const counted of options.keys()) if (place(counted, new Set())) size += 1;
  return size;
}
