import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { sha256 } from '../../src/intoto/digest.js';
import { KINDS } from '../../src/intoto/predicate-kind.js';
import { SIGNATURE_SCHEMES } from '../../src/intoto/signature-scheme.js';
import { damageStep, damaged, damagedText } from './envelope-damage.js';
import { JWS_FORMS, usualJwsScheme, writeJws, type JwsForm } from './jws-writing.js';
import { makeKeyPair, signAs, usualScheme, KEY_TYPES, type KeyPair } from './signing.js';

/** What is posted, whose keys are trusted, and what must come of it: by the pure functions and over HTTP alike. */
export interface VerificationCase {
  /** The file's name without its ending; no two cases share a key, an attestor or an image. */
  readonly name: string;
  readonly description: string;
  /** The body to post. */
  readonly bytes: Buffer;
  /** To be put first, each under its name. */
  readonly attestors: readonly CaseAttestor[];
  readonly want: Want;
}

export interface CaseAttestor {
  readonly name: string;
  /** As `PUT /v1/attestors/{name}` takes it. */
  readonly document: { readonly kinds: readonly string[]; readonly keys: readonly CaseKey[] };
}

export interface CaseKey {
  readonly id: string;
  readonly publicKey: string;
  readonly algorithm?: string;
  readonly signatureEncoding?: string;
}

export type Want =
  /** `signers` as `attestor/keyId`, sorted. */
  | { readonly outcome: 'verified'; readonly signers: readonly string[] }
  | { readonly outcome: 'rejected'; readonly code: string }
  /** Answered 400 with this code, and a fault at each of these paths and at no other. */
  | { readonly outcome: 'refused'; readonly code: string; readonly paths: readonly string[] };

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

const keyShape = z.strictObject({
  type: z.enum(KEY_TYPES),
  /** Absent: nobody registers it. */
  attestor: z.string().optional(),
  algorithm: z.string().optional(),
  signatureEncoding: z.string().optional(),
});

const signatureShape = z.strictObject({
  by: z.string(),
  scheme: z.enum(SIGNATURE_SCHEMES).optional(),
  keyid: z.string().optional(),
  /** The PAE, the payload alone, or a PAE whose lengths count characters instead of bytes. */
  over: z.enum(['pae', 'payload', 'pae-in-characters']).default('pae'),
  /** Of a JWS: its protected header, and the one that nobody signs. */
  header: z.record(z.string(), z.unknown()).default({}),
  unprotected: z.record(z.string(), z.unknown()).optional(),
});

/** One file. What is not said is usual: a Statement v1 about the case's own image, signed once over the PAE. */
const caseShape = z.strictObject({
  description: z.string(),
  keys: z.record(z.string(), keyShape).default({}),
  payloadType: z.string().default(PAYLOAD_TYPE),
  /** Members laid over those of the usual statement; `{digest}` within a text stands for the image's, in hex. */
  statement: z.record(z.string(), z.unknown()).default({}),
  /** The payload as text, in place of a statement. */
  payload: z.string().optional(),
  signatures: z.array(signatureShape).default([]),
  form: z.enum(['envelope', 'bundle', ...JWS_FORMS]).default('envelope'),
  /** Of a bundle, which is one by key: members laid over those of the usual one. */
  bundle: z.record(z.string(), z.unknown()).default({}),
  base64: z.enum(['standard', 'standard-unpadded', 'url-safe', 'url-safe-padded']).default('standard'),
  /** What happens to the envelope after it was signed, in order; a JWS is text. */
  damage: z.array(damageStep).default([]),
  /** The body as text, in place of an envelope. */
  body: z.string().optional(),
  want: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('verified'), signers: z.array(z.string()) }),
    z.strictObject({ outcome: z.literal('rejected'), code: z.string() }),
    z.strictObject({ outcome: z.literal('refused'), code: z.string(), paths: z.array(z.string()) }),
  ]),
});
type CaseFile = z.infer<typeof caseShape>;

/** Reads every case, with keys made for this run only. Throws where a file is not in the form above. */
export function loadVerificationCases(): readonly VerificationCase[] {
  const directory = new URL('./verification/', import.meta.url);
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => {
      const read = caseShape.safeParse(parse(readFileSync(new URL(file, directory), 'utf8')));
      if (!read.success) throw new Error(`${file}: ${z.prettifyError(read.error)}`);
      return build(file.slice(0, -'.yaml'.length), read.data);
    });
}

