import { bundleFromJSON } from '@sigstore/bundle';
import { decodeBase64 } from '../../src/intoto/base64.js';
import type { BundleContent, SigstoreBundle } from '../../src/intoto/bundle-content.js';
import { isSha256Digest } from '../../src/intoto/digest.js';
import { parseEnvelope } from '../../src/intoto/envelope.js';
import { asObject, member, type Json, type JsonObject } from '../../src/intoto/json.js';

/** A bundle from its JSON, read as leniently as the library does. Throws for what is none. */
export function readBundle(json: Json): SigstoreBundle {
  const bundle = bundleFromJSON(json);
  const { content: material } = bundle.verificationMaterial;
  const hint = material.$case === 'publicKey' ? material.publicKey.hint : '';
  return { bundle, content: contentOf(asObject(json) ?? {}), keyHint: hint === '' ? null : hint };
}

function contentOf(json: JsonObject): BundleContent {
  const envelope = member(json, 'dsseEnvelope');
  if (envelope !== undefined) return { type: 'dsse', envelope: parseEnvelope(envelope) };
  const message = asObject(member(json, 'messageSignature')) ?? {};
  const { algorithm, digest } = asObject(member(message, 'messageDigest')) ?? {};
  const { bytes } = decodeBase64(message['signature'] as string);
  const sha256 = `sha256:${Buffer.from(digest as string, 'base64').toString('hex')}`;
  if (bytes === null || algorithm !== 'SHA2_256' || !isSha256Digest(sha256)) {
    throw new Error('a message signature that cannot be read');
  }
  return { type: 'message', digest: sha256, signature: bytes };
}
