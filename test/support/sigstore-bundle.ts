import { bundleFromJSON } from '@sigstore/bundle';
import type { BundleContent, SigstoreBundle } from '../../src/intoto/bundle-content.js';
import { decodeBase64 } from '../../src/intoto/base64.js';
import { isSha256Digest } from '../../src/intoto/digest.js';
import { parseEnvelope } from '../../src/intoto/envelope.js';

/** A bundle from its JSON, read as leniently as the library does. Throws for what is none. */
export function readBundle(json: any): SigstoreBundle {
  const bundle = bundleFromJSON(json);
  const { content: material } = bundle.verificationMaterial;
  const hint = material.$case === 'publicKey' ? material.publicKey.hint : '';
  return { bundle, content: contentOf(json), keyHint: hint === '' ? null : hint };
}

function contentOf(json: any): BundleContent {
  if (json.dsseEnvelope !== undefined) return { type: 'dsse', envelope: parseEnvelope(json.dsseEnvelope) };
  const { messageDigest, signature } = json.messageSignature;
  const bytes = decodeBase64(signature);
  const digest = `sha256:${Buffer.from(messageDigest.digest, 'base64').toString('hex')}`;
  if (bytes.bytes === null || messageDigest.algorithm !== 'SHA2_256' || !isSha256Digest(digest)) {
    throw new Error('a message signature that cannot be read');
  }
  return { type: 'message', digest, signature: bytes.bytes };
}
