import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { PolicyFault, type PolicyFaultPlace } from './policy-fault.js';

export type PolicyFormat = 'yaml' | 'json';

/** Steps from the document's root: field names and list positions. */
export type Path = readonly (string | number)[];

/** A document as JSON values, which remembers where in the text each one stood. */
export interface PolicySource {
  readonly value: unknown;
  /** A fault at the value with this path, or at the nearest one above where it is absent. */
  faultAt(path: Path, message: string): PolicyFaultPlace;
  /** A fault at the name of a field. */
  faultAtField(path: Path, field: string, message: string): PolicyFaultPlace;
}

const MOST_BYTES = 256 * 1024;
const MOST_NESTING = 64;
const MOST_SYNTAX_FAULTS = 10;

/**
 * Reads a policy's text as YAML 1.2 (core schema) or JSON, at most 256 KiB, one document. What makes one text mean two
 * things, or little text mean much, is refused: repeated fields, anchors, aliases, merge keys, tags, directives.
 * Throws PolicyFault.
 */
export function readPolicySource(source: string | Uint8Array, format: PolicyFormat): PolicySource {
  const text = decode(source);
  if (format === 'json') requireJson(text);
  const lines = new LineCounter();
  // The library compares each field name with all before it, so a flat document of many names would take minutes.
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: format === 'json' ? 'json' : 'core',
    uniqueKeys: false,
    stringKeys: true,
    merge: false,
    prettyErrors: false,
    // Under `silent` a second document would go unnoticed.
    logLevel: 'error',
  });
  const at = (offset: number, path: Path, message: string): PolicyFaultPlace => {
    const { line, col } = lines.linePos(offset);
    return { path: pathText(path), message, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    const tooDeep = syntax.find((error) => error.code === 'RESOURCE_EXHAUSTION');
    const told = tooDeep === undefined ? syntax.slice(0, MOST_SYNTAX_FAULTS) : [tooDeep];
    throw new PolicyFault(
      told.map((error) => at(error.pos[0], [], tooDeep === undefined ? syntaxMessage(error) : 'nested too deeply')),
    );
  }
  const reader = new Reader(at);
  if (hasDirectives(document))
    reader.fault(0, [], 'directives are not accepted; leave out the lines that begin with %');
  if (document.contents === null) throw new PolicyFault([at(0, [], 'the document is empty')]);
  const value = reader.value(document.contents, []);
  if (reader.faults.length > 0) throw new PolicyFault(reader.faults);
  return {
    value,
    faultAt: (path, message) => at(offsetOf(document.contents, path), path, message),
    faultAtField: (path, field, message) =>
      at(offsetOfField(document.contents, path, field), [...path, field], message),
  };
}

/** A path as people write it: `requirements[2].where.maxCvss`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

function decode(source: string | Uint8Array): string {
  const bytes = typeof source === 'string' ? Buffer.byteLength(source) : source.byteLength;
  if (bytes > MOST_BYTES) throw wholeFault(`the document has ${bytes} bytes; the limit is ${MOST_BYTES}`);
  const text = typeof source === 'string' ? source.replace(/^\ufeff/, '') : decodedUtf8(source);
  if (!isStorable(text)) throw wholeFault(`the document ${UNSTORABLE}`);
  return text;
}

function decodedUtf8(source: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(source);
  } catch (cause) {
    throw wholeFault('the document is not UTF-8 text', cause);
  }
}

/** YAML accepts more than JSON does, so what is declared as JSON has to pass a JSON reader as well. */
function requireJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'the document is not JSON';
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(message) ?? [];
    const place = { path: '', message: message.replace(/ \(line .*\)$/, ''), line: Number(line ?? 1) };
    throw new PolicyFault([{ ...place, column: Number(column ?? 1) }], { cause });
  }
}

function wholeFault(message: string, cause?: unknown): PolicyFault {
  return new PolicyFault([{ path: '', message, line: 1, column: 1 }], { cause });
}

function syntaxMessage(error: Document['errors'][number] | Document['warnings'][number]): string {
  switch (error.code) {
    case 'MULTIPLE_DOCS':
      return 'only one document is accepted';
    case 'NON_STRING_KEY':
      return 'expected a plain field name';
    case 'TAG_RESOLVE_FAILED':
      return 'tags are not accepted';
    case 'BAD_DIRECTIVE':
      return 'directives are not accepted';
    default:
      return error.message;
  }
}

function hasDirectives(document: Document): boolean {
  const { directives } = document;
  return directives !== undefined && (directives.yaml.explicit === true || Object.keys(directives.tags).length > 1);
}

class Reader {
  readonly faults: PolicyFaultPlace[] = [];

  constructor(private readonly at: (offset: number, path: Path, message: string) => PolicyFaultPlace) {}

  fault(offset: number, path: Path, message: string): void {
    this.faults.push(this.at(offset, path, message));
  }

  value(node: unknown, path: Path): unknown {
    if (path.length > MOST_NESTING) {
      this.fault(startOf(node), path, 'nested too deeply');
      return null;
    }
    if (isAlias(node)) {
      this.fault(startOf(node), path, 'aliases are not accepted; write the value out');
      return null;
    }
    this.plain(node, path);
    if (isMap(node)) return this.fields(node.items, path);
    if (isSeq(node)) return node.items.map((item, index) => this.value(item, [...path, index]));
    const value = isScalar(node) ? node.value : null;
    if (typeof value === 'string' && !isStorable(value)) this.fault(startOf(node), path, UNSTORABLE);
    return value;
  }

  private fields(pairs: readonly { readonly key: unknown; readonly value: unknown }[], path: Path): object {
    const fields = new Map<string, unknown>();
    for (const { key, value } of pairs) {
      this.plain(key, path);
      const name = isScalar(key) && typeof key.value === 'string' ? key.value : '';
      if (fields.has(name)) this.fault(startOf(key), [...path, name], 'is given twice');
      else if (name === '<<') this.fault(startOf(key), path, 'merge keys are not accepted; write the fields out');
      else if (name === '__proto__') this.fault(startOf(key), [...path, name], 'is no name of a field');
      else if (!isStorable(name)) this.fault(startOf(key), path, UNSTORABLE);
      fields.set(name, this.value(value, [...path, name]));
    }
    fields.delete('__proto__');
    return Object.fromEntries(fields);
  }

  private plain(node: unknown, path: Path): void {
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return;
    if (node.anchor !== undefined) this.fault(startOf(node), path, 'anchors are not accepted');
    if (node.tag !== undefined) this.fault(startOf(node), path, 'tags are not accepted');
  }
}

const UNSTORABLE = 'holds U+0000 or half of a surrogate pair';

/** What a policy says is quoted in verdicts, and no record can hold these. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function startOf(node: unknown): number {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}

function offsetOf(root: Node | null, path: Path): number {
  let node: unknown = root;
  let offset = startOf(root);
  for (const step of path) {
    if (isMap(node)) node = node.get(step, true);
    else if (isSeq(node)) node = node.get(step, true);
    else return offset;
    if (node === undefined || node === null) return offset;
    offset = startOf(node);
  }
  return offset;
}

function offsetOfField(root: Node | null, path: Path, field: string): number {
  let node: unknown = root;
  for (const step of path) node = isMap(node) || isSeq(node) ? node.get(step, true) : undefined;
  const key = isMap(node) ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === field)?.key : undefined;
  return key === undefined ? offsetOf(root, path) : startOf(key);
}
