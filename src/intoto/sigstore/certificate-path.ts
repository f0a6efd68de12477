import type { Certificate } from './certificate.js';
import { keyFault } from './certificate-chain.js';
import { covers, type TrustedChain } from './trust-material.js';

/** Whether, by its name and key identifier, the issuer may have issued the certificate; its signature is not looked at. */
export function mayHaveIssued(issuer: Certificate, certificate: Certificate): boolean {
  if (!issuer.subject.equals(certificate.issuer)) return false;
  return unlessUnreadable(() => {
    const wanted = certificate.extAuthorityKeyID?.keyIdentifier;
    const own = issuer.extSubjectKeyID?.keyIdentifier;
    return wanted === undefined || own === undefined || wanted.equals(own);
  });
}

/**
 * Whether a path of certificates leads from the leaf to the first certificate of the trusted chain, and so to its root,
 * directly or through certificates that came along (RFC 5280, 6.1): each issued and signed by the next, every issuer an
 * authority with a key that is accepted, that may sign certificates and does not stand above more authorities than it
 * allows, and all of them and the chain's window valid at every one of the moments.
 *
 * Of several paths the shortest counts. Those that came along are never trusted for being there, and what another authority
 * below the same root issued is not this one's: it would count for who trusts this one alone.
 */
export function pathLeadsTo(
  { certChain, validFor }: TrustedChain,
  leaf: Certificate,
  cameAlong: readonly Certificate[],
  moments: readonly Date[],
): boolean {
  const isValid = (certificate: Certificate): boolean => moments.every((moment) => certificate.validForDate(moment));
  if (!moments.every((moment) => covers(validFor, moment)) || ![leaf, ...certChain].every(isValid)) return false;
  const unused = new Set(cameAlong.filter((certificate) => isValid(certificate) && isAuthority(certificate)));
  let reached: readonly Certificate[] = [leaf];
  for (let below = 0; reached.length > 0; below += 1) {
    if (reached.some((certificate) => isIssuedBy(certChain, certificate, below))) return true;
    const next = [...unused].filter((issuer) => reached.some((certificate) => hasIssued(issuer, certificate, below)));
    for (const certificate of next) unused.delete(certificate);
    reached = next;
  }
  return false;
}

/** Whether the chain issued the certificate, and every certificate of it allows for as many authorities below. */
function isIssuedBy(chain: readonly Certificate[], certificate: Certificate, below: number): boolean {
  const [issuer] = chain;
  return (
    issuer !== undefined &&
    chain.every((above, distance) => allows(above, below + distance)) &&
    hasIssued(issuer, certificate, below)
  );
}

function hasIssued(issuer: Certificate, certificate: Certificate, below: number): boolean {
  return mayHaveIssued(issuer, certificate) && allows(issuer, below) && isSignedBy(certificate, issuer);
}

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  return unlessUnreadable(() => certificate.verify(issuer));
}

function isAuthority(certificate: Certificate): boolean {
  return unlessUnreadable(() => certificate.isCA) && keyFault(certificate) === null;
}

/** RFC 5280, 4.2.1.9: how many authorities may stand between this one and the leaf. */
function allows(issuer: Certificate, below: number): boolean {
  return unlessUnreadable(() => (issuer.extBasicConstraints?.pathLenConstraint ?? BigInt(below)) >= BigInt(below));
}

/** What an extension or key that is out of shape allows: nothing. */
function unlessUnreadable(read: () => boolean): boolean {
  try {
    return read();
  } catch {
    return false;
  }
}
