import { FaultList } from '../fault-list.js';
import { asArray, asObject, member, type Json, type JsonObject } from '../json.js';
import { elementPath, memberPath, quoted } from '../json-path.js';
import { Malformed } from '../malformed.js';
import type { AuthorityId } from '../proved-signer.js';
import {
  certificatesOf,
  chainId,
  chainName,
  readChain,
  readPlainChain,
  signerIdentifier,
  type ChainJson,
} from './trust-root-chain.js';
import { logAuthorityId, readLog, type LogJson } from './trust-root-log.js';

/**
 * An authority of a trust root and when what it says counts: from `validFrom` to `validUntil`, both included (protobuf
 * specs, TrustedRoot: "inclusive of the endpoints"), RFC 3339 UTC with milliseconds; null has no end. One authority may
 * stand in a root several times with different windows.
 */
export interface Authority {
  readonly id: AuthorityId;
  readonly type: 'ca' | 'ctlog' | 'tlog' | 'tsa';
  /** For people: the subject of the certificate that issues or signs, or the log's base URL. Identifies nothing. */
  readonly name: string;
  readonly validFrom: string;
  readonly validUntil: string | null;
}

/** What a trust root says and nothing else, in the form of a Sigstore TrustedRoot, every window written out. */
export interface TrustedRootJson {
  readonly mediaType: string;
  readonly certificateAuthorities: readonly ChainJson[];
  readonly timestampAuthorities: readonly ChainJson[];
  readonly ctlogs: readonly LogJson[];
  readonly tlogs: readonly LogJson[];
}

/**
 * Authorities that may vouch for signers: plain data that can be cloned, stored and written as canonical JSON. `sigstore`
 * and `x509` differ in how the root was written, and in that a Sigstore certificate must be meant for signing code; so
 * what is stored is the whole, not `json` alone.
 */
export interface TrustRoot {
  readonly form: 'sigstore' | 'x509';
  /** Certificate authorities, certificate logs, transparency logs, timestamp authorities, each in the root's order. */
  readonly authorities: readonly Authority[];
  readonly json: TrustedRootJson;
}

const MAX_BYTES = 1024 * 1024;
const MAX_AUTHORITIES = 64;
const MEDIA_TYPE = 'application/vnd.dev.sigstore.trustedroot.v0.2+json';
const MEDIA_TYPES: readonly string[] = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot.v0.1+json',
  MEDIA_TYPE,
];
const PLAIN_MEMBERS: readonly string[] = ['certificateAuthorities', 'timestampAuthorities'];

/**
 * Reads a trust root in one of two forms. With a `mediaType` it is a Sigstore TrustedRoot (sigstore_trustroot.proto, v0.1
 * and v0.2), of which fields that are not known are ignored. Without, it is plain X.509:
 * `{certificateAuthorities: [{certificates, validFor?: {start?, end?}}], timestampAuthorities?: [the same]}`, where
 * `certificates` is PEM text, the one that issues (or signs timestamps) first and the self-signed root last, and a window
 * that is not given is the time in which all of them are valid; there, unknown fields are faults.
 *
 * Throws Malformed of the document `trust_root` with every fault and its path: a window of the Sigstore form without a
 * start, keys that are weak, certificates that cannot be read or are not what they are listed for, a chain that does not
 * stand by itself, two logs with one id and different keys, two timestamp authorities that tokens cannot tell apart, no
 * authority at all, more than 64, and more than 1 MiB.
 */
export function parseTrustRoot(json: unknown): TrustRoot {
  // Whatever it is, it is only looked at through functions that take nothing for granted.
  const root = asObject(json as Json);
  if (root === null) throw new Malformed('trust_root', [{ path: '', message: 'must be a JSON object' }]);
  if (!fits(root)) {
    throw new Malformed('trust_root', [{ path: '', message: `must be JSON of at most ${MAX_BYTES} bytes` }]);
  }
  const faults = new FaultList();
  const isPlain = !Object.hasOwn(root, 'mediaType');
  const normalized = isPlain ? readPlain(root, faults) : readSigstore(root, faults);
  const authorities = authoritiesOf(normalized);
  addFaultsOfAll(root, normalized, faults);
  faults.throwIfAny('trust_root');
  return { form: isPlain ? 'x509' : 'sigstore', authorities, json: normalized };
}

function fits(root: JsonObject): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(root)) <= MAX_BYTES;
  } catch {
    return false;
  }
}

