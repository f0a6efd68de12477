import { ASN1Obj } from '@sigstore/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { context, octetString, sequence, tlv } from '../../../test/support/der.js';
import { stamp } from '../../../test/support/rfc3161.js';
import { alternativeNames, basicConstraints, fulcio, issue, keyUsage, uri } from '../../../test/support/x509.js';
import { derOf, readDer } from './der.js';

let documents: Buffer[];

beforeAll(async () => {
  const notBefore = new Date('2024-01-01T00:00:00Z');
  const certificate = await issue({
    commonName: 'Ann',
    notBefore,
    notAfter: new Date('2051-01-01T00:00:00Z'),
    extensions: [
      basicConstraints(true, 3),
      keyUsage(0, 5),
      alternativeNames(uri('https://acme.example')),
      fulcio(1, 'A!'),
      fulcio(8, 'x'.repeat(300)),
    ],
  });
  documents = [
    certificate.der,
    stamp({ at: notBefore, signature: Buffer.of(1), by: certificate, issuer: certificate }),
    sequence(octetString(sequence(octetString(Buffer.of(4, 1)))), context(3, tlv(5))),
    sequence(),
  ];
});

/** A node as plain data, with what the library would encode it to. */
interface Plain {
  readonly tag: number;
  readonly value: string;
  readonly der: string;
  readonly subs: readonly Plain[];
}

function plain(node: ASN1Obj): Plain {
  const { tag, value, subs } = node;
  return {
    tag: tag.toDER(),
    value: value.toString('hex'),
    der: node.toDER().toString('hex'),
    subs: subs.map(plain),
  };
}

function outcome(read: () => ASN1Obj): Plain | 'refused' {
  let node: ASN1Obj;
  try {
    node = read();
  } catch {
    return 'refused';
  }
  return plain(node);
}

function expectSame(der: Buffer): void {
  expect(outcome(() => readDer(der))).toEqual(outcome(() => ASN1Obj.parseBuffer(Buffer.from(der))));
}

describe('DER', () => {
  it('is read to what the library reads it to, and encoded to what it was', () => {
    for (const der of documents) {
      expectSame(der);
      expect(derOf(readDer(der))).toEqual(der);
      expect(readDer(der).toDER()).toEqual(der);
    }
  });

  it.each([
    [''],
    ['30'],
    ['3080'],
    ['308000'],
    ['308100'],
    ['30810105'],
    ['30820001'],
    ['3087'],
    ['1f00'],
    ['0000'],
    ['0500 00'],
    ['3002 0501'],
    ['3003 0501 00'],
    ['0403 0501 00'],
    ['0404 0500 0501'],
    ['a0'],
    ['a000'],
    ['30860000000000ff'],
  ])('is refused or taken as by the library: %s', (hex) => {
    expectSame(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  });

  it('may be nested as deep as the library takes it', () => {
    for (const depth of [99, 100, 101, 102, 150]) {
      let inner: Buffer = tlv(5);
      let strings: Buffer = tlv(5);
      for (let level = 0; level < depth; level += 1) {
        inner = sequence(inner);
        strings = octetString(strings);
      }
      expectSame(inner);
      expectSame(strings);
    }
  });

  it('is read alike wherever it was changed, cut or spliced', () => {
    const edit = fc.record({ at: fc.nat(), remove: fc.nat({ max: 3 }), insert: fc.uint8Array({ maxLength: 3 }) });
    fc.assert(
      fc.property(fc.nat(), fc.array(edit, { minLength: 1, maxLength: 3 }), (which, edits) => {
        let der = documents[which % documents.length]!;
        for (const { at, remove, insert } of edits) {
          const index = at % (der.length + 1);
          der = Buffer.concat([der.subarray(0, index), insert, der.subarray(index + remove)]);
        }
        expectSame(der);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expectSame(Buffer.from(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});
