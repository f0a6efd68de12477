import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseCosignLayer } from '../../src/intoto/cosign-layer.js';
import { parseEvidence, statementOf, type Evidence } from '../../src/intoto/evidence.js';
import { Malformed } from '../../src/intoto/malformed.js';
import { parseBundle } from '../../src/intoto/sigstore-bundle.js';
import { isStatementPayloadType, parseStatement } from '../../src/intoto/statement.js';
import { readConformanceFile, withConformanceData } from './conformance-data.js';

const caseSchema = z.object({ id: z.string(), bundle: z.string(), expect: z.enum(['verified', 'rejected']) });
type Case = z.infer<typeof caseSchema>;

/** The bytes of the bundle: a file, or the line of it that the id names. */
function bundleBytes({ id, bundle }: Case): Buffer {
  const bytes = readConformanceFile(bundle);
  const line = /#(\d+)$/.exec(id)?.[1];
  return line === undefined ? bytes : Buffer.from(bytes.toString('utf8').split('\n')[Number(line)] ?? '');
}

function faultsOf(bytes: Buffer): readonly string[] {
  try {
    parseEvidence(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return error.faults.map(({ path }) => `${error.document} ${path}`);
  }
  return [];
}

/** Bundles that must be rejected for what they are, before anybody verifies anything; every other one is well formed. */
const MALFORMED: Readonly<Record<string, readonly string[]>> = {
  'sigstore-conformance/bundle-empty-certificate-chain_fail': [
    'bundle verificationMaterial.x509CertificateChain.certificates',
  ],
  'sigstore-conformance/bundle-invalid-base64-signature_fail': ['bundle messageSignature.signature'],
  'sigstore-conformance/bundle-malformed-json_fail': ['bundle verificationMaterial.tlogEntries[0].canonicalizedBody'],
  'sigstore-conformance/bundle-negative-log-index_fail': ['bundle verificationMaterial.tlogEntries[0].logIndex'],
  'sigstore-conformance/bundle-unknown-version_fail': ['bundle mediaType'],
  'sigstore-conformance/bundle-with-root-cert_fail': [
    'bundle verificationMaterial.x509CertificateChain.certificates[1].rawBytes',
  ],
  'sigstore-conformance/intoto-missing-inclusion-proof_fail': [
    'bundle verificationMaterial.tlogEntries[0].inclusionProof',
  ],
  'sigstore-conformance/invalid-inclusion-proof_fail': [
    'bundle verificationMaterial.tlogEntries[0].inclusionProof.checkpoint',
  ],
  'sigstore-conformance/rekor2-no-inclusion-proof_fail': ['bundle verificationMaterial.tlogEntries[0].inclusionProof'],
  'gh-cli/github_provenance_demo-0.0.12-py3-none-any-bundle-missing-cert.jsonl#0': ['bundle '],
  'gh-cli/github_provenance_demo-0.0.12-py3-none-any-bundle-missing-verification-material.jsonl#0': [
    'bundle verificationMaterial',
  ],
};

describe('Sigstore bundles', () => {
  withConformanceData('signature-cases.json', () => {
    const cases = z.array(caseSchema).parse(JSON.parse(readConformanceFile('signature-cases.json').toString('utf8')));
    const verified = cases.filter((each) => each.expect === 'verified');

    it('are as many as they are known to be', () => {
      expect([cases.length, verified.length]).toEqual([69, 32]);
    });

    it.each(verified.map((each) => [each.id, each] as const))('%s is read, to a statement', (_id, each) => {
      const bytes = bundleBytes(each);
      const evidence = parseEvidence(bytes);
      expect(evidence).toEqual({ format: 'bundle', bundle: parseBundle(bytes) });
      expectStatement(evidence);
    });

    it('are refused as malformed for these faults and no others', () => {
      const refused = cases.flatMap((each) => {
        const faults = faultsOf(bundleBytes(each));
        return faults.length === 0 ? [] : [[each.id, faults] as const];
      });
      console.log(`Sigstore bundles: ${refused.length} of ${cases.length} malformed, the others go on to verification`);
      expect(Object.fromEntries(refused)).toEqual(MALFORMED);
    });

    it.each(
      verified.filter(({ id }) => id.startsWith('sigstore-js/bundleV01')).map((each) => [each.id, each] as const),
    )('%s comes to the same bundle when it is written as cosign kept attestations before', (_id, each) => {
      const { bundle } = parseBundle(bundleBytes(each));
      const { content, tlogEntries } = bundle.verificationMaterial;
      if (content.$case !== 'x509CertificateChain') throw new Error('expected a chain');
      const certificates = content.x509CertificateChain.certificates.map(
        ({ rawBytes }) => new X509Certificate(rawBytes),
      );
      const pem = certificates.map((certificate) => certificate.toString());
      const [entry] = tlogEntries;
      const annotations = {
        'dev.cosignproject.cosign/signature': '',
        'dev.sigstore.cosign/certificate': pem[0],
        'dev.sigstore.cosign/chain': pem.slice(1).join(''),
        'dev.sigstore.cosign/bundle': JSON.stringify({
          SignedEntryTimestamp: entry?.inclusionPromise?.signedEntryTimestamp.toString('base64'),
          Payload: {
            body: entry?.canonicalizedBody.toString('base64'),
            integratedTime: Number(entry?.integratedTime),
            logIndex: Number(entry?.logIndex),
            logID: entry?.logId.keyId.toString('hex'),
          },
        }),
      };
      const { dsseEnvelope } = JSON.parse(bundleBytes(each).toString('utf8')) as { dsseEnvelope: unknown };
      const layer = parseCosignLayer(Buffer.from(JSON.stringify({ dsseEnvelope, annotations })));
      const intermediates = certificates.slice(1).filter(({ subject, issuer }) => subject !== issuer).length;
      expect(layer).toMatchObject({
        type: 'bundle',
        bundle: {
          content: parseBundle(bundleBytes(each)).content,
          bundle: {
            verificationMaterial: {
              content: {
                x509CertificateChain: {
                  certificates: content.x509CertificateChain.certificates.slice(0, 1 + intermediates),
                },
              },
              tlogEntries: [{ ...entry, inclusionProof: undefined }],
            },
          },
        },
      });
    });
  });
});

describe('Witness and Archivista envelopes as evidence', () => {
  withConformanceData('in-toto', () => {
    it.each([
      'archivista-build.json',
      'archivista-package.json',
      'archivista-fail.json',
      'witness-cdx-att.json',
      'witness-spdx-att.json',
    ])('%s is an envelope with a statement', (file) => {
      const evidence = parseEvidence(readConformanceFile(`in-toto/${file}`));
      expect(evidence.format).toBe('dsse');
      expectStatement(evidence);
    });

    it.each(['archivista-invalid_payload.json', 'archivista-policy-signed.json'])(
      '%s is an envelope whose payload is none',
      (file) => {
        const evidence = parseEvidence(readConformanceFile(`in-toto/${file}`));
        const { payload } = statementOf(evidence);
        expect(evidence.format).toBe('dsse');
        expect(() => parseStatement(payload)).toThrow(Malformed);
      },
    );
  });
});

function expectStatement(evidence: Evidence): void {
  const { payloadType, payload } = statementOf(evidence);
  expect(isStatementPayloadType(payloadType)).toBe(true);
  expect(parseStatement(payload).subjects.length).toBeGreaterThan(0);
}
