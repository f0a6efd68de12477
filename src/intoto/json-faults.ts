import { FaultList } from './fault-list.js';
import { elementPath, memberPath, quoted } from './json-path.js';
import { Malformed } from './malformed.js';

/**
 * Reads a refused JSON text again, slowly and without building values, and throws Malformed saying where it breaks the
 * rules of `parseStrictJson`: every fault of content up to the first fault of grammar or depth.
 */
export function throwJsonFaults(
  text: string,
  maxDepth: number,
  document: Malformed['document'],
  options?: ErrorOptions,
): never {
  const faults = findJsonFaults(text, maxDepth);
  faults.throwIfAny(document, options);
  // Both readings follow one grammar; should they ever disagree, the document is refused all the same.
  throw new Malformed(document, [{ path: '', message: 'is not acceptable JSON' }], options);
}

/** The faults of a JSON text under the rules of `parseStrictJson`; none where it would be accepted. */
export function findJsonFaults(text: string, maxDepth: number): FaultList {
  const reader = new JsonReader(text, maxDepth);
  reader.read();
  return reader.faults;
}

/** An object or array that is not closed yet, and where in it the reader stands. */
type Open = { readonly names: Set<string>; name: string } | { readonly names: null; index: number };

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;

class JsonReader {
  readonly faults = new FaultList();
  readonly #open: Open[] = [];
  #at = 0;

  constructor(
    readonly text: string,
    readonly maxDepth: number,
  ) {}

  read(): void {
    if (this.text.startsWith('\uFEFF')) this.faults.add('', 'starts with a byte order mark');
    else while (this.#value());
  }

  /** Reads one value, or the opening of one, and what follows it; false at the end and at a fault of grammar. */
  #value(): boolean {
    this.#skipSpace();
    const start = this.text[this.#at];
    if (start === '{' || start === '[') return this.#opening(start === '{');
    if (start === '"') {
      const string = this.#string();
      if (string === null) return false;
      this.#checkText(string, 'holds');
    } else if (!this.#scalar()) return this.#stop('a value');
    return this.#afterValue();
  }

  #opening(isObject: boolean): boolean {
    if (this.#open.length >= this.maxDepth) {
      this.#fault(`is nested deeper than ${this.maxDepth} levels`);
      return false;
    }
    this.#at++;
    this.#skipSpace();
    if (this.text[this.#at] === (isObject ? '}' : ']')) {
      this.#at++;
      return this.#afterValue();
    }
    const opened: Open = isObject ? { names: new Set(), name: '' } : { names: null, index: 0 };
    if (opened.names === null) {
      this.#open.push(opened);
      return true;
    }
    return this.#name(opened.names);
  }

  /** Reads a member's name and the colon; `names` are those its object has had so far. */
  #name(names: Set<string>): boolean {
    this.#skipSpace();
    if (this.text[this.#at] !== '"') return this.#stop('a name in double quotes');
    const name = this.#string();
    if (name === null) return false;
    this.#open.push({ names, name });
    if (names.has(name)) this.#fault('stands twice in its object');
    names.add(name);
    if (name === '__proto__') this.#fault('is a name that is not accepted');
    this.#checkText(name, 'has a name with');
    this.#skipSpace();
    if (this.text[this.#at] !== ':') return this.#stop('a colon');
    this.#at++;
    return true;
  }

  #afterValue(): boolean {
    for (;;) {
      this.#skipSpace();
      const open = this.#open.at(-1);
      const next = this.text[this.#at];
      if (open === undefined) return next === undefined ? false : this.#stop('the end');
      const closing = open.names === null ? ']' : '}';
      if (next === ',') {
        this.#at++;
        if (open.names === null) {
          open.index++;
          return true;
        }
        this.#open.pop();
        return this.#name(open.names);
      }
      if (next !== closing) return this.#stop(`a comma or ${closing}`);
      this.#open.pop();
      this.#at++;
    }
  }

  /** The string that starts here, unescaped, or null where it is none. */
  #string(): string | null {
    const end = this.#endOfString();
    if (end !== null) {
      try {
        const string: unknown = JSON.parse(this.text.slice(this.#at, end));
        this.#at = end;
        if (typeof string === 'string') return string;
      } catch {
        this.#fault(`holds a control character or an unknown escape, in the string at character ${this.#at}`);
        return null;
      }
    }
    this.#fault(`holds a string without an end, from character ${this.#at}`);
    return null;
  }

  #endOfString(): number | null {
    for (let quote = this.text.indexOf('"', this.#at + 1); quote !== -1; quote = this.text.indexOf('"', quote + 1)) {
      let start = quote;
      while (this.text[start - 1] === '\\') start--;
      if ((quote - start) % 2 === 0) return quote + 1;
    }
    return null;
  }

  #scalar(): boolean {
    const token = this.#token(LITERAL) ?? this.#token(NUMBER);
    if (token === null) return false;
    if (/^[-\d]/.test(token) && !Number.isFinite(Number(token))) this.#fault('is a number beyond every double');
    this.#at += token.length;
    return true;
  }

  #token(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.text)?.[0] ?? null;
  }

  #checkText(text: string, verb: string): void {
    if (text.includes('\0')) this.#fault(`${verb} U+0000`);
    if (!text.isWellFormed()) this.#fault(`${verb} half of a surrogate pair`);
  }

  #skipSpace(): void {
    while (/[ \t\n\r]/.test(this.text[this.#at] ?? '')) this.#at++;
  }

  #stop(expected: string): false {
    const found = this.text[this.#at];
    const what = found === undefined ? 'ends' : `has ${quoted(found)}`;
    this.#fault(`is not JSON: ${what} at character ${this.#at} where ${expected} is expected`);
    return false;
  }

  #fault(message: string): void {
    this.faults.add(this.faults.full ? '' : this.#path(), message);
  }

  #path(): string {
    return this.#open.reduce(
      (path, open) => (open.names === null ? elementPath(path, open.index) : memberPath(path, open.name)),
      '',
    );
  }
}
