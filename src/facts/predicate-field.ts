import type { FaultList } from '../intoto/fault-list.js';
import { elementPath, memberPath } from '../intoto/json-path.js';
import type { FactContent, Json, Timestamp } from './fact.js';
import { parseTime } from './parse-time.js';

/** What one predicate says, before it is known under which predicate type. */
export interface Reading {
  readonly content: FactContent;
  /** When the predicate says it happened, or null where it does not say. */
  readonly ownTime: Timestamp | null;
}

/** Reads a predicate of one type; faults are noted on the fields where they stand. */
export type PredicateReader = (predicate: PredicateField) => readonly Reading[];

/**
 * One place in a predicate, which knows the way to itself. Unset, null and the empty string are the same (SLSA v1). A
 * method that finds something else than it asks for notes a fault and answers as if it had found nothing, so that one
 * pass finds every fault; what was read counts only when no fault was noted anywhere.
 */
export class PredicateField {
  readonly #faults: FaultList;
  readonly #parent: PredicateField | null;
  readonly #key: string | number;
  #faulty = false;

  private constructor(
    readonly value: unknown,
    faults: FaultList,
    parent: PredicateField | null,
    key: string | number,
  ) {
    this.#faults = faults;
    this.#parent = parent;
    this.#key = key;
  }

  /** The predicate itself. */
  static root(value: unknown, faults: FaultList): PredicateField {
    return new PredicateField(value, faults, null, '');
  }

  get path(): string {
    if (this.#parent === null) return '';
    const parent = this.#parent.path;
    return typeof this.#key === 'number' ? elementPath(parent, this.#key) : memberPath(parent, this.#key);
  }

  get isSet(): boolean {
    return isSet(this.value);
  }

  get isObject(): boolean {
    return isObject(this.value);
  }

  /** Names of the members that are set. */
  get names(): readonly string[] {
    const { value } = this;
    return isObject(value) ? Object.keys(value).filter((name) => isSet(value[name])) : [];
  }

  /** Below a fault that something is no object nothing is found, and nothing more is said. */
  fault(message: string): void {
    const said = this.#parent !== null && this.#parent.#faulty && !this.#parent.isObject;
    this.#faulty = true;
    if (!said) this.#faults.add(this.#faults.full ? '' : this.path, message);
  }

  has(name: string): boolean {
    return isSet(this.#own(name));
  }

  /** The member of this name, whatever it is; unset where there is none. */
  member(name: string): PredicateField {
    return new PredicateField(this.#own(name), this.#faults, this, name);
  }

  /** The place that a JSON pointer (RFC 6901) leads to from here; unset where there is nothing. */
  at(pointer: string): PredicateField {
    return pointer
      .split('/')
      .slice(1)
      .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<PredicateField>((place, token) => {
        if (!Array.isArray(place.value)) return place.member(token);
        const index = Number(token);
        return new PredicateField(place.value[index], this.#faults, place, index);
      }, this);
  }

  /** The same place, which holds this value in another form: as JSON in a string, say. */
  holding(value: unknown): PredicateField {
    return new PredicateField(value, this.#faults, this.#parent, this.#key);
  }

  /** The member as it stands, null where it is unset. */
  json(name: string): Json {
    const value = this.#own(name);
    // What is read here was parsed from JSON, and parts of it are JSON.
    return isSet(value) ? (value as Json) : null;
  }

  /** An object, if it is set. */
  object(name: string): PredicateField {
    const member = this.member(name);
    if (member.isSet && !member.isObject) member.fault('must be an object');
    return member;
  }

  requiredObject(name: string): PredicateField {
    const member = this.member(name);
    if (!member.isObject) member.fault('must be an object');
    return member;
  }

  /** The elements where this is an array, whatever they are; none where it is anything else. */
  get elements(): readonly PredicateField[] {
    const { value } = this;
    if (!Array.isArray(value)) return [];
    return value.map((element, index) => new PredicateField(element, this.#faults, this, index));
  }

  /** The elements of an array, if it is set. */
  list(name: string): readonly PredicateField[] {
    return this.has(name) ? this.requiredList(name) : [];
  }

  requiredList(name: string): readonly PredicateField[] {
    const member = this.member(name);
    if (Array.isArray(member.value)) return member.elements;
    member.fault('must be an array');
    return [];
  }

  /** The elements of an array of objects, if it is set. */
  objects(name: string): readonly PredicateField[] {
    return this.has(name) ? this.requiredObjects(name) : [];
  }

  requiredObjects(name: string): readonly PredicateField[] {
    const elements = this.requiredList(name);
    for (const element of elements) if (!element.isObject) element.fault('must be an object');
    return elements;
  }

  /** The elements of an array of strings, if it is set. */
  texts(name: string): readonly string[] {
    return this.list(name).flatMap((element) => {
      if (typeof element.value === 'string') return [element.value];
      element.fault('must be a string');
      return [];
    });
  }

  text(name: string): string | null {
    const value = this.#own(name);
    if (!isSet(value)) return null;
    if (typeof value === 'string') return value;
    this.member(name).fault('must be a string');
    return null;
  }

  requiredText(name: string): string {
    const value = this.#own(name);
    if (typeof value === 'string' && value !== '') return value;
    this.member(name).fault('must be a string that is not empty');
    return '';
  }

  /** A string on which nothing depends: anything else reads as unset. */
  hint(name: string): string | null {
    const value = this.#own(name);
    return typeof value === 'string' && value !== '' ? value : null;
  }

  time(name: string): Timestamp | null {
    const text = this.text(name);
    if (text === null) return null;
    try {
      return parseTime(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.member(name).fault(error.message);
      return null;
    }
  }

  requiredTime(name: string): Timestamp {
    if (!this.has(name)) this.member(name).fault('must be an RFC 3339 time');
    return this.time(name) ?? '';
  }

  #own(name: string): unknown {
    return isObject(this.value) && Object.hasOwn(this.value, name) ? this.value[name] : undefined;
  }
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
