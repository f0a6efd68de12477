import { describe, expect, it } from 'vitest';
import {
  contextPrimitive,
  octetString,
  sequence,
  setOf,
  tlv,
  utf8,
  context,
  objectIdentifier,
} from '../../../test/support/der.js';
import {
  alternativeNames,
  dns,
  email,
  extension,
  fulcio,
  issue,
  otherName,
  uri,
  type CertificateRequest,
} from '../../../test/support/x509.js';
import { CLAIM_NAMES, type CertificateIdentity } from '../proved-signer.js';
import { CertificateUnusable, readCertificate } from './certificate.js';
import { readCertificateIdentity } from './certificate-identity.js';

const ISSUER = 'https://token.actions.githubusercontent.com';
const SUBJECT = 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1';
const window = { notBefore: new Date('2024-01-01T00:00:00Z'), notAfter: new Date('2051-01-01T00:00:00Z') };

async function certificate(extensions: readonly Buffer[], changes: Partial<CertificateRequest> = {}): Promise<Buffer> {
  return (await issue({ ...window, extensions, bare: true, ...changes })).der;
}

async function identity(...extensions: readonly Buffer[]): Promise<CertificateIdentity> {
  return readCertificateIdentity(await certificate(extensions));
}

async function expectRefused(der: Buffer | Promise<Buffer>, why: RegExp): Promise<void> {
  const bytes = await der;
  expect(() => readCertificateIdentity(bytes)).toThrow(CertificateUnusable);
  expect(() => readCertificateIdentity(bytes)).toThrow(why);
}

const san = alternativeNames(uri(SUBJECT));

describe('whom a certificate names', () => {
  it('is read from the extensions of Fulcio, DER and bare, lengths of every form', async () => {
    const long = `https://github.com/acme/${'a'.repeat(300)}`;
    const arcs = [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 2, 3, 4, 5, 6];
    const { issuer, subjects, claims } = await identity(
      san,
      fulcio(1, ISSUER),
      fulcio(8, ISSUER),
      ...arcs.map((arc) => fulcio(arc, arc === 18 ? long : `value of .${arc}`)),
    );
    expect({ issuer, subjects }).toEqual({ issuer: ISSUER, subjects: [SUBJECT] });
    expect(claims).toEqual(
      Object.fromEntries(
        CLAIM_NAMES.map((name, index) => [name, arcs[index] === 18 ? long : `value of .${arcs[index]}`]),
      ),
    );
  });

  it('is read from the bare issuer where it is the only one', async () => {
    expect(await identity(san, fulcio(1, ISSUER))).toEqual({ issuer: ISSUER, subjects: [SUBJECT], claims: {} });
  });

  it('takes bare text for what it is, even where it would be DER', async () => {
    // An application tag, the length 33, and as many bytes.
    const text = `A!${'b'.repeat(33)}`;
    expect((await identity(san, fulcio(8, ISSUER), fulcio(4, text))).claims).toEqual({ githubWorkflowName: text });
  });

  it.each<[string, Buffer, string]>([
    ['a URI', uri(SUBJECT), SUBJECT],
    ['an email', email('ann@acme.example'), 'ann@acme.example'],
    ['a DNS name', dns('acme.example'), 'acme.example'],
    ["Fulcio's name for machines, in any script", otherName('маша!@acme'), 'маша!@acme'],
  ])('may be %s', async (_, name, subject) => {
    expect((await identity(alternativeNames(name), fulcio(8, ISSUER))).subjects).toEqual([subject]);
  });

  it('is every alternative name, sorted and each once, where Fulcio did not issue it', async () => {
    const ip = contextPrimitive(7, Buffer.of(10, 0, 0, 1));
    const names = alternativeNames(
      uri('spiffe://b'),
      dns('a'),
      ip,
      dns('a'),
      otherName('upn', '1.3.6.1.4.1.311.20.2.3'),
    );
    expect(await identity(names)).toEqual({ issuer: null, subjects: ['a', 'spiffe://b'], claims: {} });
  });

  it('is the common name where there is no alternative name and no issuer', async () => {
    const der = await certificate([], { commonName: 'Ann' });
    expect(readCertificateIdentity(der)).toEqual({ issuer: null, subjects: ['Ann'], claims: {} });
    const named = await certificate([san], { commonName: 'Ann' });
    expect(readCertificateIdentity(named).subjects).toEqual([SUBJECT]);
  });

  describe('is refused', () => {
    const fulcioDer = (arc: number, value: Buffer): Buffer => extension(`1.3.6.1.4.1.57264.1.${arc}`, value);
    it.each<[string, readonly Buffer[], RegExp]>([
      ['two issuers', [san, fulcio(1, ISSUER), fulcio(8, `${ISSUER}/acme`)], /two OIDC issuers/],
      ['an empty issuer', [san, fulcio(8, '')], /empty OIDC issuer/],
      ['an issuer that is not DER', [san, fulcioDer(8, Buffer.from(ISSUER))], /not DER|UTF8String/],
      ['an issuer of another type', [san, fulcioDer(8, tlv(0x16, Buffer.from(ISSUER)))], /not a UTF8String/],
      ['something after the issuer', [san, fulcioDer(8, Buffer.concat([utf8(ISSUER), Buffer.of(0)]))], /not DER/],
      ['an issuer cut short', [san, fulcioDer(8, utf8(ISSUER).subarray(0, -1))], /not DER/],
      [
        'a length that is longer than it need be',
        [san, fulcioDer(8, Buffer.concat([Buffer.of(0x0c, 0x81, 1), Buffer.from('x')]))],
        /not DER/,
      ],
      ['an issuer with a NUL', [san, fulcio(8, `${ISSUER}\0`)], /control character/],
      ['an issuer that is not UTF-8', [san, fulcioDer(8, tlv(0x0c, Buffer.of(0xff)))], /not UTF-8/],
      ['a claim with a line break', [san, fulcio(8, ISSUER), fulcio(14, 'refs/heads/main\n')], /control character/],
      ['a bare claim that is not UTF-8', [san, fulcio(8, ISSUER), fulcioDer(5, Buffer.of(0xc0, 0x80))], /not UTF-8/],
      ['a claim above 4096 bytes', [san, fulcio(8, ISSUER), fulcio(14, 'x'.repeat(4097))], /above 4096/],
      ['an extension twice', [san, fulcio(8, ISSUER), fulcio(8, ISSUER)], /twice/],
      ['alternative names twice', [san, alternativeNames(uri('x')), fulcio(8, ISSUER)], /twice/],
      [
        'two alternative names of Fulcio',
        [alternativeNames(uri(SUBJECT), uri(SUBJECT)), fulcio(8, ISSUER)],
        /2 alternative/,
      ],
      ['no alternative name of Fulcio', [fulcio(8, ISSUER)], /0 alternative/],
      [
        'only names of kinds that are not read',
        [alternativeNames(contextPrimitive(7, Buffer.of(1, 1, 1, 1)))],
        /of a kind that is read/,
      ],
      ['an empty list of names', [alternativeNames()], /no alternative name/],
      ['an empty name', [alternativeNames(uri(''))], /empty alternative name/],
      ['a name with a NUL', [alternativeNames(dns('acme.example\0.evil.example'))], /control character/],
      ['a name beyond ASCII', [alternativeNames(contextPrimitive(6, Buffer.from('https://аcme')))], /beyond ASCII/],
      ['names that are no list', [extension('2.5.29.17', utf8('x'))], /no alternative name/],
      ['names that are not DER', [extension('2.5.29.17', Buffer.of(1, 2))], /not DER/],
      [
        'a name for machines of another type',
        [
          alternativeNames(
            context(0, objectIdentifier('1.3.6.1.4.1.57264.1.7'), context(0, octetString(Buffer.of(1)))),
          ),
          fulcio(8, ISSUER),
        ],
        /another form/,
      ],
      ['neither a name nor an issuer', [], /names nobody/],
    ])('for %s', async (_, extensions, why) => {
      await expectRefused(certificate(extensions), why);
    });
  });
});

