import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { VexFact, VexStatement } from '../fact.js';

const TYPE = 'https://openvex.dev/ns/v0.2.0';

const STATEMENT = {
  vulnerability: { '@id': 'https://nvd.nist.gov/vuln/detail/CVE-2026-1', name: 'CVE-2026-1', aliases: ['GHSA-aaaa'] },
  timestamp: '2026-11-20T10:00:00Z',
  products: [
    {
      '@id': 'pkg:oci/app@sha256%3Aab?arch=amd64',
      identifiers: { purl: 'pkg:oci/app@sha256%3Aab?arch=amd64', cpe23: 'cpe:2.3:a:acme:app' },
      hashes: { 'sha-256': 'AB'.repeat(32) },
      subcomponents: [
        { '@id': 'pkg:deb/debian/libssl3@3.0.15' },
        { identifiers: { purl: 'pkg:deb/debian/libcrypto3' } },
      ],
    },
  ],
  status: 'not_affected',
  justification: 'vulnerable_code_not_in_execute_path',
  impact_statement: 'never called',
};

/** A document as vexctl writes it. */
function vex(statements: unknown = [STATEMENT], changes: object = {}): object {
  return {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://openvex.dev/docs/public/vex-2e67563e128250cbcb3e98930df948dd053e43271d70dc50cfa22d57e03fe96f',
    author: 'Product Security <psirt@example.com>',
    role: 'Document Creator',
    timestamp: '2026-11-19T10:00:00Z',
    version: 1,
    statements,
    ...changes,
  };
}

function derive(predicate: object, type = TYPE): VexFact {
  return deriveFacts(type, predicate)[0]!.content as VexFact;
}

function statement(changes: object): VexStatement {
  return derive(vex([{ ...STATEMENT, ...changes }])).statements[0]!;
}

