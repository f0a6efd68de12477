import { constants, sign } from 'node:crypto';
import type { SignatureScheme } from '../../src/intoto/signature-scheme.js';
import { signAs, type KeyPair, type KeyType } from './signing.js';

export const JWS_FORMS = ['jws-compact', 'jws-flattened', 'jws-general'] as const;
export type JwsForm = (typeof JWS_FORMS)[number];

/** The scheme in which a key of this type signs a JWS (RFC 7518, 3.1, and RFC 8037, 3.1). */
export function usualJwsScheme(type: KeyType): SignatureScheme {
  const usual = {
    p256: 'ES256/ieee-p1363',
    p384: 'ES384/ieee-p1363',
    p521: 'ES512/ieee-p1363',
    ed25519: 'EdDSA',
    rsa: 'RS256',
  } as const;
  return usual[type];
}

/** One signature of a JWS: by whom, and what its headers say. */
export interface JwsSigning {
  readonly pair: KeyPair;
  readonly scheme: SignatureScheme;
  readonly header: Readonly<Record<string, unknown>>;
  readonly unprotected: Readonly<Record<string, unknown>> | undefined;
}

/** Writes a JWS in one of its serializations (RFC 7515, 7), by as many as sign it. */
export function writeJws(form: JwsForm, payload: Buffer, signings: readonly JwsSigning[]): string {
  const body = payload.toString('base64url');
  const signatures = signings.map(({ pair, scheme, header, unprotected }) => {
    const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');
    const signature = signOver(`${encoded}.${body}`, scheme, pair).toString('base64url');
    return { protected: encoded, ...(unprotected === undefined ? {} : { header: unprotected }), signature };
  });
  if (form === 'jws-general') return JSON.stringify({ payload: body, signatures });
  const [only, another] = signatures;
  if (only === undefined || another !== undefined) throw new Error(`${form} has exactly one signature`);
  if (form === 'jws-flattened') return JSON.stringify({ payload: body, ...only });
  return [only.protected, body, only.signature].join('.');
}

/** PSS salts are as long as the digest (RFC 7518, 3.5), shorter than those that Go fills in for envelopes. */
function signOver(text: string, scheme: SignatureScheme, pair: KeyPair): Buffer {
  const message = Buffer.from(text);
  if (!scheme.startsWith('PS')) return signAs(scheme, pair, message);
  const salt = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return sign(`sha${scheme.slice(2, 5)}`, message, { key: pair.privateKey, ...salt });
}
