import { demand } from './answers.js';
import type { Api } from './api.js';
import { earlier, jsonOf, jws, publicPem } from './evidence-forms.js';
import { PREDICATE_TYPES, testResult, trivyScan } from './predicates.js';
import { publish } from './release.js';
import { envelopeOf, statementAbout, type TestKey } from './sign.js';
import { signBundle, type BundleRequest } from './signed-bundle.js';
import { ISSUER, SUBJECT, trustDomain, type TrustDomain } from './trust-domain.js';
import { keyPair, type KeyPair } from './x509.js';
import { sign } from 'node:crypto';

/*
 * A key and a keyless workflow that both may sign tests and scans, the attestors `keyed` and `keyless`, and policies that ask
 * for either's evidence alone: `tested-by-keyed`, `scanned-by-keyless` and so on, and for that of any: `tested`, `scanned`.
 */
export const SIGNERS = ['keyed', 'keyless'] as const;
export type SignerName = (typeof SIGNERS)[number];

export interface Signers {
  readonly domain: TrustDomain;
  readonly keys: KeyPair;
  /** When the log of the domain sees what the workflow signs. */
  readonly signedAt: Date;
  readonly identity: object;
  readonly key: object;
  /** The statement in the usual form of a signer: an envelope or a bundle. Each time it is signed anew. */
  sign(by: SignerName, payload: string): Promise<Buffer>;
  /** The same statement by the same signer in another form. */
  signOtherwise(by: SignerName, payload: string): Promise<Buffer>;
  bundle(payload: string, changes?: Partial<BundleRequest>): Promise<Buffer>;
}

/** Registers both signers, their trust root `acme`, and publishes the policies. */
export async function prepareSigners(admin: Api): Promise<Signers> {
  const signedAt = earlier(120);
  const domain = await trustDomain({ since: earlier(24 * 60) });
  const keys = keyPair();
  const identity = { id: 'release', issuer: ISSUER, subject: SUBJECT, trustRoot: 'acme' };
  const key = { id: 'k1', publicKey: publicPem(keys), trustRoot: 'acme' };
  const kinds = ['test', 'scan'];
  demand(await admin.put('/v1/trust-roots/acme', domain.root), 201);
  demand(await admin.put('/v1/attestors/keyed', { kinds, keys: [key] }), 201);
  demand(await admin.put('/v1/attestors/keyless', { kinds, keys: [], identities: [identity] }), 201);
  for (const [suffix, from] of [...SIGNERS.map((name) => [`-by-${name}`, name]), ['', SIGNERS.join(', ')]]) {
    const asked = (kind: string, where: string) => `requirements: [{id: it, kind: ${kind}, from: [${from}]${where}}]\n`;
    await publish(admin, `tested${suffix}`, `policy: tested${suffix}\n${asked('test', '')}`);
    const limits = ', where: {maxSeverity: {critical: 0}}';
    await publish(admin, `scanned${suffix}`, `policy: scanned${suffix}\n${asked('scan', limits)}`);
  }
  const testKey: TestKey = {
    publicKey: key.publicKey,
    privateKey: keys.privateKey,
    sign: (message) => sign('sha256', message, keys.privateKey),
  };
  const bundle: Signers['bundle'] = async (payload, changes = {}) =>
    jsonOf((await signBundle(domain, { at: signedAt, payload, ...changes })).json);
  return {
    domain,
    keys,
    signedAt,
    identity,
    key,
    bundle,
    sign: (by, payload) => (by === 'keyed' ? Promise.resolve(envelopeOf(payload, [testKey])) : bundle(payload)),
    signOtherwise: (by, payload) =>
      by === 'keyed'
        ? Promise.resolve(Buffer.from(jws(payload, keys).compact))
        : bundle(payload, { at: earlier(60), logged: 'intoto/0.0.2' }),
  };
}

export const testOf = (image: string, result = 'PASSED', suite = 'integration'): string =>
  statementAbout(image, PREDICATE_TYPES.testResult, testResult(result, { suite }));
export const scanOf = (image: string, severities: readonly string[] = []): string =>
  statementAbout(image, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), severities));
