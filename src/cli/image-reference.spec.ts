import { describe, expect, it } from 'vitest';
import { parseImageReference } from './image-reference.js';

const digest = `sha256:${'0a'.repeat(32)}`;

describe('parseImageReference', () => {
  it.each([
    [digest, null],
    [`registry.example/shop/api@${digest}`, 'registry.example/shop/api'],
    [`registry.example/shop/api:1.2@${digest}`, 'registry.example/shop/api'],
    [`localhost:5000/api@${digest}`, 'localhost:5000/api'],
    [`localhost:5000/api:1.2@${digest}`, 'localhost:5000/api'],
    [`api@${digest}`, 'api'],
  ])('reads %s', (text, repository) => {
    expect(parseImageReference(text)).toEqual({ digest, repository, text });
  });

  it.each([
    'registry.example/shop/api:1.2',
    'api@sha256:0a',
    `api@${digest.toUpperCase()}`,
    `api@${digest.replace('sha256', 'sha512')}`,
    `${digest} `,
    '',
  ])('refuses %j, which names no image by digest', (text) => {
    expect(() => parseImageReference(text)).toThrow('named by its digest');
  });

  it.each([`@${digest}`, `:tag@${digest}`])('refuses %s, which lacks the repository', (text) => {
    expect(() => parseImageReference(text)).toThrow('no repository');
  });
});