describe('OpenVEX', () => {
  it.each([[TYPE], ['https://openvex.dev/ns']])('reads %s', (type) => {
    expect(deriveFacts(type, vex())).toEqual([
      {
        predicateType: type,
        ownTime: '2026-11-19T10:00:00.000Z',
        content: {
          kind: 'vex',
          author: 'Product Security <psirt@example.com>',
          document:
            'https://openvex.dev/docs/public/vex-2e67563e128250cbcb3e98930df948dd053e43271d70dc50cfa22d57e03fe96f',
          version: 1,
          statements: [
            {
              vulnerability: { id: 'CVE-2026-1', aliases: ['GHSA-aaaa'] },
              products: [
                {
                  id: 'pkg:oci/app@sha256%3Aab?arch=amd64',
                  purl: 'pkg:oci/app@sha256:ab?arch=amd64',
                  hashes: { sha256: 'ab'.repeat(32) },
                  subcomponents: [
                    { id: 'pkg:deb/debian/libssl3@3.0.15', purl: 'pkg:deb/debian/libssl3@3.0.15', hashes: {} },
                    { id: null, purl: 'pkg:deb/debian/libcrypto3', hashes: {} },
                  ],
                },
              ],
              status: 'not_affected',
              justification: 'vulnerable_code_not_in_execute_path',
              detail: 'never called',
              at: '2026-11-20T10:00:00.000Z',
            },
          ],
        },
      },
    ]);
  });

  it('reads the older form, in which names are plain strings', () => {
    const old = {
      vulnerability: 'CVE-2026-1',
      products: ['pkg:oci/app'],
      subcomponents: ['pkg:deb/debian/libssl3'],
      status: 'fixed',
    };
    const document = vex([old], { '@context': 'https://openvex.dev/ns', version: '2' });
    expect(derive(document)).toMatchObject({
      version: 2,
      statements: [
        {
          vulnerability: { id: 'CVE-2026-1', aliases: [] },
          products: [{ purl: 'pkg:oci/app', subcomponents: [{ purl: 'pkg:deb/debian/libssl3' }] }],
        },
      ],
    });
  });

  it('gives a statement the time of its document where it has none', () => {
    expect(statement({ timestamp: null }).at).toBe('2026-11-19T10:00:00.000Z');
  });

  it('is as new as its last update', () => {
    const updated = vex([STATEMENT], { last_updated: '2026-11-21T10:00:00Z', version: 2 });
    expect(deriveFacts(TYPE, updated)[0]!.ownTime).toBe('2026-11-21T10:00:00.000Z');
  });

  it('speaks of the subjects where a statement has no products, and of nothing where it has an empty list', () => {
    expect(statement({ products: undefined }).products).toBeNull();
    expect(statement({ products: null }).products).toBeNull();
    expect(statement({ products: [] }).products).toEqual([]);
  });

  it('keeps a product that has no package URL, or one that is none, without it', () => {
    const products = [{ '@id': 'https://example.com/app' }, { '@id': 'pkg:oci/app', identifiers: { purl: 'app' } }];
    expect(statement({ products }).products).toMatchObject([
      { id: 'https://example.com/app', purl: null },
      { purl: null },
    ]);
  });

  it.each([
    ['affected', { action_statement: 'upgrade', impact_statement: undefined }, 'upgrade'],
    ['fixed', { impact_statement: undefined, status_notes: 'in 1.2' }, 'in 1.2'],
    ['under_investigation', { impact_statement: undefined }, null],
  ])('reads the status %s', (status, changes, detail) => {
    expect(statement({ status, justification: undefined, ...changes })).toMatchObject({
      status,
      justification: null,
      detail,
    });
  });

  it('takes a reason in words for a justification', () => {
    expect(statement({ justification: '' })).toMatchObject({ status: 'not_affected', justification: null });
  });

  const at = 'statements[0]';
  const odd = (changes: object): object => vex([{ ...STATEMENT, ...changes }]);
  it.each([
    ['another context', vex([], { '@context': 'https://openvex.dev/ns/v1.0.0' }), '@context'],
    ['no context', vex([], { '@context': null }), '@context'],
    ['no id', vex([], { '@id': '' }), '@id'],
    ['no author', vex([], { author: undefined }), 'author'],
    ['no time', vex([], { timestamp: undefined }), 'timestamp'],
    ['a version that is no number', vex([], { version: '1' }), 'version'],
    ['a version of 0', vex([], { version: 0 }), 'version'],
    ['half a version', vex([], { version: 1.5 }), 'version'],
    ['no statements', vex(null), 'statements'],
    ['statements in an object', vex({}), 'statements'],
    ['a statement about nothing', odd({ vulnerability: undefined }), `${at}.vulnerability`],
    ['a vulnerability without name', odd({ vulnerability: { '@id': 'x' } }), `${at}.vulnerability.name`],
    ['aliases in text', odd({ vulnerability: { name: 'a', aliases: 'b' } }), `${at}.vulnerability.aliases`],
    ['a status nobody knows', odd({ status: 'NOT_AFFECTED' }), `${at}.status`],
    ['no status', odd({ status: null }), `${at}.status`],
    ['no reason why not affected', odd({ justification: null, impact_statement: '' }), `${at}.justification`],
    ['a justification nobody knows', odd({ justification: 'code_not_reachable' }), `${at}.justification`],
    ['no action where affected', odd({ status: 'affected' }), `${at}.action_statement`],
    ['products in an object', odd({ products: {} }), `${at}.products`],
    ['a product that is a number', odd({ products: [7] }), `${at}.products[0]`],
    ['a product of no name', odd({ products: [{ subcomponents: [] }] }), `${at}.products[0]`],
    [
      'a digest that is no string',
      odd({ products: [{ hashes: { 'sha-256': 7 } }] }),
      `${at}.products[0].hashes.sha-256`,
    ],
    [
      'subcomponents in text',
      odd({ products: [{ '@id': 'a', subcomponents: 'b' }] }),
      `${at}.products[0].subcomponents`,
    ],
    ['subcomponents of nothing', odd({ products: null, subcomponents: ['a'] }), `${at}.subcomponents`],
    ['a time that is none', odd({ timestamp: 'now' }), `${at}.timestamp`],
  ])('refuses %s', (_what, predicate, path) => {
    const faults = expect.arrayContaining([
      expect.objectContaining({ path: path.startsWith('@') ? `["${path}"]` : path }),
    ]);
    expect(() => derive(predicate)).toThrow(expect.objectContaining({ document: 'predicate', faults }));
  });
});