function readSigstore(root: JsonObject, faults: FaultList): TrustedRootJson {
  const mediaType = member(root, 'mediaType');
  if (typeof mediaType !== 'string' || !MEDIA_TYPES.includes(mediaType)) {
    const found = typeof mediaType === 'string' ? quoted(mediaType) : 'no text';
    faults.add('mediaType', `is ${found}; accepted are ${MEDIA_TYPES.join(', ')}`);
  }
  const chains = (name: string, type: 'ca' | 'tsa'): readonly ChainJson[] =>
    each(root, name, faults, (value, path) => readChain(value, path, type, faults));
  const logs = (name: string): readonly LogJson[] =>
    each(root, name, faults, (value, path) => readLog(value, path, faults));
  return {
    mediaType: MEDIA_TYPE,
    certificateAuthorities: chains('certificateAuthorities', 'ca'),
    timestampAuthorities: chains('timestampAuthorities', 'tsa'),
    ctlogs: logs('ctlogs'),
    tlogs: logs('tlogs'),
  };
}

function readPlain(root: JsonObject, faults: FaultList): TrustedRootJson {
  for (const name of Object.keys(root)) {
    if (!PLAIN_MEMBERS.includes(name))
      faults.add(memberPath('', name), 'is not a field of a trust root without a mediaType');
  }
  const chains = (name: string, type: 'ca' | 'tsa'): readonly ChainJson[] =>
    each(root, name, faults, (value, path) => readPlainChain(value, path, type, faults));
  return {
    mediaType: MEDIA_TYPE,
    certificateAuthorities: chains('certificateAuthorities', 'ca'),
    timestampAuthorities: chains('timestampAuthorities', 'tsa'),
    ctlogs: [],
    tlogs: [],
  };
}

function each<T>(
  root: JsonObject,
  name: string,
  faults: FaultList,
  read: (value: Json, path: string) => T | null,
): readonly T[] {
  const value = member(root, name);
  const list = asArray(value);
  if (value !== undefined && list === null) faults.add(name, 'must be an array');
  // The number is a fault of its own; reading thousands of certificates to say more would help nobody.
  return (list ?? [])
    .slice(0, MAX_AUTHORITIES)
    .flatMap((element, index) => read(element, elementPath(name, index)) ?? []);
}

function authoritiesOf(root: TrustedRootJson): readonly Authority[] {
  const window = ({ start, end }: ChainJson['validFor']): Pick<Authority, 'validFrom' | 'validUntil'> => ({
    validFrom: start,
    validUntil: end ?? null,
  });
  const chains = (type: 'ca' | 'tsa', list: readonly ChainJson[]): readonly Authority[] =>
    list.map((chain) => ({ id: chainId(type, chain), type, name: chainName(chain), ...window(chain.validFor) }));
  const logs = (type: 'ctlog' | 'tlog', list: readonly LogJson[]): readonly Authority[] =>
    list.map((log) => ({ id: logAuthorityId(type, log), type, name: log.baseUrl, ...window(log.publicKey.validFor) }));
  return [
    ...chains('ca', root.certificateAuthorities),
    ...logs('ctlog', root.ctlogs),
    ...logs('tlog', root.tlogs),
    ...chains('tsa', root.timestampAuthorities),
  ];
}

/** Faults that no authority has alone. Where one was dropped for its own faults, the others are not compared. */
function addFaultsOfAll(root: JsonObject, normalized: TrustedRootJson, faults: FaultList): void {
  const given = (name: keyof Omit<TrustedRootJson, 'mediaType'>): number => asArray(member(root, name))?.length ?? 0;
  const count = given('certificateAuthorities') + given('timestampAuthorities') + given('ctlogs') + given('tlogs');
  if (count > MAX_AUTHORITIES) faults.add('', `holds ${count} authorities; at most ${MAX_AUTHORITIES} are accepted`);
  if (count === 0) faults.add('', 'holds no authority');
  for (const name of ['ctlogs', 'tlogs'] as const) {
    if (given(name) !== normalized[name].length) continue;
    for (const index of clashes(normalized[name], (log) => [log.logId.keyId, log.publicKey.rawBytes])) {
      faults.add(elementPath(name, index), 'has the id of another log of this root, and another key');
    }
  }
  const tsas = normalized.timestampAuthorities;
  if (given('timestampAuthorities') !== tsas.length) return;
  for (const index of clashes(tsas, (tsa) => [signerOf(tsa), chainId('tsa', tsa)])) {
    faults.add(elementPath('timestampAuthorities', index), 'signs under issuer and serial number of another one');
  }
}

/** Indexes of the elements that have the name of an earlier one and are something else. */
function clashes<T>(
  list: readonly T[],
  read: (element: T) => readonly [name: string, value: string],
): readonly number[] {
  const known = new Map<string, string>();
  const found: number[] = [];
  for (const [index, element] of list.entries()) {
    const [name, value] = read(element);
    if ((known.get(name) ?? value) !== value) found.push(index);
    else known.set(name, value);
  }
  return found;
}

/** How timestamps name the authority's signer: none that was read is without a certificate. */
function signerOf(tsa: ChainJson): string {
  const [signer] = certificatesOf(tsa);
  return signer === undefined ? '' : signerIdentifier(signer);
}
