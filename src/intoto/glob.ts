/**
 * Compiles an anchored glob: `*` stands for any run of characters within one `/` segment, `**` for any run at all, every
 * other character for itself. Matching takes time linear in text times pattern, so no pattern can stall a reader.
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  const first = pattern.indexOf('*');
  if (first === -1) return (text) => text === pattern;
  const last = pattern.lastIndexOf('*') + 1;
  const head = pattern.slice(0, first);
  const tail = pattern.slice(last);
  const matchesBetween = compileStars(pattern.slice(first, last));
  return (text) =>
    text.length >= head.length + tail.length &&
    text.startsWith(head) &&
    text.endsWith(tail) &&
    matchesBetween(text.slice(head.length, text.length - tail.length));
}

/** Most globs hold one star, for which nothing has to be tried. */
function compileStars(pattern: string): (text: string) => boolean {
  if (pattern === '**') return () => true;
  if (pattern === '*') return (text) => !text.includes('/');
  const tokens = pattern.match(/\*\*|\*|[^*]/gsu) ?? [];
  return (text) => matches(tokens, Array.from(text));
}

function matches(tokens: readonly string[], text: readonly string[]): boolean {
  // States are positions in `tokens`; a star is a state that may stay where it is.
  let states = closure(tokens, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const state of states) {
      const token = tokens[state];
      if (token === '**' || (token === '*' && character !== '/')) next.add(state);
      else if (token === character) next.add(state + 1);
    }
    if (next.size === 0) return false;
    states = closure(tokens, next);
  }
  return states.has(tokens.length);
}

function closure(tokens: readonly string[], states: Set<number>): Set<number> {
  for (const state of states) {
    const token = tokens[state];
    if (token === '*' || token === '**') states.add(state + 1);
  }
  return states;
}
