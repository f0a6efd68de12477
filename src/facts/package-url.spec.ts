import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalPackageUrl, purlMatches } from './package-url.js';

describe('canonicalPackageUrl', () => {
  it.each([
    ['pkg:npm/@angular/core@1.0.0', 'pkg:npm/%40angular/core@1.0.0'],
    ['PKG:PyPI/Django_x@1.0', 'pkg:pypi/django-x@1.0'],
    ['pkg:deb/debian/curl@7.88?distro=debian-12&arch=amd64', 'pkg:deb/debian/curl@7.88?arch=amd64&distro=debian-12'],
    ['pkg://rpm/fedora/curl', 'pkg:rpm/fedora/curl'],
  ])('writes %s as %s', (written, canonical) => {
    expect(canonicalPackageUrl(written)).toBe(canonical);
    expect(canonicalPackageUrl(canonical)).toBe(canonical);
  });

  it.each([
    [null],
    [''],
    ['curl'],
    ['pkg:'],
    ['pkg:npm'],
    ['pkg:maven/a@1'],
    ['pkg:npm/a@1?b=%zz'],
    [`pkg:npm/${'a'.repeat(5000)}`],
  ])('finds none in %.40j', (text) => {
    expect(canonicalPackageUrl(text)).toBeNull();
  });

  it('never fails', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: 'binary' }).map((rest) => `pkg:${rest}`),
        ),
        (text) => {
          canonicalPackageUrl(text);
        },
      ),
    );
  });
});

describe('purlMatches', () => {
  const CURL = 'pkg:apk/wolfi/curl@8.1.2-r0?arch=x86_64';
  const DIGEST = 'sha256:47fed8868b46b060efb8699dc40e981a0c785650223e03602d8c4493fc75b68c';

  // The ten cases of go-vex.
  it.each([
    ['the same', CURL, CURL, true],
    ['another type', CURL, 'pkg:rpm/wolfi/curl@8.1.2-r0?arch=x86_64', false],
    ['another namespace', CURL, 'pkg:apk/alpine/curl@8.1.2-r0?arch=x86_64', false],
    ['another package', CURL, 'pkg:apk/wolfi/bash@8.1.2-r0?arch=x86_64', false],
    ['another version', CURL, 'pkg:apk/wolfi/bash@8.1.3-r0?arch=x86_64', false],
    ['a pattern without qualifiers', 'pkg:apk/wolfi/curl@8.1.2-r0', CURL, true],
    ['a package without qualifiers', CURL, 'pkg:apk/wolfi/curl@8.1.2-r0', false],
    ['a pattern without version', 'pkg:oci/curl', `pkg:oci/curl@${DIGEST}`, true],
    [
      'another qualifier',
      `pkg:oci/curl@${DIGEST}?arch=amd64&os=linux`,
      `pkg:oci/curl@${DIGEST}?arch=arm64&os=linux`,
      false,
    ],
    ['a package with more qualifiers', CURL, `${CURL}&os=linux`, true],
  ])('compares %s', (_what, pattern, purl, matches) => {
    expect(purlMatches(pattern, purl)).toBe(matches);
  });

  it.each([
    ['a version that only the pattern has', 'pkg:oci/curl@1', 'pkg:oci/curl', false],
    ['another version of the same', 'pkg:apk/wolfi/curl@8.1.2-r0', 'pkg:apk/wolfi/curl@8.1.3-r0', false],
    ['a subpath that only the pattern has', 'pkg:github/acme/app@1#cmd/a', 'pkg:github/acme/app@1', false],
    ['other spellings of the same', 'pkg:npm/@angular/core', 'pkg:npm/%40angular/core@1.0.0', true],
    ['a pattern that is none', 'curl', 'curl', false],
    ['a pattern that is empty', '', CURL, false],
    ['a qualifier called like what every object has', 'pkg:oci/curl?constructor=x', 'pkg:oci/curl', false],
  ])('compares %s', (_what, pattern, purl, matches) => {
    expect(purlMatches(pattern, purl)).toBe(matches);
  });
});
