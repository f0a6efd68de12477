import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../src/intoto/envelope.js';
import { pae } from '../../src/intoto/pae.js';
import { importPublicKey } from '../../src/intoto/public-key.js';
import { signedDigest, verifySignatures } from '../../src/intoto/verify-envelope.js';

/** The test vector of the DSSE specification (protocol.md, v1.0.2). */
const vector = {
  payloadType: 'http://example.com/HelloWorld',
  body: 'hello world',
  pae: 'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  x: 46950820868899156662930047687818585632848591499744589407958293238635476079160n,
  y: 5640078356564379163099075877009565129882514886557779369047442380624545832820n,
  signature: 'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==',
};

const coordinate = (value: bigint): string =>
  Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toString('base64url');
const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(vector.x), y: coordinate(vector.y) };

const envelopeWith = (payloadType: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      payload: Buffer.from(vector.body).toString('base64'),
      payloadType,
      signatures: [{ sig: vector.signature }],
    }),
  );

describe('the DSSE test vector', () => {
  const envelope = parseEnvelope(envelopeWith(vector.payloadType));

  it('has this PAE', () => {
    expect(pae(vector.payloadType, Buffer.from(vector.body)).toString()).toBe(vector.pae);
    expect(signedDigest(envelope)).toBe(`sha256:${createHash('sha256').update(vector.pae).digest('hex')}`);
  });

  it('verifies by its key, as r||s', async () => {
    const key = importPublicKey(jwk, { algorithm: 'ES256' });
    expect(await verifySignatures(envelope, [key])).toEqual({
      matches: [{ thumbprint: key.thumbprint, scheme: 'ES256/ieee-p1363', signatures: [0] }],
      unmatched: [],
    });
  });

  it('does not verify where the key is confined to DER, or the payload type is another', async () => {
    const derOnly = importPublicKey(jwk, { signatureEncoding: 'der' });
    expect((await verifySignatures(envelope, [derOnly])).matches).toEqual([]);
    const other = parseEnvelope(envelopeWith('http://example.com/helloworld'));
    expect((await verifySignatures(other, [importPublicKey(jwk)])).matches).toEqual([]);
  });
});
