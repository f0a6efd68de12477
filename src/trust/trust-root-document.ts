import type { ChainJson } from '../intoto/sigstore/trust-root-chain.js';
import type { TrustRoot, TrustedRootJson } from '../intoto/sigstore/trust-root.js';
import { pemOf } from '../intoto/sigstore/pem.js';

/** A certificate or timestamp authority as the form without a mediaType has it. */
interface PlainChain {
  readonly certificates: string;
  readonly validFor: ChainJson['validFor'];
}

/** What, PUT under a name, makes the same trust root again. */
export type TrustRootDocument =
  | TrustedRootJson
  | { readonly certificateAuthorities: readonly PlainChain[]; readonly timestampAuthorities: readonly PlainChain[] };

/** The document of a trust root in the form in which it was PUT, with every window written out. It holds nothing secret. */
export function documentOf({ form, json }: TrustRoot): TrustRootDocument {
  switch (form) {
    case 'sigstore':
      return json;
    case 'x509':
      return {
        certificateAuthorities: json.certificateAuthorities.map(plainChain),
        timestampAuthorities: json.timestampAuthorities.map(plainChain),
      };
  }
}

function plainChain({ certChain, validFor }: ChainJson): PlainChain {
  const certificates = certChain.certificates.map(({ rawBytes }) =>
    pemOf('CERTIFICATE', Buffer.from(rawBytes, 'base64')),
  );
  return { certificates: certificates.join(''), validFor };
}
