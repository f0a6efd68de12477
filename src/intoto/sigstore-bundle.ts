import { bundleFromJSON, ValidationError, type Bundle } from '@sigstore/bundle';
import type { BundleContent, SigstoreBundle } from './bundle-content.js';
import { checkBundleShape } from './bundle-shape.js';
import type { Sha256Digest } from './digest.js';
import { parseEnvelope, type Envelope } from './envelope.js';
import { FaultList } from './fault-list.js';
import { asObject, member, parseStrictJson, type Json, type JsonObject } from './json.js';
import { Malformed, type Fault } from './malformed.js';

/**
 * Reads a Sigstore bundle of version 0.1, 0.2 or 0.3 (sigstore_bundle.proto), from its bytes or from JSON that
 * `parseStrictJson` has already read. Unknown members are ignored, and so are the names that protocol buffers have
 * beside those of their JSON. What the Sigstore libraries leave unchecked is checked here: `checkBundleShape`, that an
 * envelope has exactly one signature, and that its keyid is the hint of the public key, where both are given.
 *
 * The envelope is read once more by `parseEnvelope`, and refused unless both readings have the same bytes: what is
 * verified is what is read.
 *
 * Throws Malformed of the document `bundle` with every fault found, whatever the libraries throw. Says nothing about
 * who signed, or when.
 */
export function parseBundle(input: Uint8Array | Json): SigstoreBundle {
  const json = asObject(input instanceof Uint8Array ? parseStrictJson(input, { document: 'bundle' }) : input);
  if (json === null) throw new Malformed('bundle', [{ path: '', message: 'must be a JSON object' }]);
  const faults = new FaultList();
  checkBundleShape({ object: json, path: '', faults });
  const envelope = readEnvelope(json, faults);
  faults.throwIfAny('bundle');
  const bundle = readByLibrary(json);
  const keyMaterial = bundle.verificationMaterial.content;
  return {
    bundle,
    content: contentOf(bundle, envelope),
    keyHint: keyMaterial.$case === 'publicKey' && keyMaterial.publicKey.hint !== '' ? keyMaterial.publicKey.hint : null,
  };
}

function readEnvelope(json: JsonObject, faults: FaultList): Envelope | null {
  const value = member(json, 'dsseEnvelope');
  if (value === undefined) return null;
  const envelope = faults.within('dsseEnvelope', () => parseEnvelope(value));
  if (envelope === undefined) return null;
  const { payload, signatures } = envelope;
  if (payload.length === 0) faults.add('dsseEnvelope.payload', 'must not be empty');
  if (signatures.length !== 1) faults.add('dsseEnvelope.signatures', 'must hold exactly one signature');
  const [signature] = signatures;
  if (signature?.signature.length === 0) faults.add('dsseEnvelope.signatures[0].sig', 'must not be empty');
  const hint = member(
    asObject(member(asObject(member(json, 'verificationMaterial')) ?? {}, 'publicKey')) ?? {},
    'hint',
  );
  const keyid = signature?.keyid ?? null;
  if (typeof hint === 'string' && hint !== '' && keyid !== null && hint !== keyid) {
    faults.add('dsseEnvelope.signatures[0].keyid', 'must be the hint of the public key');
  }
  return envelope;
}

function contentOf({ content }: Bundle, envelope: Envelope | null): BundleContent {
  if (content.$case === 'messageSignature') {
    const { messageDigest, signature } = content.messageSignature;
    // What makes it a Sha256Digest has been checked: the algorithm and the length.
    const digest = `sha256:${messageDigest.digest.toString('hex')}` as Sha256Digest;
    return { type: 'message', digest, signature };
  }
  const { payload, payloadType, signatures } = content.dsseEnvelope;
  const same =
    envelope !== null &&
    payloadType === envelope.payloadType &&
    payload.equals(envelope.payload) &&
    signatures[0]?.sig.equals(envelope.signatures[0]?.signature ?? Buffer.alloc(0)) === true;
  if (!same) throw new Malformed('bundle', [{ path: 'dsseEnvelope', message: 'is read in two ways' }]);
  return { type: 'dsse', envelope };
}

function readByLibrary(json: JsonObject): Bundle {
  try {
    return bundleFromJSON(json);
  } catch (cause) {
    throw new Malformed('bundle', faultsOf(cause), { cause });
  }
}

function faultsOf(cause: unknown): readonly Fault[] {
  const fields = cause instanceof ValidationError ? cause.fields : [];
  if (fields.length === 0) return [{ path: '', message: 'is not a Sigstore bundle' }];
  return fields.map((field) => ({ path: jsonPathOf(field), message: 'is missing or not accepted in this version' }));
}

/** The library names its own objects, which hold the members of a oneof under `content`; JSON has them one level up. */
function jsonPathOf(field: string): string {
  return field.replace(/(^|\.)content(?:\.\$case)?(?=\.|$)/g, '').replace(/^\./, '');
}
