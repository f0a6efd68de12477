import { describe, expect, it } from 'vitest';
import { sourceReference } from './source-reference.js';

describe('sourceReference', () => {
  it.each([
    ['https://github.com/acme/app', 'https://github.com/acme/app', null],
    ['git+https://github.com/acme/app@refs/heads/main', 'https://github.com/acme/app', 'refs/heads/main'],
    ['git+https://github.com/acme/app.git@refs/tags/v1.2.3', 'https://github.com/acme/app', 'refs/tags/v1.2.3'],
    ['git+https://github.com/acme/app@v1', 'https://github.com/acme/app', 'v1'],
    ['https://github.com/acme/app.git', 'https://github.com/acme/app', null],
    ['https://github.com/acme/app/', 'https://github.com/acme/app', null],
    ['HTTPS://GitHub.COM/Acme/App', 'https://github.com/Acme/App', null],
    ['https://gitlab.example.com:8443/a/b/c/app', 'https://gitlab.example.com:8443/a/b/c/app', null],
    ['https://someone:secret@github.com/acme/app', 'https://github.com/acme/app', null],
    ['git+ssh://git@github.com/acme/app.git@main', 'ssh://github.com/acme/app', 'main'],
    ['https://github.com/acme/app.git#refs/tags/v1:docker', 'https://github.com/acme/app', 'refs/tags/v1'],
    ['git+https://github.com/acme/app@refs/heads/main#x', 'https://github.com/acme/app', 'refs/heads/main#x'],
    ['git+https://github.com/acme/app@refs/heads/a@b', 'https://github.com/acme/app', 'refs/heads/a@b'],
    ['https://github.com/acme/app.git#main@x', 'https://github.com/acme/app', 'main@x'],
    ['git+https://github.com/acme/app#docker', 'https://github.com/acme/app', null],
    ['https://dev.azure.com/acme/My%20Project/_git/app', 'https://dev.azure.com/acme/My%20Project/_git/app', null],
  ])('reads %s', (uri, repository, ref) => {
    expect(sourceReference(uri)).toEqual({ repository, ref });
  });

  it('does not take a commit for a ref', () => {
    const commit = 'A'.repeat(8) + '0'.repeat(32);
    expect(sourceReference(`git+https://github.com/acme/app@${commit}`)?.ref).toBeNull();
    expect(sourceReference(`https://github.com/acme/app.git#${'0'.repeat(64)}`)?.ref).toBeNull();
  });

  it.each([
    ['an image', 'pkg:docker/alpine@3.20'],
    ['a local path', 'file:///src/app'],
    ['a path without host', '/acme/app'],
    ['a host without path', 'https://github.com/'],
    ['an address without scheme', 'github.com/acme/app'],
    ['a way back up', 'https://github.com/acme/../evil/app'],
    ['an encoded way back up', 'https://github.com/acme/%2E%2E/evil/app'],
    ['an encoded separator', 'https://github.com/acme%2fapp/evil'],
    ['an empty segment', 'https://github.com//acme/app'],
    ['a back slash', 'https://github.com\\@evil.example/acme/app'],
    ['two users', 'https://github.com@evil.example@github.com/acme/app'],
    ['white space', 'https://github.com/acme/app evil'],
    ['a line break', 'https://github.com/acme/app\n'],
    ['a query', 'https://github.com/acme/app?ref=main'],
    ['nothing', ''],
  ])('knows no repository from %s', (_what, uri) => {
    expect(sourceReference(uri)).toBeNull();
  });
});
