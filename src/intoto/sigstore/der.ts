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
 * content once more: the same bytes as `toDER`, which encodes every descendant anew, at a fraction of the cost.
 */
export function derOf(node: ASN1Obj): Buffer {
  const { length } = node.value;
  const sizeOfLength = length < 0x80 ? 0 : Math.ceil(length.toString(16).length / 2);
  const der = Buffer.allocUnsafe(2 + sizeOfLength + length);
  der[0] = node.tag.toDER();
  der[1] = sizeOfLength === 0 ? length : 0x80 + sizeOfLength;
  if (sizeOfLength > 0) der.writeUIntBE(length, 2, sizeOfLength);
  node.value.copy(der, 2 + sizeOfLength);
  return der;
}

/** The node as one that is never changed after it was read, and so knows its encoding. */
export function unchanged({ tag, value, subs }: ASN1Obj): ASN1Obj {
  return new UnchangedNode(tag, value, subs);
}

class UnchangedNode extends ASN1Obj {
  override toDER(): Buffer {
    return derOf(this);
  }
}

/** An object identifier that is decoded once, however often it is compared. */
export class ObjectIdentifier extends UnchangedNode {
  #text: string | undefined;

  override toOID(): string {
    this.#text ??= super.toOID();
    return this.#text;
  }
}

/** Reads DER, of which nothing may be left over. Throws where it is none. */
export function readDer(bytes: Uint8Array): ASN1Obj {
  return ASN1Obj.parseBuffer(Buffer.from(bytes));
}
