import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { pae } from '../../src/intoto/pae.js';

/** A key that signs envelopes in a test, with its public half as an attestor registers it. */
export interface TestKey {
  readonly publicKey: string;
  readonly privateKey: KeyObject;
  /** Signs the PAE the way this key does. */
  readonly sign: (message: Buffer) => Buffer;
}

export type TestKeyType = 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'RSA-PKCS1' | 'RSA-PSS';

/** A fresh key; ECDSA signatures are DER unless `ieee-p1363` is asked for. */
export function makeKey(type: TestKeyType = 'P-256', encoding: 'der' | 'ieee-p1363' = 'der'): TestKey {
  switch (type) {
    case 'P-256':
      return ecdsa('P-256', 'sha256', encoding);
    case 'P-384':
      return ecdsa('P-384', 'sha384', encoding);
    case 'P-521':
      return ecdsa('P-521', 'sha512', encoding);
    case 'Ed25519': {
      const pair = generateKeyPairSync('ed25519');
      return { ...exported(pair), sign: (message) => sign(null, message, pair.privateKey) };
    }
    case 'RSA-PKCS1': {
      const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
      return { ...exported(pair), sign: (message) => sign('sha256', message, pair.privateKey) };
    }
    case 'RSA-PSS': {
      const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const key = { key: pair.privateKey, padding: 6, saltLength: 32 };
      return { ...exported(pair), sign: (message) => sign('sha256', message, key) };
    }
  }
}

function ecdsa(namedCurve: string, hash: string, dsaEncoding: 'der' | 'ieee-p1363'): TestKey {
  const pair = generateKeyPairSync('ec', { namedCurve });
  return { ...exported(pair), sign: (message) => sign(hash, message, { key: pair.privateKey, dsaEncoding }) };
}

function exported(pair: { publicKey: KeyObject; privateKey: KeyObject }): Pick<TestKey, 'publicKey' | 'privateKey'> {
  return { publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(), privateKey: pair.privateKey };
}

export interface TestStatement {
  readonly subject: readonly { readonly name?: string; readonly digest: Readonly<Record<string, string>> }[];
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** The statement about one digest, such as an image's `sha256:…` or `gitCommit:…`, as the JSON text that is signed. */
export function statementAbout(digest: string, predicateType: string, predicate: unknown, name = 'app'): string {
  const [algorithm = '', value = ''] = digest.split(':');
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { [algorithm]: value } }],
    predicateType,
    predicate,
  };
  return JSON.stringify(statement);
}

/** A DSSE envelope as a pipeline would post it, signed by each key in turn. */
export function envelopeOf(
  payload: string | Buffer,
  keys: readonly (TestKey | { readonly key: TestKey; readonly keyid: string })[],
  payloadType = 'application/vnd.in-toto+json',
): Buffer {
  const body = Buffer.from(payload);
  const message = pae(payloadType, body);
  const signatures = keys.map((signer) =>
    'key' in signer
      ? { keyid: signer.keyid, sig: signer.key.sign(message).toString('base64') }
      : { sig: signer.sign(message).toString('base64') },
  );
  return Buffer.from(JSON.stringify({ payloadType, payload: body.toString('base64'), signatures }));
}
