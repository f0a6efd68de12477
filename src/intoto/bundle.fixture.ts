import { generateKeyPairSync } from 'node:crypto';
import { initializeCA } from '@sigstore/mock';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Certificates of an authority of its own, as DER: one it issued, and its root. */
export async function makeCertificates(): Promise<{ readonly leaf: Buffer; readonly root: Buffer }> {
  const makeKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const authority = await initializeCA(makeKeys());
  const publicKey = makeKeys().publicKey.export({ type: 'spki', format: 'der' });
  const leaf = await authority.issueCertificate({ publicKey, subjectAltName: 'https://example.com/build' });
  return { leaf: bufferOf(leaf), root: bufferOf(authority.rootCertificate) };
}

function bufferOf(view: ArrayBufferView<ArrayBuffer>): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

/** The certificate as a block of PEM. */
export function pemOf(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
}

/** A DSSE envelope in the shape that a bundle holds; nobody signed it. */
export const shapedEnvelope = {
  payload: base64('{"_type":"https://in-toto.io/Statement/v1"}'),
  payloadType: 'application/vnd.in-toto+json',
  signatures: [{ keyid: '', sig: base64('signature') }],
};

/** A bundle of version 0.3 in the right shape, with one of everything; it proves nothing. */
export function shapedBundle(leaf: Buffer) {
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      certificate: { rawBytes: leaf.toString('base64') },
      tlogEntries: [
        {
          logIndex: '735',
          logId: { keyId: base64('log') },
          kindVersion: { kind: 'dsse', version: '0.0.1' },
          integratedTime: '1700000000',
          inclusionPromise: { signedEntryTimestamp: base64('promise') },
          inclusionProof: {
            logIndex: '12',
            rootHash: base64('root'),
            treeSize: '13',
            hashes: [base64('left'), base64('right')],
            checkpoint: { envelope: 'log\n13\ncm9vdA==\n' },
          },
          canonicalizedBody: base64('{"apiVersion":"0.0.1","kind":"dsse","spec":{}}'),
        },
      ],
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: base64('timestamp') }] },
    },
    dsseEnvelope: shapedEnvelope,
  };
}
