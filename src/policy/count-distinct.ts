/** Something that may be counted, with one of those it may be counted for. */
export type Claim = readonly [counted: string, countedFor: string];

/**
 * Who is counted for what when nothing is counted twice and nobody is counted for twice, and as many as possible are: a
 * maximum matching. Taking a claim away never makes it larger, which first come, first served could not promise.
 */
export function countDistinct(claims: Iterable<Claim>): ReadonlyMap<string, string> {
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
  for (const counted of options.keys()) place(counted, new Set());
  return new Map([...taken].map(([countedFor, counted]) => [counted, countedFor]));
}