describe('a certificate', () => {
  const critical = (oid: string): Buffer => extension(oid, sequence(), true);
  it.each<[string, readonly Buffer[], RegExp]>([
    ['constrains names', [san, extension('2.5.29.30', sequence())], /constrains names/],
    ['has a critical extension that is not understood', [san, critical('2.5.29.36')], /not understood/],
    ['has an extension without a value', [san, sequence(objectIdentifier('1.2.3'))], /without a value/],
    ['has an extension that is nothing', [san, sequence()], /without a name/],
  ])('is refused where it %s', async (_, extensions, why) => {
    await expectRefused(certificate(extensions), why);
  });

  it('is refused where anything around what is signed was changed', async () => {
    const der = await certificate([san]);
    const [length, outer] = [der.length, Buffer.from(der)];
    await expectRefused(Buffer.concat([der, Buffer.of(0)]), /is not DER/);
    await expectRefused(der.subarray(0, length - 1), /is not DER/);
    await expectRefused(setOf(), /three parts/);
    await expectRefused(Buffer.alloc(0), /is not DER/);
    await expectRefused(Buffer.alloc(70_000), /larger/);
    // The name of the algorithm stands within what is signed and once more outside.
    const oid = Buffer.from('2a8648ce3d040302', 'hex');
    outer[outer.lastIndexOf(oid) + 7] = 3;
    await expectRefused(outer, /two signature algorithms/);
    const unused = Buffer.from(der);
    unused[unused.lastIndexOf(oid) + 8 + 2] = 1;
    await expectRefused(unused, /whole bytes/);
  });

  it('reads the same whether or not anything is kept', async () => {
    const { der, keys } = await issue({ ...window, commonName: 'Ann', extensions: [san] });
    const read = readCertificate(der);
    for (let again = 0; again < 2; again += 1) {
      expect(read.verify()).toBe(true);
      expect(read.notAfter).toEqual(window.notAfter);
      expect(read.publicKey).toEqual(keys.publicKey.export({ type: 'spki', format: 'der' }));
      expect(read.root.toDER()).toEqual(der);
      expect(read.clone().root.toDER()).toEqual(der);
      expect(read.equals(readCertificate(der))).toBe(true);
    }
    const stranger = readCertificate((await issue({ ...window, commonName: 'Ann', extensions: [san] })).der);
    expect([read.verify(stranger), stranger.verify(read), read.equals(stranger)]).toEqual([false, false, false]);
  });
});
