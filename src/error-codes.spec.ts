import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from './error-codes.js';
import type { Malformed } from './intoto/malformed.js';

/** Every code that stands as a literal where a request is refused. */
function codesInSources(): readonly string[] {
  const sources = globSync('**/*.ts', { cwd: import.meta.dirname, exclude: ['**/*.spec.ts'] });
  const codes = sources.flatMap((file) => {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8');
    return [...text.matchAll(/new AppError\(\s*'\w+',\s*'(\w+)'/g), ...text.matchAll(/\brefused\('(token_\w+)'/g)];
  });
  return [...new Set(codes.map(([, code]) => code ?? ''))].sort();
}

describe('the codes of refusals', () => {
  it('are found where they are used', () => {
    expect(codesInSources().length).toBeGreaterThan(30);
  });

  it('are all explained to clients', () => {
    expect(codesInSources().filter((code) => !Object.hasOwn(ERROR_CODES, code))).toEqual([]);
  });

  /** The codes of documents are put together from what the document is called. */
  it('are explained for whatever document may be malformed', () => {
    const documents = [
      ...(['envelope', 'statement', 'bundle', 'jws'] as const satisfies readonly Malformed['document'][]),
      ...(['attestor', 'key', 'identity', 'revocation', 'act', 'trust_root', 'policy'] as const),
    ];
    expect(documents.filter((name) => !Object.hasOwn(ERROR_CODES, `${name}_malformed`))).toEqual([]);
  });

  it('stand in the order of the alphabet', () => {
    expect(Object.keys(ERROR_CODES)).toEqual(Object.keys(ERROR_CODES).sort());
  });
});
