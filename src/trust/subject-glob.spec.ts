import { describe, expect, it } from 'vitest';
import { compileSubjectGlob, subjectGlobFault } from './subject-glob.js';

describe('a glob of subjects', () => {
  it.each([
    'https://github.com/acme/**',
    'https://github.com/acme/*/.github/workflows/release.yml@refs/tags/*',
    'https://github.com/**',
    'https://gitlab.example.com:8443/group/**',
    'spiffe://acme.example/ns/build/*',
    '*@example.com',
    'release-*@example.com',
    'bot-*!example.com',
    'build-*.ci.example.com',
    'Acme Release *',
    'urn:acme:*',
  ])('may be %s', (glob) => {
    expect(subjectGlobFault(glob)).toBeNull();
  });

  it.each([
    'https://github.com/acme/app',
    '*',
    '**',
    '*/acme/**',
    'https://*/acme/**',
    'https://*.example.com/acme/**',
    'https://github.com*/acme/**',
    'https://github.com**',
    'https://github.com@*/acme/**',
    'https://github.com@evil.example/**',
    '*://github.com/acme/**',
    'http*://github.com/acme/**',
    '**github.com/acme/**',
    'https**',
    'https:/*/*/**',
    'https:**',
    'h**',
    '*@*',
    '*@*.example.com',
    '*@example.*',
    'mira@*',
    '**@example.com',
    'mira@*@example.com',
    'a/*@example.com',
    '*!*',
    '*.example.com',
    '*release',
  ])('is refused where it leaves open whose subjects it is for: %s', (glob) => {
    expect(subjectGlobFault(glob)).not.toBeNull();
  });

  it('covers a host and what lies under the path that it names, and nothing that looks like it', () => {
    const matches = compileSubjectGlob('https://github.com/acme/**');
    expect(matches('https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main')).toBe(true);
    for (const subject of [
      'https://github.com/acme',
      'https://github.com/acme-evil/app',
      'https://github.com/Acme/app',
      'https://GitHub.com/acme/app',
      'http://github.com/acme/app',
      'https://github.com.evil.example/acme/app',
      'https://evil.example/https://github.com/acme/app',
      ' https://github.com/acme/app',
      'https://github.com/%61cme/app',
      'https://github.com//acme/app',
      'https://github.com/acme/../evil/app',
      'https://github.com/acme/./app',
      'https://github.com/acme/%2e%2E/evil/app',
      'https://github.com/acme/..',
      'https://github.com:443/acme/app',
      'https://user@github.com/acme/app',
    ]) {
      expect([subject, matches(subject)]).toEqual([subject, false]);
    }
  });

  it('stays within a segment where it has one star', () => {
    const matches = compileSubjectGlob('https://github.com/acme/*/.github/workflows/release.yml@refs/tags/*');
    const workflow = '.github/workflows/release.yml@refs/tags';
    expect(matches(`https://github.com/acme/app/${workflow}/v1`)).toBe(true);
    expect(matches(`https://github.com/acme/app/evil/${workflow}/v1`)).toBe(false);
    expect(matches(`https://github.com/acme/app/${workflow}/v1/x`)).toBe(false);
    expect(matches('https://github.com/acme/app/xgithub/workflows/release.yml@refs/tags/v1')).toBe(false);
    expect(matches('https://github.com/acme/app/.github/workflows/releasexyml@refs/tags/v1')).toBe(false);
  });

  it('takes what stands for itself in a regular expression for itself', () => {
    const matches = compileSubjectGlob('https://github.com/a.c+e/(x)/*');
    expect(matches('https://github.com/a.c+e/(x)/y')).toBe(true);
    expect(matches('https://github.com/abce/x/y')).toBe(false);
  });

  it('of mail addresses covers one domain and no address that only ends like it', () => {
    const matches = compileSubjectGlob('*@example.com');
    expect(matches('mira@example.com')).toBe(true);
    for (const subject of [
      'mira@example.com.evil.example',
      'mira@evil-example.com',
      'mira@sub.example.com',
      'mira@EXAMPLE.com',
      'https://github.com/evil/app/.github/workflows/x.yml@refs/heads/x@example.com',
    ]) {
      expect([subject, matches(subject)]).toEqual([subject, false]);
    }
  });

  it('of neither form covers no address, however it begins', () => {
    const matches = compileSubjectGlob('release*');
    expect(matches('release-2')).toBe(true);
    expect(matches('release@evil.example')).toBe(false);
    expect(matches('release!evil.example')).toBe(false);
    expect(matches('release/x')).toBe(false);
  });
});
