import { describe, expect, it } from 'vitest';
import { extension } from '../../../test/support/x509.js';
import { fixture, NOON } from '../../../test/support/sigstore-fixture.js';
import { sha256 } from '../digest.js';
import { failure } from './bundle-failure.js';
import { readCertificate } from './certificate.js';
import { explained } from './refusal-reason.js';
import { signedContent } from './signed-content.js';
import { trustMaterial } from './trust-material.js';

describe('the reason of a refusal', () => {
  it('is left as it is where nothing that is looked for is amiss, whatever nobody asks of the certificate', async () => {
    const f = await fixture();
    const broken = extension('1.3.6.1.4.1.11129.2.4.2', Buffer.of(4, 2, 0, 9));
    const { der } = await f.domain.certify(NOON, { list: () => Promise.resolve(broken) });
    const reason = failure('certificate_invalid', 'path length constraint exceeded');
    const material = trustMaterial(f.rootWith((json) => (json.ctlogs = [])));
    const signed = signedContent({ type: 'message', digest: sha256(Buffer.of(1)), signature: Buffer.of(1) });
    const refused = {
      material,
      chains: material.certificateAuthorities,
      certificate: readCertificate(der),
      signed: signed!,
      proofs: { entries: [], timestamps: [] },
      times: [NOON],
    };
    expect(explained(reason, refused)).toEqual(reason);
    expect(explained(reason, { ...refused, times: [new Date(0)] }).detail).toMatch(
      /^certificate authority .* did not count/,
    );
  });
});
