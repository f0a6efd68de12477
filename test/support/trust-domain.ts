import { createHash, type KeyObject } from 'node:crypto';
import { initializeCTLog, initializeTLog, initializeTSA } from '@sigstore/mock';
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

/** The parts of a TrustedRoot and of a bundle that tests change, as JSON. */
export interface WindowJson {
  start?: string;
  end?: string;
}
export interface LogJson {
  baseUrl: string;
  hashAlgorithm: string;
  publicKey: { rawBytes: string; keyDetails: string; validFor: WindowJson };
  logId: { keyId: string };
}
export interface ChainJson {
  subject: { organization: string; commonName: string };
  uri: string;
  certChain: { certificates: { rawBytes: string }[] };
  validFor: WindowJson;
}
export interface RootJson {
  mediaType: string;
  tlogs: LogJson[];
  ctlogs: LogJson[];
  certificateAuthorities: ChainJson[];
  timestampAuthorities: ChainJson[];
}
export interface EntryJson {
  logIndex: string;
  logId: { keyId: string };
  kindVersion: { kind: string; version: string };
  integratedTime: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: {
    logIndex: string;
    rootHash: string;
    treeSize: string;
    hashes: string[];
    checkpoint: { envelope: string };
  };
  canonicalizedBody: string;
}

/** What a log of the first generation answers, by an id of no interest here. */
interface RekorAnswer {
  readonly body: string;
  readonly logID: string;
  readonly logIndex: number;
  readonly integratedTime: number;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: { readonly rootHash: string; readonly checkpoint: string };
  };
}

/** What is logged: its kind and version, and the rest. */
export interface EntryBody {
  readonly kind: string;
  readonly apiVersion: string;
  readonly spec: object;
}

/** Everything of a Sigstore instance of one's own: authorities that sign in memory, at the time that each call names. */
export interface TrustDomain {
  /** Its TrustedRoot, as JSON; to be changed at will. */
  readonly root: RootJson;
  readonly ca: Issued;
  /** Above `ca`. */
  readonly top: Issued;
  /** A certificate by its authority, valid for ten minutes from then, listed by its certificate log. */
  readonly certify: (at: Date, changes?: Partial<CertificateRequest>) => Promise<Issued>;
  /** The extension with which its certificate log promises to list a certificate by the issuer. */
  readonly list: (at: Date, precertificate: Buffer, issuer: KeyObject) => Promise<Buffer>;
  /** What its transparency log answers for the entry, as a `tlogEntries` element. */
  readonly log: (at: Date, body: EntryBody) => Promise<EntryJson>;
  /** The same of its second log, of the second generation: without a promise. */
  readonly logV2: (at: Date, body: EntryBody) => Promise<EntryJson>;
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
  const logOf = ({ publicKey }: KeyPair, baseUrl: string): LogJson => ({
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: spki(publicKey).toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start: since.toISOString() },
    },
    logId: { keyId: logIdOf(publicKey).toString('base64') },
  });
  const chainOf = (...ders: readonly (Buffer | ArrayBufferView)[]): ChainJson => ({
    subject: { organization: host, commonName: host },
    uri: `https://${host}`,
    certChain: { certificates: ders.map((der) => ({ rawBytes: Buffer.from(der as Buffer).toString('base64') })) },
    validFor: { start: since.toISOString() },
  });
  const list = async (at: Date, precertificate: Buffer, issuer: KeyObject): Promise<Buffer> => {
    const ctlog = await initializeCTLog(ctlogKeys, at);
    const issuerId = createHash('sha256').update(spki(issuer)).digest();
    const sct = Buffer.from(await ctlog.log(arrayBuffer(precertificate), arrayBuffer(issuerId)));
    // It comes with its own length in front.
    return extension('1.3.6.1.4.1.11129.2.4.2', octetString(Buffer.concat([uint16(sct.length), sct])));
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
    top,
    list,
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
      const log = await initializeTLog(`https://rekor.${host}`, tlogKeys, at);
      const [answer] = Object.values(await log.log(body)) as [RekorAnswer];
      const { inclusionProof, signedEntryTimestamp } = answer.verification;
      return {
        logIndex: String(answer.logIndex),
        logId: { keyId: Buffer.from(answer.logID, 'hex').toString('base64') },
        kindVersion: { kind: body.kind, version: body.apiVersion },
        integratedTime: String(answer.integratedTime),
        inclusionPromise: { signedEntryTimestamp: signedEntryTimestamp },
        inclusionProof: onlyLeaf(Buffer.from(inclusionProof.rootHash, 'hex'), inclusionProof.checkpoint),
        canonicalizedBody: answer.body,
      };
    },
    logV2: async (at, body) => {
      const log = await initializeTLog(`https://log2.${host}`, tlog2Keys, at);
      // The log keeps whatever it is given, and what is given here is the entry as it is kept.
      const { logIndex, logId, inclusionProof, canonicalizedBody } = await log.logV2(body as never);
      return {
        logIndex,
        logId: { keyId: logId!.keyId.toString('base64') },
        kindVersion: { kind: body.kind, version: body.apiVersion },
        integratedTime: '0',
        inclusionProof: onlyLeaf(inclusionProof!.rootHash, inclusionProof!.checkpoint!.envelope),
        canonicalizedBody: canonicalizedBody.toString('base64'),
      };
    },
    stamp: async (at, signature) => {
      const authority = await initializeTSA(tsaKeys, at);
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

const onlyLeaf = (rootHash: Buffer, checkpoint: string): NonNullable<EntryJson['inclusionProof']> => ({
  logIndex: '0',
  rootHash: rootHash.toString('base64'),
  treeSize: '1',
  hashes: [],
  checkpoint: { envelope: checkpoint },
});
