import { createHash, sign, type KeyObject } from 'node:crypto';
import { initializeCTLog, initializeTLog, initializeTSA } from '@sigstore/mock';
import { pae } from '../../src/intoto/pae.js';
import { octetString } from './der.js';
import {
  alternativeNames,
  basicConstraints,
  CODE_SIGNING,
  extendedKeyUsage,
  extension,
  fulcio,
  issue,
  keyPair,
  keyUsage,
  spki,
  uri,
  type CertificateRequest,
  type Issued,
  type KeyPair,
} from './x509.js';

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
export const ISSUER = 'https://token.actions.githubusercontent.com';
export const SUBJECT = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main';
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** Everything of a Sigstore instance of one's own: authorities that sign in memory, at the time that each call names. */
export interface TrustDomain {
  /** Its TrustedRoot, as JSON; to be changed at will. */
  readonly root: any;
  readonly ca: Issued;
  readonly tlogKeys: KeyPair;
  /** A certificate by its authority, valid for ten minutes from then, listed by its certificate log. */
  readonly certify: (at: Date, changes?: Partial<CertificateRequest>) => Promise<Issued>;
  /** What its transparency log answers for the entry, as a `tlogEntries` element. */
  readonly log: (at: Date, body: object) => Promise<any>;
  /** The same of its second log, of the second generation: without a promise. */
  readonly logV2: (at: Date, body: object) => Promise<any>;
  /** The response of its timestamp authority for a signature, in base64. */
  readonly stamp: (at: Date, signature: Buffer) => Promise<string>;
}

export interface TrustDomainOptions {
  /** When its authorities come into being; those of timestamps always do now. */
  readonly since: Date;
  readonly host?: string;
}

export async function trustDomain({ since, host = 'sigstore.example' }: TrustDomainOptions): Promise<TrustDomain> {
  const end = new Date(since.getTime() + 300 * DAY);
  const top = await issue({
    commonName: `root of ${host}`,
    notBefore: since,
    notAfter: end,
    extensions: [basicConstraints(true), keyUsage(5, 6)],
    keys: keyPair('P-384'),
    hash: 'sha384',
  });
  const ca = await issue({
    commonName: `issuer of ${host}`,
    issuer: top,
    notBefore: since,
    notAfter: end,
    extensions: [basicConstraints(true, 0), keyUsage(5, 6), extendedKeyUsage(CODE_SIGNING)],
    keys: keyPair('P-384'),
    hash: 'sha384',
  });
  const [ctlogKeys, tlogKeys, tlog2Keys, tsaKeys] = [keyPair(), keyPair(), keyPair(), keyPair()];
  const tsa = await initializeTSA(tsaKeys, since);
  const window = { start: since.toISOString() };
  const logOf = ({ publicKey }: KeyPair, baseUrl: string): object => ({
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: spki(publicKey).toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: window,
    },
    logId: { keyId: logIdOf(publicKey).toString('base64') },
  });
  const chainOf = (...ders: readonly (Buffer | ArrayBufferView)[]): object => ({
    subject: { organization: host, commonName: host },
    uri: `https://${host}`,
    certChain: { certificates: ders.map((der) => ({ rawBytes: Buffer.from(der as Buffer).toString('base64') })) },
    validFor: window,
  });
  const list = async (at: Date, precertificate: Buffer, issuer: KeyObject): Promise<Buffer> => {
    const ctlog = await initializeCTLog(ctlogKeys, at);
    const issuerId = createHash('sha256').update(spki(issuer)).digest();
    const sct = Buffer.from(await ctlog.log(arrayBuffer(precertificate), arrayBuffer(issuerId)));
    const listed = Buffer.concat([uint16(sct.length + 2), uint16(sct.length), sct]);
    return extension('1.3.6.1.4.1.11129.2.4.2', octetString(listed));
  };
  return {
    root: {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [logOf(tlogKeys, `https://rekor.${host}`), logOf(tlog2Keys, `https://log2.${host}`)],
      ctlogs: [logOf(ctlogKeys, `https://ctfe.${host}`)],
      certificateAuthorities: [chainOf(ca.der, top.der)],
      timestampAuthorities: [chainOf(tsa.intCertificate, tsa.rootCertificate)],
    },
    ca,
    tlogKeys,
    certify: (at, changes = {}) =>
      issue({
        issuer: ca,
        notBefore: at,
        notAfter: new Date(at.getTime() + 10 * MINUTE),
        extensions: [
          keyUsage(0),
          extendedKeyUsage(CODE_SIGNING),
          alternativeNames(uri(SUBJECT)),
          fulcio(1, ISSUER),
          fulcio(8, ISSUER),
          fulcio(12, 'https://github.com/acme/app'),
          fulcio(18, SUBJECT.padEnd(200, '/')),
        ],
        hash: 'sha384',
        list: (precertificate, issuer) => list(at, precertificate, issuer),
        ...changes,
      }),
    log: async (at, body) => {
      const [answer] = Object.values(await (await initializeTLog(`https://rekor.${host}`, tlogKeys, at)).log(body));
      const { verification, logID, logIndex, integratedTime, body: canonicalizedBody } = answer as any;
      const { inclusionProof, signedEntryTimestamp } = verification;
      const { kind, apiVersion } = body as any;
      return {
        logIndex: String(logIndex),
        logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
        kindVersion: { kind, version: apiVersion },
        integratedTime: String(integratedTime),
        inclusionPromise: { signedEntryTimestamp },
        inclusionProof: {
          logIndex: '0',
          rootHash: Buffer.from(inclusionProof.rootHash, 'hex').toString('base64'),
          treeSize: '1',
          hashes: [],
          checkpoint: { envelope: inclusionProof.checkpoint },
        },
        canonicalizedBody,
      };
    },
    logV2: async (at, body) => {
      const log = await initializeTLog(`https://log2.${host}`, tlog2Keys, at);
      const entry = (await log.logV2(body as any)) as any;
      const { kind, apiVersion } = body as any;
      return {
        logIndex: entry.logIndex,
        logId: { keyId: entry.logId.keyId.toString('base64') },
        kindVersion: { kind, version: apiVersion },
        integratedTime: '0',
        inclusionProof: {
          logIndex: '0',
          rootHash: entry.inclusionProof.rootHash.toString('base64'),
          treeSize: '1',
          hashes: [],
          checkpoint: entry.inclusionProof.checkpoint,
        },
        canonicalizedBody: entry.canonicalizedBody.toString('base64'),
      };
    },
    stamp: async (at, signature) => {
      const authority = await initializeTSA(tsaKeys, at);
      void tsa;
      const response = await authority.timestamp({
        artifactHash: createHash('sha256').update(signature).digest(),
        hashAlgorithmOID: '2.16.840.1.101.3.4.2.1',
        nonce: 1,
        policyOID: '1.2.3.4.5',
      });
      return Buffer.from(response as Buffer).toString('base64');
    },
  };
}

const uint16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);
const arrayBuffer = (bytes: Buffer): ArrayBuffer => Uint8Array.from(bytes).buffer;
export const logIdOf = (key: KeyObject): Buffer => createHash('sha256').update(spki(key)).digest();
