import type { ASN1Obj } from '@sigstore/core';
import type { Certificate } from './certificate.js';
import { TAG, tagOf } from './der.js';

const COMMON_NAME = '2.5.4.3';
/** Short names of attributes (RFC 4514, 3). */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  [COMMON_NAME, 'CN'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.6', 'C'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.7', 'L'],
]);
const TEXT_TAGS: readonly (number | undefined)[] = [TAG.utf8String, TAG.printableString, TAG.ia5String];
const MAX_LENGTH = 200;

/** The values of the subject's common names that are text in UTF-8 or ASCII, as bytes. */
export function commonNamesOf(certificate: Certificate): readonly Buffer[] {
  return attributesOf(certificate)
    .filter(({ oid }) => oid === COMMON_NAME)
    .map(({ value }) => value);
}

/** The certificate's subject for people to read, such as `O=sigstore.dev, CN=sigstore`; empty where it has none. */
export function subjectText(certificate: Certificate): string {
  const parts = attributesOf(certificate).map(
    ({ oid, value }) => `${ATTRIBUTES.get(oid) ?? oid}=${value.toString('utf8').replace(/\p{Cc}/gu, '�')}`,
  );
  const text = parts.join(', ');
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH).toWellFormed()}…`;
}

function attributesOf(certificate: Certificate): readonly { readonly oid: string; readonly value: Buffer }[] {
  const relative = certificate.tbsCertificate.subs[5]?.subs ?? [];
  return relative.flatMap((set) => set.subs.flatMap(attribute));
}

function attribute({ subs }: ASN1Obj): readonly { readonly oid: string; readonly value: Buffer }[] {
  const [identifier, value] = subs;
  if (tagOf(identifier) !== TAG.objectIdentifier || identifier === undefined || value === undefined) return [];
  return TEXT_TAGS.includes(tagOf(value)) ? [{ oid: identifier.toOID(), value: value.value }] : [];
}
