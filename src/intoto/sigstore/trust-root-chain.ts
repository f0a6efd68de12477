import { sha256 } from '../digest.js';
import type { FaultList } from '../fault-list.js';
import { asArray, asObject, member, type Json } from '../json.js';
import { elementPath, memberPath, quoted } from '../json-path.js';
import type { AuthorityId } from '../proved-signer.js';
import { CertificateUnusable, readCertificate, type Certificate } from './certificate.js';
import { chainFaults, type ChainType } from './certificate-chain.js';
import { subjectText } from './distinguished-name.js';
import { PURPOSE } from './key-usage.js';
import { readPem } from './pem.js';
import { readBase64, readOptionalText } from './trust-root-field.js';
import { readWindow, type WindowJson } from './trust-root-window.js';

/** A certificate or timestamp authority of a TrustedRoot: its chain, the issuing or signing certificate first. */
export interface ChainJson {
  readonly uri: string;
  readonly certChain: { readonly certificates: readonly { readonly rawBytes: string }[] };
  readonly validFor: WindowJson;
}

const MAX_CERTIFICATES = 10;
const PLAIN_MEMBERS: readonly string[] = ['certificates', 'validFor'];

/** Reads a CertificateAuthority of a Sigstore TrustedRoot; null where a fault was added. */
export function readChain(value: Json, path: string, type: ChainType, faults: FaultList): ChainJson | null {
  const object = asObject(value);
  if (object === null) {
    faults.add(path, 'must be an object');
    return null;
  }
  const uri = readOptionalText(object, 'uri', path, faults);
  const validFor = readWindow(member(object, 'validFor'), memberPath(path, 'validFor'), faults);
  const listPath = `${path}.certChain.certificates`;
  const list = asArray(member(asObject(member(object, 'certChain')) ?? {}, 'certificates'));
  if (list === null || list.length === 0) {
    faults.add(listPath, 'must hold at least one certificate');
    return null;
  }
  const ders = list.slice(0, MAX_CERTIFICATES + 1).map((element, index) => {
    const at = elementPath(listPath, index);
    return { der: readBase64(asObject(element) ?? {}, 'rawBytes', at, faults), path: at };
  });
  const chain = readCertificates(
    ders,
    listPath,
    type,
    type === 'tsa' ? PURPOSE.timeStamping : PURPOSE.codeSigning,
    faults,
  );
  return chain === null || validFor === null ? null : chainJson(chain, uri, validFor);
}

/** Reads an authority of the plain X.509 form; null where a fault was added. */
export function readPlainChain(value: Json, path: string, type: ChainType, faults: FaultList): ChainJson | null {
  const object = asObject(value);
  if (object === null) {
    faults.add(path, 'must be an object');
    return null;
  }
  for (const name of Object.keys(object)) {
    if (!PLAIN_MEMBERS.includes(name)) faults.add(memberPath(path, name), 'is not a field of an authority');
  }
  const textPath = memberPath(path, 'certificates');
  const ders = readPemCertificates(member(object, 'certificates'), textPath, faults);
  if (ders === null) return null;
  // In-house authorities seldom say what their certificates are for; those of timestamp authorities must.
  const chain = readCertificates(ders, textPath, type, type === 'tsa' ? PURPOSE.timeStamping : null, faults);
  if (chain === null) return null;
  const own = {
    start: new Date(Math.max(...chain.map(({ notBefore }) => notBefore.getTime()))).toISOString(),
    end: new Date(Math.min(...chain.map(({ notAfter }) => notAfter.getTime()))).toISOString(),
  };
  const validFor = readWindow(member(object, 'validFor') ?? {}, memberPath(path, 'validFor'), faults, own);
  return validFor === null ? null : chainJson(chain, '', validFor);
}

interface Given {
  readonly der: Buffer | null;
  readonly path: string;
}

function readPemCertificates(value: Json | undefined, path: string, faults: FaultList): readonly Given[] | null {
  const blocks = typeof value === 'string' ? readPem(value) : null;
  if (blocks === null || blocks.length === 0) {
    faults.add(path, 'must be PEM text: one CERTIFICATE block after the other and nothing between them');
    return null;
  }
  return blocks.slice(0, MAX_CERTIFICATES + 1).map(({ label, der }, index) => {
    const at = elementPath(path, index);
    if (label === 'CERTIFICATE') return { der, path: at };
    faults.add(at, `is a block of type ${quoted(label)}; expected CERTIFICATE`);
    return { der: null, path: at };
  });
}

function readCertificates(
  given: readonly Given[],
  listPath: string,
  type: ChainType,
  purpose: string | null,
  faults: FaultList,
): readonly Certificate[] | null {
  const least = type === 'tsa' ? 2 : 1;
  if (given.length > MAX_CERTIFICATES || given.length < least) {
    const wanted = type === 'tsa' ? 'the one that signs timestamps and those above it' : 'the one that issues first';
    faults.add(listPath, `must hold ${least} to ${MAX_CERTIFICATES} certificates: ${wanted}, the root last`);
    return null;
  }
  const chain = given.map(({ der, path }) => (der === null ? null : readOrFault(der, path, faults)));
  if (!chain.every((certificate) => certificate !== null)) return null;
  const found = chainFaults(chain, type, purpose);
  for (const { index, message } of found) faults.add(given[index]?.path ?? listPath, message);
  return found.length === 0 ? chain : null;
}

function readOrFault(der: Buffer, path: string, faults: FaultList): Certificate | null {
  try {
    return readCertificate(der);
  } catch (error) {
    if (!(error instanceof CertificateUnusable)) throw error;
    faults.add(path, error.message);
    return null;
  }
}

function chainJson(chain: readonly Certificate[], uri: string, validFor: WindowJson): ChainJson {
  return { uri, certChain: { certificates: chain.map(({ der }) => ({ rawBytes: der.toString('base64') })) }, validFor };
}

/** The certificates of a chain that was read by this file. */
export function certificatesOf({ certChain }: ChainJson): readonly Certificate[] {
  return certChain.certificates.map(({ rawBytes }) => readCertificate(Buffer.from(rawBytes, 'base64')));
}

/** Names an authority by its chain: the sha256 over the DER of each certificate, each after its length in four bytes. */
export function chainId(type: ChainType, { certChain }: ChainJson): AuthorityId {
  const pieces = certChain.certificates.flatMap(({ rawBytes }) => {
    const der = Buffer.from(rawBytes, 'base64');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(der.length);
    return [length, der];
  });
  return `${type}:${sha256(...pieces).slice('sha256:'.length)}` as AuthorityId;
}

/** For people: the subject of the first certificate of the chain, else where the authority is reached. */
export function chainName(chain: ChainJson): string {
  const [first] = certificatesOf(chain);
  const subject = first === undefined ? '' : subjectText(first);
  return subject === '' ? chain.uri : subject;
}

/** By what a timestamp says who signed it: the issuer and the serial number of the certificate. */
export function signerIdentifier({ issuer, serialNumber }: Pick<Certificate, 'issuer' | 'serialNumber'>): string {
  return `${issuer.toString('hex')}:${serialNumber.toString('hex')}`;
}
