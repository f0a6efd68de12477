/**
 * A licence as a bill of materials writes it: an SPDX expression (SPDX 2.3, annex D), or a name that is none. Each leaf is
 * what it was written as, and what it is without an exception.
 */
export type Licence =
  | { readonly type: 'name'; readonly names: readonly string[] }
  | { readonly type: 'all' | 'any'; readonly parts: readonly Licence[] };

/** Deeper than any in use; an expression is not worth a stack. */
const MOST_NESTED = 32;

/** Reads a licence. What is no expression is one name: `GPLv2 or later` says less than it seems to. */
export function parseLicence(text: string): Licence {
  return new LicenceReader(tokensOf(text)).whole() ?? { type: 'name', names: [text.trim()] };
}

/**
 * Whether a licence can be complied with by such names alone: of a choice one is enough, of what holds together all are
 * needed.
 */
export function isMetBy(licence: Licence, isAccepted: (names: readonly string[]) => boolean): boolean {
  switch (licence.type) {
    case 'name':
      return isAccepted(licence.names);
    case 'all':
      return licence.parts.every((part) => isMetBy(part, isAccepted));
    case 'any':
      return licence.parts.some((part) => isMetBy(part, isAccepted));
  }
}

/**
 * Every name that a licence mentions, also those of a choice, and of what is no expression all words: what is denied is not
 * let in by a bracket too few.
 */
export function namesMentioned(text: string): readonly string[] {
  const tokens = tokensOf(text);
  const licence = new LicenceReader(tokens).whole();
  if (licence !== null) return namesIn(licence);
  return [text.trim(), ...tokens.filter((token) => !NO_NAMES.includes(token)).flatMap(sameLicence)];
}

function namesIn(licence: Licence): readonly string[] {
  return licence.type === 'name' ? licence.names : licence.parts.flatMap(namesIn);
}

const NO_NAMES = ['(', ')', 'AND', 'OR', 'WITH'];

function tokensOf(text: string): readonly string[] {
  return text.match(/[()]|[^\s()]+/g) ?? [];
}

/** The ids by which the GNU licences were known before SPDX 3.0 of its list, and those that say the same since. */
const GNU = /^((?:A|L)?GPL-[123]\.[01]|GFDL-1\.[123])(\+|-only|-or-later)?$/i;

/** All ids that mean the same licence as this one: `GPL-3.0` is `GPL-3.0-only`, and `GPL-3.0+` is `GPL-3.0-or-later`. */
function sameLicence(id: string): readonly string[] {
  const [, licence, suffix] = GNU.exec(id) ?? [];
  if (licence === undefined) return [id];
  const isOnly = suffix === undefined || suffix.toLowerCase() === '-only';
  return [...new Set([id, ...(isOnly ? [licence, `${licence}-only`] : [`${licence}+`, `${licence}-or-later`])])];
}

class LicenceReader {
  private at = 0;

  constructor(private readonly tokens: readonly string[]) {}

  /** null where the tokens are no expression. */
  whole(): Licence | null {
    const licence = this.joined('OR', 0);
    return this.at === this.tokens.length ? licence : null;
  }

  /** Parts joined by one operator; `AND` binds closer than `OR`. */
  private joined(operator: 'AND' | 'OR', depth: number): Licence | null {
    const parts: Licence[] = [];
    do {
      const part = operator === 'OR' ? this.joined('AND', depth) : this.single(depth);
      if (part === null) return null;
      parts.push(part);
    } while (this.take(operator));
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return only;
    return { type: operator === 'OR' ? 'any' : 'all', parts };
  }

  private single(depth: number): Licence | null {
    if (this.take('(')) {
      const inner = depth < MOST_NESTED ? this.joined('OR', depth + 1) : null;
      return this.take(')') ? inner : null;
    }
    const id = this.id();
    if (id === null) return null;
    if (!this.take('WITH')) return { type: 'name', names: sameLicence(id) };
    const exception = this.id();
    return exception === null
      ? null
      : { type: 'name', names: sameLicence(id).flatMap((same) => [`${same} WITH ${exception}`, same]) };
  }

  private id(): string | null {
    const token = this.tokens[this.at];
    if (token === undefined || NO_NAMES.includes(token)) return null;
    this.at += 1;
    return token;
  }

  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at += 1;
    return true;
  }
}
