import { innerPath } from './json-path.js';
import { Malformed, type Fault } from './malformed.js';

/** Faults listed one by one; what exceeds it is only counted, so that no document can make a long answer. */
const MAX_LISTED = 100;
const MAX_TEXT_LENGTH = 500;

/** Gathers the faults of one document, so that its sender sees them all at once. */
export class FaultList {
  readonly #listed: Fault[] = [];
  #unlisted = 0;

  /** Whether a further fault would only be counted: its path need not be worked out. */
  get full(): boolean {
    return this.#listed.length >= MAX_LISTED;
  }

  add(path: string, message: string): void {
    if (this.full) this.#unlisted++;
    else this.#listed.push({ path: clipped(path), message: clipped(message) });
  }

  /** What is read of a document that stands at the path; undefined where it is Malformed: its faults are taken over. */
  within<T>(path: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      for (const fault of error.faults) this.add(innerPath(path, fault.path), fault.message);
      return undefined;
    }
  }

  /** Throws Malformed with the listed faults, and a last one without a path that says how many more there are. */
  throwIfAny(document: Malformed['document'], options?: ErrorOptions): void {
    if (this.#listed.length === 0) return;
    const more = this.#unlisted === 1 ? '1 more fault' : `${this.#unlisted} more faults`;
    const rest = this.#unlisted === 0 ? [] : [{ path: '', message: `has ${more} like these` }];
    throw new Malformed(document, [...this.#listed, ...rest], options);
  }
}

/** Texts of a fault may be stored, and the database holds no half of a surrogate pair: a cut must not leave one. */
function clipped(text: string): string {
  return text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH).toWellFormed()}…`;
}
