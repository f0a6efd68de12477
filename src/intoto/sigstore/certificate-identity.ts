import { isUtf8 } from 'node:buffer';
import type { ASN1Obj } from '@sigstore/core';
import { CLAIM_NAMES, type CertificateIdentity, type ClaimName } from '../proved-signer.js';
import { CertificateUnusable, readCertificate, type Certificate } from './certificate.js';
import { commonNamesOf } from './distinguished-name.js';
import { contextTag, readDer, TAG, tagOf } from './der.js';

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const FULCIO = '1.3.6.1.4.1.57264.1';
const FULCIO_ISSUER = `${FULCIO}.8`;
/** The issuer as it was first written: bare text instead of DER. */
const FULCIO_ISSUER_RAW = `${FULCIO}.1`;
const FULCIO_OTHER_NAME = `${FULCIO}.7`;
const MAX_TEXT_BYTES = 4096;

/** The last arc of each claim's identifier under Fulcio's (sigstore/fulcio, docs/oid-info.md). */
const CLAIM_ARCS: Readonly<Record<ClaimName, number>> = {
  githubWorkflowTrigger: 2,
  githubWorkflowSha: 3,
  githubWorkflowName: 4,
  githubWorkflowRepository: 5,
  githubWorkflowRef: 6,
  buildSignerUri: 9,
  buildSignerDigest: 10,
  runnerEnvironment: 11,
  sourceRepositoryUri: 12,
  sourceRepositoryDigest: 13,
  sourceRepositoryRef: 14,
  sourceRepositoryIdentifier: 15,
  sourceRepositoryOwnerUri: 16,
  sourceRepositoryOwnerIdentifier: 17,
  buildConfigUri: 18,
  buildConfigDigest: 19,
  buildTrigger: 20,
  runInvocationUri: 21,
  sourceRepositoryVisibility: 22,
  deploymentEnvironment: 23,
};

/**
 * Reads whom a certificate names, from its DER; see `identityOf`. Whether the certificate can be believed is another
 * question. Throws CertificateUnusable.
 */
export function readCertificateIdentity(der: Uint8Array): CertificateIdentity {
  return identityOf(readCertificate(der));
}

/**
 * Whom a certificate names: every subject alternative name (URI, email, DNS name, and Fulcio's otherName for machines),
 * and what Fulcio's extensions say (.1 to .6 bare text, .8 to .23 DER UTF8String). A Fulcio certificate, which is one that
 * names an OIDC issuer, has exactly one alternative name. The common name stands for the subject only where there is
 * neither an alternative name nor an issuer.
 *
 * Throws CertificateUnusable where any of these is encoded in another way, is not UTF-8, holds a control character (so a
 * NUL, at which others may stop reading), or contradicts itself.
 */
export function identityOf(certificate: Certificate): CertificateIdentity {
  const issuer = issuerOf(certificate);
  const claims: Partial<Record<ClaimName, string>> = {};
  for (const name of CLAIM_NAMES) {
    const arc = CLAIM_ARCS[name];
    const text = textOf(certificate, `${FULCIO}.${arc}`, arc < 8 ? 'bare' : 'der');
    if (text !== null) claims[name] = text;
  }
  return { issuer, subjects: subjectsOf(certificate, issuer), claims };
}

function issuerOf(certificate: Certificate): string | null {
  const issuer = textOf(certificate, FULCIO_ISSUER, 'der');
  const raw = textOf(certificate, FULCIO_ISSUER_RAW, 'bare');
  if (issuer !== null && raw !== null && issuer !== raw) throw new CertificateUnusable('names two OIDC issuers');
  const named = issuer ?? raw;
  if (named === '') throw new CertificateUnusable('names an empty OIDC issuer');
  return named;
}

function textOf(certificate: Certificate, oid: string, form: 'bare' | 'der'): string | null {
  const value = certificate.extensionValue(oid);
  if (value === undefined) return null;
  const what = `extension ${oid}`;
  return plainText(form === 'bare' ? value : utf8String(value, what), what);
}

