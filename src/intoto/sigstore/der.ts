import { ASN1Obj } from '@sigstore/core';

/** Identifier octets (X.690, 8.1.2) of what is read here. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The identifier octet of a context-specific tag. */
export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

/** The identifier octet with which the node was written; undefined where there is no node. */
export function tagOf(node: ASN1Obj | undefined): number | undefined {
  return node?.tag.toDER();
}

/**
 * The DER of a node as it was read. Since the reader accepts minimal lengths only, it is the tag, the length and the
 * content once more: the same bytes as the library's `toDER`, which encodes every descendant anew, at a fraction of the cost.
 */
export function derOf({ tag, value }: ASN1Obj): Buffer {
  return encoded(tag.toDER(), value);
}

function encoded(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const sizeOfLength = length < 0x80 ? 0 : Math.ceil(length.toString(16).length / 2);
  const der = Buffer.allocUnsafe(2 + sizeOfLength + length);
  der[0] = tag;
  der[1] = sizeOfLength === 0 ? length : 0x80 + sizeOfLength;
  if (sizeOfLength > 0) der.writeUIntBE(length, 2, sizeOfLength);
  content.copy(der, 2 + sizeOfLength);
  return der;
}

/** A node like the one given with other parts, of which more may be taken away before it is encoded. */
export function withSubs({ tag, value }: ASN1Obj, subs: ASN1Obj[]): ASN1Obj {
  return new ChangeableNode(tag, value, subs);
}

class ChangeableNode extends ASN1Obj {
  override toDER(): Buffer {
    // As the library has it: without parts, the content is what it was.
    const content = this.subs.length === 0 ? this.value : Buffer.concat(this.subs.map((sub) => sub.toDER()));
    return encoded(this.tag.toDER(), content);
  }
}

/** A node that is never changed after it was read, and so knows its encoding. */
class ReadNode extends ASN1Obj {
  override toDER(): Buffer {
    return derOf(this);
  }
}

/** Identifiers that were met, as text by their encoding: they are compared more often than anything else. */
const identifiers = new Map<string, string>();
/** A few hundred are in use; beyond, whoever invents identifiers pays for each himself. */
const MAX_IDENTIFIERS = 1000;

class ObjectIdentifierNode extends ReadNode {
  override toOID(): string {
    const encoded = this.value.toString('latin1');
    const known = identifiers.get(encoded);
    if (known !== undefined) return known;
    const text = super.toOID();
    if (identifiers.size < MAX_IDENTIFIERS) identifiers.set(encoded, text);
    return text;
  }
}

const MAX_DEPTH = 100;
/** Tags by their identifier octet, as the library makes them; null where it takes none. */
const tags = new Map<number, ASN1Obj['tag'] | null>();

function tagFor(octet: number): ASN1Obj['tag'] | null {
  const known = tags.get(octet);
  if (known !== undefined) return known;
  let tag: ASN1Obj['tag'] | null = null;
  try {
    tag = ASN1Obj.parseBuffer(Buffer.of(octet, 0)).tag;
  } catch {
    // Not a tag of one octet, or of end of contents.
  }
  tags.set(octet, tag);
  return tag;
}

/**
 * Reads DER, of which nothing may be left over, to what the library reads it to, with nodes that know their encoding. The
 * content of an octet string is read too where it is DER itself; that it mostly is not costs no exception here. Throws
 * where it is no DER.
 */
export function readDer(bytes: Uint8Array): ASN1Obj {
  const der = Buffer.from(bytes);
  const node = nodeAt(der, 0, der.length, 0);
  if (node === null || node.end !== der.length) throw new Error('not DER');
  return node.node;
}

function nodeAt(der: Buffer, at: number, limit: number, depth: number): { node: ASN1Obj; end: number } | null {
  const octet = der[at];
  const tag = octet === undefined || at >= limit || depth > MAX_DEPTH ? null : tagFor(octet);
  const length = tag === null ? null : lengthAt(der, at + 1, limit);
  if (tag === null || length === null) return null;
  const { start, end } = length;
  let subs: ASN1Obj[] | null = [];
  if (tag.constructed || octet === TAG.octetString) subs = nodesIn(der, start, end, depth + 1);
  if (subs === null && tag.constructed) return null;
  const Node = octet === TAG.objectIdentifier ? ObjectIdentifierNode : ReadNode;
  return { node: new Node(tag, der.subarray(start, end), subs ?? []), end };
}

function nodesIn(der: Buffer, start: number, end: number, depth: number): ASN1Obj[] | null {
  const nodes: ASN1Obj[] = [];
  for (let at = start; at < end;) {
    const found = nodeAt(der, at, end, depth);
    if (found === null) return null;
    nodes.push(found.node);
    at = found.end;
  }
  return nodes;
}

/** Where a content starts and ends whose length is written here, in the fewest octets there can be (X.690, 10.1). */
function lengthAt(der: Buffer, at: number, limit: number): { readonly start: number; readonly end: number } | null {
  const first = der[at];
  if (first === undefined || at >= limit) return null;
  const size = first < 0x80 ? 0 : first - 0x80;
  const start = at + 1 + size;
  if (start > limit || size > 6 || first === 0x80 || (size > 0 && der[at + 1] === 0)) return null;
  const length = size === 0 ? first : der.readUIntBE(at + 1, size);
  if (size > 0 && length < 0x80) return null;
  const end = start + length;
  return end > limit ? null : { start, end };
}