function build(name: string, file: CaseFile): VerificationCase {
  const pairs = new Map(Object.entries(file.keys).map(([id, { type }]) => [id, makeKeyPair(type)]));
  const { want } = file;
  return {
    name,
    description: file.description,
    bytes: file.body === undefined ? signedBytes(name, file, pairs) : Buffer.from(file.body),
    attestors: attestorsOf(name, file, pairs),
    want: want.outcome === 'verified' ? { ...want, signers: want.signers.map((who) => `${name}-${who}`).sort() } : want,
  };
}

function attestorsOf(name: string, file: CaseFile, pairs: ReadonlyMap<string, KeyPair>): CaseAttestor[] {
  const keysByAttestor = new Map<string, CaseKey[]>();
  for (const [id, { type: _type, attestor, ...use }] of Object.entries(file.keys)) {
    if (attestor === undefined) continue;
    const publicKey = pairOf(pairs, id).publicKey.export({ type: 'spki', format: 'pem' }).toString();
    keysByAttestor.set(attestor, [...(keysByAttestor.get(attestor) ?? []), { id, publicKey, ...use }]);
  }
  return Array.from(keysByAttestor, ([attestor, keys]) => ({
    name: `${name}-${attestor}`,
    document: { kinds: KINDS, keys },
  }));
}

function signedBytes(name: string, file: CaseFile, pairs: ReadonlyMap<string, KeyPair>): Buffer {
  const payload = Buffer.from(file.payload ?? JSON.stringify(statementOf(name, file)));
  switch (file.form) {
    case 'envelope':
      return envelopeBytes(payload, file, pairs);
    case 'bundle':
      return bundleBytes(envelopeBytes(payload, file, pairs), file);
    default:
      return jwsBytes(file.form, payload, file, pairs);
  }
}

/** A bundle by key, version 0.3, around an envelope that was damaged before. */
function bundleBytes(envelope: Buffer, { bundle }: CaseFile): Buffer {
  const usual = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: '' } },
    dsseEnvelope: JSON.parse(envelope.toString()) as unknown,
  };
  return Buffer.from(JSON.stringify({ ...usual, ...bundle }));
}

function jwsBytes(form: JwsForm, payload: Buffer, file: CaseFile, pairs: ReadonlyMap<string, KeyPair>): Buffer {
  const signings = file.signatures.map(({ by, scheme, header, unprotected }) => {
    const pair = pairOf(pairs, by);
    return { pair, scheme: scheme ?? usualJwsScheme(pair.type), header, unprotected };
  });
  return damagedText(writeJws(form, payload, signings), file.damage);
}

function envelopeBytes(payload: Buffer, file: CaseFile, pairs: ReadonlyMap<string, KeyPair>): Buffer {
  const signatures = file.signatures.map(({ by, scheme, keyid, over }) => {
    const pair = pairOf(pairs, by);
    const message = messageOf(file.payloadType, payload, over);
    const sig = encode(signAs(scheme ?? usualScheme(pair), pair, message), file.base64);
    return keyid === undefined ? { sig } : { keyid, sig };
  });
  const envelope = { payloadType: file.payloadType, payload: encode(payload, file.base64), signatures };
  return damaged(envelope, file.damage);
}

function statementOf(name: string, file: CaseFile): unknown {
  const digest = sha256(Buffer.from(name)).slice('sha256:'.length);
  const usual = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'registry.example/app', digest: { sha256: digest } }],
    predicateType: 'https://example.com/corpus/v1',
    predicate: { case: name },
  };
  return JSON.parse(JSON.stringify({ ...usual, ...file.statement }).replaceAll('{digest}', digest));
}

/** The PAE is spelled out here on purpose: what is verified must not be built by what verifies it. */
function messageOf(payloadType: string, payload: Buffer, over: 'pae' | 'payload' | 'pae-in-characters'): Buffer {
  if (over === 'payload') return payload;
  const length = over === 'pae' ? Buffer.from(payloadType, 'utf8').length : payloadType.length;
  return Buffer.concat([Buffer.from(`DSSEv1 ${length} ${payloadType} ${payload.length} `), payload]);
}

function encode(bytes: Buffer, base64: CaseFile['base64']): string {
  const text = bytes.toString(base64.startsWith('standard') ? 'base64' : 'base64url');
  if (base64 === 'standard-unpadded') return text.replace(/=+$/, '');
  return base64 === 'url-safe-padded' ? text.padEnd(Math.ceil(text.length / 4) * 4, '=') : text;
}

function pairOf(pairs: ReadonlyMap<string, KeyPair>, id: string): KeyPair {
  const pair = pairs.get(id);
  if (pair === undefined) throw new Error(`no key is called ${id}`);
  return pair;
}