/** The content of a value that is one UTF8String and nothing after it. */
function utf8String(value: Buffer, what: string): Buffer {
  let node: ASN1Obj;
  try {
    node = readDer(value);
  } catch (cause) {
    throw new CertificateUnusable(`has an ${what} that is not DER`, { cause });
  }
  if (tagOf(node) !== TAG.utf8String) throw new CertificateUnusable(`has an ${what} that is not a UTF8String`);
  return node.value;
}

function subjectsOf(certificate: Certificate, issuer: string | null): readonly string[] {
  const names = alternativeNames(certificate);
  if (names === null && issuer === null) return [onlyCommonName(certificate)];
  if (issuer !== null && names?.length !== 1) {
    throw new CertificateUnusable(`has ${names?.length ?? 0} alternative names where Fulcio writes one`);
  }
  const subjects = [...new Set((names ?? []).flatMap((name) => nameText(name) ?? []))].sort();
  if (subjects.length === 0) throw new CertificateUnusable('has no alternative name of a kind that is read');
  return subjects;
}

function alternativeNames(certificate: Certificate): readonly ASN1Obj[] | null {
  const value = certificate.extensionValue(SUBJECT_ALTERNATIVE_NAME);
  if (value === undefined) return null;
  let names: ASN1Obj;
  try {
    names = readDer(value);
  } catch (cause) {
    throw new CertificateUnusable('has alternative names that are not DER', { cause });
  }
  if (tagOf(names) !== TAG.sequence || names.subs.length === 0) {
    throw new CertificateUnusable('has no alternative name');
  }
  return names.subs;
}

/** The text of a GeneralName (RFC 5280, 4.2.1.6); null for the kinds by which nobody is known here. */
function nameText(name: ASN1Obj): string | null {
  switch (tagOf(name)) {
    case contextTag(1, false):
    case contextTag(2, false):
    case contextTag(6, false):
      return subjectText(name.value, true);
    case contextTag(0, true):
      return otherName(name);
    default:
      return null;
  }
}

function otherName(name: ASN1Obj): string | null {
  const [identifier, holder, ...rest] = name.subs;
  if (tagOf(identifier) !== TAG.objectIdentifier || identifier?.toOID() !== FULCIO_OTHER_NAME) return null;
  const [text, ...more] = holder?.subs ?? [];
  const isOne = rest.length === 0 && more.length === 0 && tagOf(holder) === contextTag(0, true);
  if (!isOne || text === undefined || tagOf(text) !== TAG.utf8String) {
    throw new CertificateUnusable('has an alternative name of another form than Fulcio writes');
  }
  return subjectText(text.value, false);
}

function onlyCommonName(certificate: Certificate): string {
  const [name, ...more] = commonNamesOf(certificate);
  if (name === undefined || more.length > 0) {
    throw new CertificateUnusable('names nobody: it has neither an alternative name nor one common name');
  }
  return subjectText(name, false);
}

function subjectText(bytes: Buffer, isIa5: boolean): string {
  if (isIa5 && bytes.some((byte) => byte > 0x7f)) {
    throw new CertificateUnusable('has an alternative name beyond ASCII');
  }
  const text = plainText(bytes, 'alternative name');
  if (text === '') throw new CertificateUnusable('has an empty alternative name');
  return text;
}

const CONTROL = /[\p{Cc}]/u;

function plainText(bytes: Buffer, what: string): string {
  if (bytes.length > MAX_TEXT_BYTES) throw new CertificateUnusable(`has an ${what} above ${MAX_TEXT_BYTES} bytes`);
  if (!isUtf8(bytes)) throw new CertificateUnusable(`has an ${what} that is not UTF-8`);
  const text = bytes.toString('utf8');
  if (CONTROL.test(text)) throw new CertificateUnusable(`has an ${what} with a control character`);
  return text;
}
