import { describe, expect, it } from 'vitest';
import { publicGoodRoot } from '../intoto/sigstore/public-good-root.js';
import { parseTrustRoot, type TrustRoot } from '../intoto/sigstore/trust-root.js';
import { trustDomain } from '../../test/support/trust-domain.js';
import { pemOf } from '../../test/support/x509.js';
import { putRoot } from './trust-root-change.js';
import { documentOf } from './trust-root-document.js';
import { day, trustOf } from './trust.fixture.js';

describe('the document of a trust root', () => {
  const again = (root: TrustRoot): TrustRoot => parseTrustRoot(JSON.parse(JSON.stringify(documentOf(root))));

  it('makes the same root again, the built-in one included', async () => {
    const { root } = await trustDomain({ since: new Date('2026-01-01T00:00:00Z') });
    for (const one of [parseTrustRoot(root), publicGoodRoot()]) {
      expect(again(one)).toEqual(one);
      expect(putRoot(trustOf({ at: day(1), root: one, name: 'own' }), 'own', again(one))).toBeNull();
    }
  });

  it('keeps the form of plain certificates, and a window that was given', async () => {
    const { ca, top, root } = await trustDomain({ since: new Date('2026-01-01T00:00:00Z') });
    const [tsa] = root.timestampAuthorities;
    const stampers = tsa!.certChain.certificates.map(({ rawBytes }) => Buffer.from(rawBytes, 'base64'));
    const certificates = pemOf(ca.der, top.der);
    for (const validFor of [undefined, { start: '2026-02-01T00:00:00Z', end: '2026-02-02T00:00:00.5Z' }]) {
      const plain = parseTrustRoot({
        certificateAuthorities: [{ certificates, validFor }],
        timestampAuthorities: [{ certificates: pemOf(...stampers) }],
      });
      expect(plain.form).toBe('x509');
      expect(again(plain)).toEqual(plain);
    }
    const alone = parseTrustRoot({ certificateAuthorities: [{ certificates }] });
    expect(again(alone)).toEqual(alone);
  });
});
