import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTENT_TERMS, EVIDENCE_TERMS, imageKeyOf, termOf } from '../images/search-term.js';
import type { Sha256Digest } from '../intoto/digest.js';
import type { ApprovalFact, Component, SbomFact } from './fact.js';
import { canonicalPackageUrl } from './package-url.js';
import { componentTerm, contentTerms, evidenceTerms, findingTerms, signerTerms } from './search-terms.js';

const NOBODY = { signers: [], proved: [] };

function sbom(...purls: readonly string[]): SbomFact {
  const components = purls.map((purl): Component => ({
    name: 'c',
    version: null,
    purl: canonicalPackageUrl(purl),
    licences: [],
  }));
  const counts = { components: components.length, withoutPurl: 0, withoutLicence: 0 };
  return { kind: 'sbom', format: 'spdx', specVersion: '2.3', components, counts };
}

function approval(change: Partial<ApprovalFact>): ApprovalFact {
  const nothing = { role: null, environments: null, regions: null, reason: null, reference: null };
  return {
    kind: 'approval',
    decision: 'approved',
    approver: null,
    approvedAt: null,
    expiresAt: null,
    ...nothing,
    ...change,
  };
}

/** Whether a search for the one package URL finds a bill of materials that lists the other. */
function finds(asked: string, listed: string): boolean {
  const term = componentTerm(asked);
  return term !== null && [...contentTerms(sbom(listed))].includes(term);
}

describe('components', () => {
  it.each([
    ['pkg:npm/left-pad@1.3.0', 'pkg:npm/left-pad@1.3.0'],
    ['pkg:npm/left-pad', 'pkg:npm/left-pad@1.3.0'],
    ['pkg:npm/@acme/left-pad', 'pkg:npm/%40acme/left-pad@1.3.0'],
    ['pkg:PyPI/Flask', 'pkg:pypi/flask@3.0'],
    ['pkg:deb/debian/openssl@3.0', 'pkg:deb/debian/openssl@3.0?arch=amd64&distro=debian-12'],
    ['pkg:golang/example.com/mod', 'pkg:golang/example.com/mod@v1.0.0#sub/dir'],
    ['pkg:generic/a@1%2B2', 'pkg:generic/a@1+2'],
    ['pkg:npm/left-pad', 'pkg:npm/left-pad'],
  ])('are found by %s where %s is listed', (asked, listed) => {
    expect(finds(asked, listed)).toBe(true);
  });

  it.each([
    ['pkg:npm/left-pad@1.3.1', 'pkg:npm/left-pad@1.3.0'],
    ['pkg:npm/left-pad@1.3', 'pkg:npm/left-pad@1.3.0'],
    ['pkg:npm/left', 'pkg:npm/left-pad@1.3.0'],
    ['pkg:npm/left-pad', 'pkg:npm/%40acme/left-pad@1.3.0'],
    ['pkg:npm/left-pad@1.3.0', 'pkg:npm/left-pad'],
    ['pkg:pypi/left-pad', 'pkg:npm/left-pad@1.3.0'],
  ])('are not found by %s where %s is listed', (asked, listed) => {
    expect(finds(asked, listed)).toBe(false);
  });

  it.each(['left-pad', '', 'pkg:', 'pkg:npm/a?arch=x', 'pkg:npm/a@1#sub'])('are not searched by %j', (asked) => {
    expect(componentTerm(asked)).toBeNull();
  });

  it('are one term each, however often they are listed', () => {
    expect([...contentTerms(sbom('pkg:npm/a@1', 'pkg:npm/a@1?x=y', 'pkg:npm/a@2'))]).toHaveLength(3);
  });
});

describe('findings', () => {
  it('are found whatever the case of their id, and only at their severity', () => {
    const [high] = findingTerms('cve-2026-1', 'high');
    expect(findingTerms('CVE-2026-1', 'high')).toEqual([high]);
    expect(findingTerms('CVE-2026-1', 'low')).not.toContain(high);
    expect(findingTerms('CVE-2026-1', null)).toContain(high);
    expect(findingTerms('CVE-2026-1', null)).toHaveLength(7);
    expect(findingTerms(null, null)).toEqual([]);
  });
});

describe('approvals', () => {
  const person = termOf('approver', 'ann');

  it('are found by everybody they name, and by nobody where they reject', () => {
    const approver = { id: 'ann@example.com', name: 'ann' };
    expect(evidenceTerms(approval({ approver }), NOBODY)).toContain(person);
    expect(evidenceTerms(approval({ approver, coApprovers: [{ id: 'ben', name: null }] }), NOBODY).size).toBe(3);
    expect(evidenceTerms(approval({ approver, decision: 'rejected' }), NOBODY).size).toBe(0);
  });

  it('that name nobody are found by the attestor for whom they counted', () => {
    const signer = { attestor: 'leads', identity: null, thumbprint: 'sha256:k' };
    const verified = {
      signers: [
        { ...signer, counts: true },
        { ...signer, attestor: 'qa', counts: false },
      ],
      proved: [],
    };
    expect([...evidenceTerms(approval({}), verified)]).toEqual([termOf('approver', 'leads')]);
  });
});

describe('signers', () => {
  it('that did not count made a signature, and are nobody by whom evidence counted', () => {
    const signer = { attestor: 'ci', identity: null, thumbprint: 'sha256:k', counts: false };
    const terms = signerTerms({ signers: [signer], proved: [signer] });
    expect([...terms]).toEqual([termOf('key', 'sha256:k')]);
  });
});

describe('terms', () => {
  it('of two kinds or values are never the same', () => {
    const kind = fc.constantFrom(...EVIDENCE_TERMS, ...CONTENT_TERMS);
    fc.assert(
      fc.property(kind, fc.string(), kind, fc.string(), (one, value, other, otherValue) => {
        expect(termOf(one, value) === termOf(other, otherValue)).toBe(one === other && value === otherValue);
      }),
    );
  });

  it('name images in the order of their digests', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
    fc.assert(
      fc.property(hex, hex, (one, other) => {
        const keys = [one, other].map((each) => imageKeyOf(`sha256:${each}` as Sha256Digest));
        expect(keys[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        expect(keys[0]! < keys[1]!).toBe(one.slice(0, 32) < other.slice(0, 32));
      }),
    );
  });
});
