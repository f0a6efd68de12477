import type { SigstoreBundle } from './bundle-content.js';
import { parseCosignLayer, type CosignLayer } from './cosign-layer.js';
import { parseEnvelope, type Envelope } from './envelope.js';
import { FormatUnrecognized } from './format-unrecognized.js';
import { asArray, asObject, member, parseStrictJson, type Json, type JsonObject } from './json.js';
import { looksLikeCompactJws, parseJws, type Jws } from './jws.js';
import { Malformed } from './malformed.js';
import { parseBundle } from './sigstore-bundle.js';
import { STATEMENT_PAYLOAD_TYPE } from './verify-jws.js';

/** One attestation in the form in which it was posted: in shape, and not verified. */
export type Evidence =
  | { readonly format: 'dsse'; readonly envelope: Envelope }
  | { readonly format: 'bundle'; readonly bundle: SigstoreBundle }
  | { readonly format: 'jws'; readonly jws: Jws }
  | { readonly format: 'cosign'; readonly layer: CosignLayer };

/**
 * What the signatures of a piece of evidence are over, as if it were a DSSE envelope: `signedDigest` of it is equal for the same
 * payload of the same type, whatever the format, and identifies what was signed.
 */
export interface SignedPayload {
  readonly payloadType: string;
  /** Bytes of an in-toto Statement where the payload type says so; whether they are one is not known yet. */
  readonly payload: Buffer;
}

/** The predicate type under which cosign writes that an artifact was signed (cosign, pkg/types/predicate.go). */
export const ARTIFACT_SIGNED = 'https://sigstore.dev/cosign/sign/v1';

/**
 * Reads one piece of evidence: a DSSE envelope, a Sigstore bundle, a JWS or a cosign attestation layer, told apart by
 * structure alone, whatever it was sent as. Of the members of a JSON object, `payloadType` makes an envelope;
 * `verificationMaterial`, `messageSignature` or a bundle's `mediaType` a bundle; `dsseEnvelope` otherwise a cosign
 * layer; `protected` or `signature`, its own or of one of its `signatures`, a JWS; and `payload` or `signatures`
 * otherwise an envelope that lacks something. A line of JSON Lines is such a document (in-toto bundle, ITA
 * spec/v1/bundle.md).
 *
 * Throws FormatUnrecognized for JSON that is none of these, and Malformed, with every fault, of the document that it
 * begins to be: `envelope`, `bundle` or `jws`.
 */
export function parseEvidence(bytes: Uint8Array): Evidence {
  if (looksLikeCompactJws(bytes)) return { format: 'jws', jws: parseJws(bytes) };
  const json = asObject(parseJson(bytes));
  const format = json === null ? null : formatOf(json);
  switch (format) {
    case 'dsse':
      return { format, envelope: parseEnvelope(json) };
    case 'bundle':
      return { format, bundle: parseBundle(json) };
    case 'cosign':
      return { format, layer: parseCosignLayer(json) };
    case 'jws':
      return { format, jws: parseJws(json) };
    case null:
      throw new FormatUnrecognized('expected a DSSE envelope, a Sigstore bundle, a JWS or a cosign attestation layer');
  }
}

/**
 * What was signed. The payload of a JWS counts as one of the plain in-toto payload type, as `signedDigestOf` says.
 *
 * A bundle with a message signature holds no statement: its signer signed an artifact's bytes and said nothing of it.
 * It is given the statement of the predicate type that cosign has for just that, about the artifact's digest and with
 * an empty predicate, always in the same bytes. So an image's signature is evidence of the kind `other` under that
 * type, which a policy can ask for, and proves nothing else. The signature is not over these bytes: it is to be
 * verified over the artifact.
 */
export function statementOf(evidence: Evidence): SignedPayload {
  switch (evidence.format) {
    case 'dsse':
      return payloadOf(evidence.envelope);
    case 'jws':
      return { payloadType: STATEMENT_PAYLOAD_TYPE, payload: evidence.jws.payload };
    case 'bundle':
      return statementOfBundle(evidence.bundle);
    case 'cosign':
      return evidence.layer.type === 'envelope'
        ? payloadOf(evidence.layer.envelope)
        : statementOfBundle(evidence.layer.bundle);
  }
}

function statementOfBundle({ content }: SigstoreBundle): SignedPayload {
  if (content.type === 'dsse') return payloadOf(content.envelope);
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: content.digest.slice('sha256:'.length) } }],
    predicateType: ARTIFACT_SIGNED,
    predicate: {},
  };
  return { payloadType: STATEMENT_PAYLOAD_TYPE, payload: Buffer.from(JSON.stringify(statement)) };
}

function payloadOf({ payloadType, payload }: Envelope): SignedPayload {
  return { payloadType, payload };
}

function formatOf(json: JsonObject): Evidence['format'] | null {
  const has = (name: string): boolean => Object.hasOwn(json, name);
  if (has('payloadType')) return 'dsse';
  const mediaType = member(json, 'mediaType');
  const isBundle = typeof mediaType === 'string' && mediaType.startsWith('application/vnd.dev.sigstore.bundle');
  if (isBundle || has('verificationMaterial') || has('messageSignature')) return 'bundle';
  if (has('dsseEnvelope')) return 'cosign';
  if (isSignedAsJws(json) || (asArray(member(json, 'signatures')) ?? []).some((one) => isSignedAsJws(asObject(one)))) {
    return 'jws';
  }
  return has('payload') || has('signatures') ? 'dsse' : null;
}

function isSignedAsJws(json: JsonObject | null): boolean {
  return json !== null && (Object.hasOwn(json, 'protected') || Object.hasOwn(json, 'signature'));
}

function parseJson(bytes: Uint8Array): Json {
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Malformed(likelyDocument(bytes), error.faults, { cause: error });
  }
}

/** Which document a text that is not JSON was meant to be: decides only what its faults are reported of. */
function likelyDocument(bytes: Uint8Array): Malformed['document'] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text.includes('"verificationMaterial"') || text.includes('"dsseEnvelope"')) return 'bundle';
  return text.includes('"protected"') && !text.includes('"payloadType"') ? 'jws' : 'envelope';
}
