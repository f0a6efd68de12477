import { describe, expect, it } from 'vitest';
import { parseEnvelope, type Envelope } from '../../src/intoto/envelope.js';
import { Malformed } from '../../src/intoto/malformed.js';
import { importPublicKey } from '../../src/intoto/public-key.js';
import { isStatementPayloadType, parseStatement } from '../../src/intoto/statement.js';
import { verifySignatures } from '../../src/intoto/verify-envelope.js';
import { readConformanceFile, withConformanceData } from './conformance-data.js';

const COLLECTION = 'https://witness.testifysec.com/attestation-collection/v0.1';

const envelopeIn = (file: string): Envelope => parseEnvelope(readConformanceFile(`in-toto/${file}`));

function faultsOfStatement(envelope: Envelope): readonly string[] {
  try {
    parseStatement(envelope.payload);
  } catch (error) {
    if (error instanceof Malformed) return error.faults.map(({ path }) => path);
    throw error;
  }
  return [];
}

describe('Witness and Archivista envelopes', () => {
  withConformanceData('in-toto', () => {
    const ed25519 = importPublicKey(readConformanceFile('in-toto/witness-testpub.pem').toString());
    const rsa = importPublicKey(readConformanceFile('in-toto/witness-testpub2.pem').toString());
    const trusted = [rsa, ed25519];

    it.each([
      ['archivista-build.json', ed25519, 'EdDSA'],
      ['archivista-package.json', rsa, 'PS256'],
      ['witness-cdx-att.json', ed25519, 'EdDSA'],
      ['witness-spdx-att.json', ed25519, 'EdDSA'],
    ] as const)('%s is signed by its key, in its scheme', async (file, { thumbprint }, scheme) => {
      const { matches, unmatched } = await verifySignatures(envelopeIn(file), trusted);
      expect(matches).toEqual([{ thumbprint, scheme, signatures: [0] }]);
      expect(unmatched).toEqual([]);
    });

    it.each(['witness-cdx-att.json', 'witness-spdx-att.json'])('%s holds a statement that is read', (file) => {
      const envelope = envelopeIn(file);
      expect(isStatementPayloadType(envelope.payloadType)).toBe(true);
      expect(parseStatement(envelope.payload)).toMatchObject({ type: 'v0.1', predicateType: COLLECTION });
    });

    // Witness names the commit by sha1 alone, which is no accepted algorithm for a subject.
    it.each([
      ['archivista-build.json', 1],
      ['archivista-package.json', 3],
      ['archivista-fail.json', 1],
    ])('%s names one subject by sha1 only, which is passed over', (file, index) => {
      const { subjects } = parseStatement(envelopeIn(file).payload);
      expect(subjects.flatMap(({ digests }, at) => (digests.length === 0 ? [at] : []))).toEqual([index]);
    });

    it('archivista-fail.json is signed by a key nobody trusts', async () => {
      expect(await verifySignatures(envelopeIn('archivista-fail.json'), trusted)).toEqual({
        matches: [],
        unmatched: [0],
      });
    });

    it('archivista-invalid_payload.json is a well-formed envelope whose payload nobody signed and nobody can read', async () => {
      const envelope = envelopeIn('archivista-invalid_payload.json');
      expect(envelope.payload).toHaveLength(3);
      expect((await verifySignatures(envelope, trusted)).matches).toEqual([]);
      expect(faultsOfStatement(envelope)).toEqual(['_type', 'subject', 'predicateType']);
    });

    it('archivista-policy-signed.json has another payload type and so is no attestation', () => {
      expect(isStatementPayloadType(envelopeIn('archivista-policy-signed.json').payloadType)).toBe(false);
    });
  });
});
