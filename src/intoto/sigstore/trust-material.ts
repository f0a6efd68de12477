import { createPublicKey, type KeyObject } from 'node:crypto';
import { sha256, type Sha256Digest } from '../digest.js';
import type { AuthorityId } from '../proved-signer.js';
import type { Certificate } from './certificate.js';
import { chainFaults, type ChainType } from './certificate-chain.js';
import type { TrustRoot } from './trust-root.js';
import { certificatesOf, chainId, chainName, type ChainJson } from './trust-root-chain.js';
import { logAuthorityId, type LogJson } from './trust-root-log.js';
import type { WindowJson } from './trust-root-window.js';

/** When an authority counts, both ends included. */
export interface TrustedWindow {
  readonly start: Date;
  readonly end: Date;
}

/** An authority with a chain, as the library takes it; `certChain` begins with what issues or signs and is not to be changed. */
export interface TrustedChain {
  readonly id: AuthorityId;
  /** For people. */
  readonly name: string;
  readonly certChain: Certificate[];
  readonly validFor: TrustedWindow;
}

export interface TrustedLog {
  readonly id: AuthorityId;
  readonly logID: Buffer;
  readonly baseURL: string;
  readonly publicKey: KeyObject;
  readonly validFor: TrustedWindow;
}

/** A trust root with its certificates and keys taken in. */
export interface TrustMaterial {
  readonly form: TrustRoot['form'];
  readonly certificateAuthorities: readonly TrustedChain[];
  readonly timestampAuthorities: readonly TrustedChain[];
  readonly tlogs: readonly TrustedLog[];
  readonly ctlogs: readonly TrustedLog[];
}

/** More roots than anybody registers; where there are more, those in use are taken in again. */
const MAX_KEPT = 128;
const byRoot = new WeakMap<TrustRoot, TrustMaterial>();
const byDigest = new Map<Sha256Digest, TrustMaterial>();

/**
 * The material of a root. It is kept, by what the root says, so that the signatures between the certificates of a chain
 * are verified once in a process however many signers stand under it. Throws where the root is none that `parseTrustRoot`
 * gave.
 */
export function trustMaterial(root: TrustRoot): TrustMaterial {
  const known = byRoot.get(root);
  if (known !== undefined) return known;
  // A root that came from another thread is another object each time.
  const digest = sha256(Buffer.from(JSON.stringify([root.form, root.json])));
  const material = byDigest.get(digest) ?? takeIn(root);
  byRoot.set(root, material);
  if (byDigest.size >= MAX_KEPT) byDigest.clear();
  byDigest.set(digest, material);
  return material;
}

function takeIn({ form, json }: TrustRoot): TrustMaterial {
  const kept = new Map<Sha256Digest, Certificate>();
  return {
    form,
    certificateAuthorities: json.certificateAuthorities.map((chain) => trustedChain('ca', chain, kept)),
    timestampAuthorities: json.timestampAuthorities.map((chain) => trustedChain('tsa', chain, kept)),
    tlogs: json.tlogs.map((log) => trustedLog('tlog', log)),
    ctlogs: json.ctlogs.map((log) => trustedLog('ctlog', log)),
  };
}

/** One certificate is one object in all of a root's chains, so that what it was checked against is known in each. */
function trustedChain(type: ChainType, chain: ChainJson, kept: Map<Sha256Digest, Certificate>): TrustedChain {
  const certChain = certificatesOf(chain).map((certificate) => {
    const known = kept.get(certificate.fingerprint) ?? certificate;
    kept.set(certificate.fingerprint, known);
    return known;
  });
  const id = chainId(type, chain);
  // What is verified against it takes for granted that the chain stands.
  const [fault] = chainFaults(certChain, type, null);
  if (fault !== undefined) throw new Error(`certificate ${fault.index} of ${id} ${fault.message}`);
  return { id, name: chainName(chain), certChain, validFor: trustedWindow(chain.validFor) };
}

function trustedLog(type: 'tlog' | 'ctlog', log: LogJson): TrustedLog {
  return {
    id: logAuthorityId(type, log),
    logID: Buffer.from(log.logId.keyId, 'base64'),
    baseURL: log.baseUrl,
    publicKey: createPublicKey({ key: Buffer.from(log.publicKey.rawBytes, 'base64'), format: 'der', type: 'spki' }),
    validFor: trustedWindow(log.publicKey.validFor),
  };
}

const END_OF_TIME = new Date(8_640_000_000_000_000);

function trustedWindow({ start, end }: WindowJson): TrustedWindow {
  return { start: new Date(start), end: end === undefined ? END_OF_TIME : new Date(end) };
}

/** The window of an authority that counts at any time. */
export const ALWAYS: TrustedWindow = { start: new Date(-END_OF_TIME.getTime()), end: END_OF_TIME };

/** Whether the window holds the moment. */
export function covers({ start, end }: TrustedWindow, moment: Date): boolean {
  return start <= moment && moment <= end;
}
