const MAX_QUOTED_LENGTH = 80;

/** The path of an object's member: `subject` at the top, `digest.sha256`, `digest["gitoid:sha1"]`. */
export function memberPath(parent: string, name: string): string {
  if (!/^[A-Za-z_$][\w$-]{0,79}$/.test(name)) return `${parent}[${quoted(name)}]`;
  return parent === '' ? name : `${parent}.${name}`;
}

/** The path of an array's element: `signatures[2]`. */
export function elementPath(parent: string, index: number): string {
  return `${parent}[${index}]`;
}

/** A path within a document that itself stands at a place of another one: `protected` and `alg` make `protected.alg`. */
export function innerPath(parent: string, path: string): string {
  if (parent === '' || path === '' || path.startsWith('[')) return `${parent}${path}`;
  return `${parent}.${path}`;
}

/**
 * Text of unknown origin, fit to stand in a message: quoted, cut to 80 characters, control characters and halves of
 * surrogate pairs escaped.
 */
export function quoted(text: string): string {
  if (text.length <= MAX_QUOTED_LENGTH) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, MAX_QUOTED_LENGTH).toWellFormed())}…`;
}
